"""Imported statements: each execution once, whichever files tell it, and never in our books."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from app.domain.errors import NotFound
from app.domain.orders import Side
from app.domain.statements import Format, OurFill, Statement, StatementState, Told
from app.services.ports.statements import FillsWanted
from app.store.tables.statements import STATEMENT_LINES, STATEMENT_ROWS
from app.store.unit_of_work import SqlStore
from tests.support.records import NOON, SECOND, fill, furnish, furnish_neighbour, order

FIRST = Statement(
    id="statement-1",
    account_id="account-1",
    scope="",
    format=Format.TRADOVATE_FILLS,
    state=StatementState.LOADING,
    file_name="Fills.csv",
    content_hash="hash-1",
    zone="America/Chicago",
    imported_at=NOON,
    skipped={"taken back": 1},
)
SECONDARY = replace(FIRST, id="statement-2", content_hash="hash-2", imported_at=NOON + SECOND)


def told(number: int, **more: object) -> Told:
    made = Told(
        key=f"key-{number}",
        line=number + 2,
        symbol="ESZ2026",
        side=Side.SELL,
        quantity=Decimal("1.5"),
        price=Decimal("5000.123456789012345678"),
        at=NOON + number * SECOND,
        fee=Decimal("1.29") if number % 2 else None,
        fill_id=f"fill-{number}",
        order_id="o",
        client_id=None,
        group="o",
        label="Exit long #1",
    )
    return replace(made, **more)  # type: ignore[arg-type]


def imported(store: SqlStore, statement: Statement, *numbers: int) -> int:
    with store.write() as unit:
        assert unit.statements.begin(statement)
        new = unit.statements.add(statement, 0, [told(each) for each in numbers])
        ready = replace(statement, state=StatementState.READY, executions=len(numbers))
        unit.statements.finish(ready)
    return new


def rows(store: SqlStore) -> tuple[int, int]:
    with store.read() as unit:
        return (
            len(unit.connection.execute(STATEMENT_ROWS.select()).all()),
            len(unit.connection.execute(STATEMENT_LINES.select()).all()),
        )


def test_executions_are_kept_as_they_were_told(store: SqlStore) -> None:
    furnish(store)
    assert imported(store, FIRST, 0, 1, 2) == 3
    with store.read() as unit:
        (kept,) = unit.statements.of_user("user-1")
        assert kept == replace(FIRST, state=StatementState.READY, executions=3)
        assert unit.statements.get("statement-1") == kept
        assert unit.statements.executions(kept, 0, 2) == [told(0), told(1)]
        assert unit.statements.executions(kept, 2, 2) == [told(2)]
        assert unit.statements.of_user("user-2") == []


def test_the_same_file_is_known_and_overlapping_files_double_nothing(store: SqlStore) -> None:
    furnish(store)
    imported(store, FIRST, 0, 1, 2)
    assert imported(store, SECONDARY, 1, 2, 3) == 1
    assert rows(store) == (4, 6)
    with store.write() as unit:
        again = replace(FIRST, id="statement-3")
        assert not unit.statements.begin(again)
        found = unit.statements.same(again)
        assert found is not None
        assert found.id == "statement-1"
        assert [each.id for each in unit.statements.of_user("user-1")] == [
            "statement-2",
            "statement-1",
        ]


def test_an_import_is_taken_away_with_what_no_other_one_tells(store: SqlStore) -> None:
    furnish(store)
    imported(store, FIRST, 0, 1, 2)
    imported(store, SECONDARY, 1, 2, 3)
    other = replace(FIRST, id="statement-3", format=Format.TRADOVATE_ORDERS, content_hash="3")
    imported(store, other, 0)
    assert rows(store) == (5, 7)
    with store.write() as unit:
        assert unit.statements.take_away(FIRST, 2) == 2
        assert unit.statements.take_away(FIRST, 2) == 1
        assert unit.statements.take_away(FIRST, 2) == 0
        unit.statements.remove(FIRST)
    assert rows(store) == (4, 4)
    with store.read() as unit:
        assert unit.statements.get("statement-1") is None
        kept = unit.statements.get("statement-2")
        assert kept is not None
        assert [each.key for each in unit.statements.executions(kept, 0, 9)] == [
            "key-1",
            "key-2",
            "key-3",
        ]


def test_what_is_not_ready_is_not_shown_but_found_for_sweeping(store: SqlStore) -> None:
    furnish(store)
    with store.write() as unit:
        unit.statements.begin(FIRST)
    with store.read() as unit:
        assert unit.statements.of_user("user-1") == []
        assert unit.statements.unfinished() == [FIRST]
    with pytest.raises(NotFound), store.write() as unit:
        unit.statements.finish(SECONDARY)


def test_our_fills_come_with_the_ids_that_the_venue_knows(store: SqlStore) -> None:
    furnish(store)
    furnish_neighbour(store)
    with store.write() as unit:
        unit.orders.insert(order(1, venue_order_id="venue-1"))
        for number in (1, 2, 3, 4):
            at = NOON + (number // 2) * SECOND
            order_id = "order-0001" if number == 1 else None
            made = fill(number, at=at, order_id=order_id)
            unit.fills.insert(made, Decimal(0), NOON)
    wanted = FillsWanted("account-1", NOON, NOON + SECOND)
    with store.read() as unit:
        first = unit.statements.our_fills(wanted, 2)
        assert [each.fill.venue_fill_id for each in first] == ["fill-0001", "fill-0002"]
        assert first[0] == OurFill(fill(1, at=NOON, order_id="order-0001"), "venue-1", "sb-1")
        rest = unit.statements.our_fills(wanted, 2, first[-1])
        assert [each.fill.venue_fill_id for each in rest] == ["fill-0003"]
        none = replace(wanted, strategy_id="strategy-2")
        assert unit.statements.our_fills(none, 2) == []
        assert unit.statements.our_fills(replace(wanted, end=NOON - timedelta(1)), 2) == []
