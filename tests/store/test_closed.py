"""Round trips as they are measured: chosen as in the journal, few statements, and by an index."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import event

from app.domain.journal import journal
from app.domain.orders import Fill, OrderRole, Side
from app.domain.remarks import ExitReason, Remarks, TripId, TripResult
from app.services.reads import Paging, Pick, Scope, Span
from app.store.engine import Engines
from app.store.reads import SqlReads
from app.store.reads.closed import PIECE
from app.store.unit_of_work import SqlStore
from tests.support.records import (
    BOOK,
    NOON,
    SECOND,
    alert,
    fill,
    furnish,
    furnish_neighbour,
    order,
)

MINE = Scope("user-1")
EVERY = Pick()
ALWAYS = Span()
TRIPS = 2 * PIECE + 7


def book(store: SqlStore, count: int, *, guarded: int = 0) -> None:
    """Keep ``count`` round trips of a second each, the first ``guarded`` ones with a stop."""
    fills: list[Fill] = []
    with store.write() as unit:
        for number in range(0, 2 * count, 2):
            if number < 2 * guarded:
                unit.alerts.insert(alert(number))
                unit.orders.insert(order(number, alert_id=f"alert-{number:04d}"))
                stop = order(
                    9000 + number,
                    role=OrderRole.STOP_LOSS,
                    alert_id=f"alert-{number:04d}",
                    side=Side.SELL,
                )
                unit.orders.insert(replace(stop, stop_price=Decimal(4990)))
            entry = f"order-{number:04d}" if number < 2 * guarded else None
            price = Decimal(5000 + number % 5 - 2)
            made = [
                fill(number, order_id=entry, price=Decimal(5000)),
                fill(number + 1, side=Side.SELL, price=price),
            ]
            fills += made
            for each in made:
                unit.fills.insert(each, Decimal(0), NOON)
        unit.trips.replace(BOOK, journal(fills, Decimal(50)).closed)


@pytest.fixture
def reads(store: SqlStore) -> SqlReads:
    furnish(store)
    furnish_neighbour(store)
    return SqlReads(store)


@contextmanager
def statements(engines: Engines) -> Iterator[list[str]]:
    """The statements that are executed meanwhile on the reading engine."""
    found: list[str] = []

    def executed(_c: object, _cursor: object, statement: str, *_: object) -> None:
        found.append(statement)

    event.listen(engines.reading, "before_cursor_execute", executed)
    yield found
    event.remove(engines.reading, "before_cursor_execute", executed)


@pytest.mark.parametrize("guarded", [0, 3])
def test_any_number_of_round_trips_takes_two_statements(
    store: SqlStore, engines: Engines, reads: SqlReads, guarded: int
) -> None:
    book(store, TRIPS, guarded=guarded)
    with statements(engines) as asked:
        pieces = list(reads.closed(MINE, EVERY, ALWAYS))
    assert len(asked) == 2
    assert ("stop_order" in asked[1]) == bool(guarded)
    assert [len(piece) for piece in pieces] == [PIECE, PIECE, 7]
    rows = [row for piece in pieces for row in piece]
    assert [row.closed_at for row in rows] == sorted(row.closed_at for row in rows)
    assert [row.stop for row in rows[:4]] == [*[Decimal(4990)] * guarded, *[None] * 4][:4]
    with statements(engines) as asked:
        nets = [net for piece in reads.nets(MINE) for net in piece]
    assert len(asked) == 1
    assert sorted(nets) == sorted(row.net for row in rows)
    assert list(reads.closed(Scope("user-2"), EVERY, ALWAYS)) == []


def test_the_stop_of_each_is_found_by_the_index_of_stops(
    store: SqlStore, engines: Engines, reads: SqlReads
) -> None:
    book(store, 3, guarded=2)
    with statements(engines) as asked:
        list(reads.closed(MINE, EVERY, ALWAYS))
        reads.trades(MINE, Paging())
    if store.on_postgres:
        return
    for statement in (each for each in asked if "stop_order" in each):
        assert "ix_orders_stops" in plan(engines, statement)


def test_a_page_is_counted_without_what_surrounds_it_and_dressed_by_indexes(
    store: SqlStore, engines: Engines, reads: SqlReads
) -> None:
    book(store, 5, guarded=2)
    with statements(engines) as asked:
        page = reads.trades(MINE, Paging(page_size=3))
        reads.signals(page.rows)
        reads.excursions([row.id for row in page.rows])
    assert (page.total, len(page.rows)) == (5, 3)
    assert "fills" not in asked[0]
    assert len(asked) == 5
    if store.on_postgres:
        return
    for statement in asked[2:]:
        assert "SCAN" not in plan(engines, statement), statement


def plan(engines: Engines, statement: str) -> str:
    """How SQLite finds the rows of a statement."""
    given = ("x",) * statement.count("?")
    with engines.reading.connect() as connection:
        rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", given).all()
    return " ".join(row[3] for row in rows)


def test_they_are_chosen_as_the_journal_chooses(store: SqlStore, reads: SqlReads) -> None:
    book(store, 12, guarded=2)
    with store.write() as unit:
        unit.remarks.save(TripId("account-1", "fill-0004"), Remarks("late", ("b",)), NOON)
    span = Span(NOON + 4 * SECOND, NOON + 9 * SECOND)
    picks = [
        EVERY,
        Pick(result=TripResult.WIN),
        Pick(result=TripResult.SCRATCH),
        Pick(symbol="NQZ2026"),
        Pick(tag="b"),
        Pick(words="LATE"),
        Pick(exit=ExitReason.EXTERNAL),
        Pick(exit=ExitReason.STOP),
    ]
    for pick in picks:
        for within in (ALWAYS, span, Span(NOON + timedelta(days=1))):
            listed = reads.trades(MINE, Paging(descending=False), pick=pick, span=within).rows
            found = [row for piece in reads.closed(MINE, pick, within) for row in piece]
            assert [(each.closed_at, each.net, each.stop) for each in found] == [
                (each.trip.closed_at, each.trip.net, each.stop) for each in listed
            ]
    assert reads.trades(MINE, Paging(), pick=Pick(words="LATE")).total == 1
