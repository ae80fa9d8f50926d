"""The rows behind the books in pieces, and what differed until it is over."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from app.domain.errors import Conflict
from app.domain.journal import journal
from app.domain.orders import Fill
from app.domain.positions import fold
from app.domain.safety.agreement import Asked, Disagreement, Kept, Run, RunState
from app.services.ports import Book, BookKey, Shelf, StoredFill
from app.store.unit_of_work import SqlStore
from tests.support.fills import fills
from tests.support.records import ACCOUNT, BOOK, NOON, SECOND, STRATEGY, fill, furnish

RUN = Run("run-1", RunState.RUNNING, Asked.NIGHTLY, NOON, NOON)
FOUND = Disagreement(
    id="d-1",
    run_id="run-1",
    kept=Kept.POSITION,
    field="quantity",
    item="",
    stored="2",
    derived="1",
    found_at=NOON,
    seen_at=NOON,
    user_id="user-1",
    strategy_id="strategy-1",
    account_id="account-1",
    symbol="ESZ2026",
)


@pytest.fixture(autouse=True)
def furnished(store: SqlStore) -> None:
    furnish(store)
    with store.write() as unit:
        unit.accounts.insert(replace(ACCOUNT, id="account-2", name="second"))
        unit.strategies.insert(replace(STRATEGY, id="strategy-2", name="Other"))


def test_the_books_of_a_table_come_one_after_the_other_each_once(store: SqlStore) -> None:
    keys = [
        BookKey("strategy-1", "account-1", "ESZ2026"),
        BookKey("strategy-1", "account-1", "NQZ2026"),
        BookKey("strategy-1", "account-2", "ESZ2026"),
        BookKey("strategy-2", "account-1", "CLZ2026"),
    ]
    with store.write() as unit:
        for number, key in enumerate(reversed(keys * 2)):
            ids = {"strategy_id": key.strategy_id, "account_id": key.account_id}
            made = fill(number, symbol=key.symbol, **ids)
            unit.fills.insert(made, Decimal(0), NOON)
        unit.fills.insert(fill(99, strategy_id=None), Decimal(0), NOON)
    found: list[BookKey] = []
    with store.read() as unit:
        last = unit.stored.next_book(Shelf.FILLS, None)
        while last is not None:
            found.append(last)
            last = unit.stored.next_book(Shelf.FILLS, last)
        for empty in (Shelf.POSITIONS, Shelf.TRADES, Shelf.DAYS):
            assert unit.stored.next_book(empty, None) is None
    assert found == keys


def test_fills_come_in_pieces_in_their_order_also_those_of_one_instant(store: SqlStore) -> None:
    made = [fill(number, at=NOON + (number // 4) * SECOND) for number in range(10)]
    with store.write() as unit:
        for number, each in enumerate(reversed(made)):
            unit.fills.insert(each, Decimal(number), NOON + number * SECOND)
    found: list[StoredFill] = []
    last: Fill | None = None
    with store.read() as unit:
        while rows := unit.stored.fills(BOOK, last, 3):
            assert len(rows) <= 3
            found += rows
            last = rows[-1].fill
    assert [row.fill for row in found] == made
    assert [row.realised for row in found] == [Decimal(9 - number) for number in range(10)]
    assert found[0].booked_at == NOON + 9 * SECOND


def test_a_book_is_read_without_a_lock_and_none_is_none(store: SqlStore) -> None:
    made = fills(("2", "5000.25"), ("-3", "5001"), ("1", "4999"))
    kept = journal(made, Decimal(50))
    book = Book(fold(made, Decimal(50)), kept.open)
    with store.write() as unit:
        unit.positions.save(BOOK, book, NOON)
        for trip in kept.closed:
            unit.trips.insert(BOOK, trip)
    openings = [trip.opening_fill_id for trip in kept.closed]
    with store.read() as unit:
        assert unit.stored.book(BOOK) == book
        assert unit.stored.book(replace(BOOK, symbol="NQZ2026")) is None
        rows = unit.stored.trips(BOOK, [*openings, "nobody"])
        assert [(row.trip, row.net) for row in rows] == [(each, each.net) for each in kept.closed]
        assert unit.stored.openings(BOOK, "", 1) == openings[:1]
        assert unit.stored.openings(BOOK, openings[0], 5) == openings[1:]
        assert unit.stored.days(BOOK) == []


def test_one_run_is_under_way_at_most(store: SqlStore) -> None:
    with store.write() as unit:
        unit.agreements.begin(RUN)
    with pytest.raises(Conflict), store.write() as unit:
        unit.agreements.begin(replace(RUN, id="run-2"))
    ended = replace(RUN, books=3, fills=7, milliseconds=12, differences=1, skipped=2)
    with store.write() as unit:
        assert unit.agreements.running() == RUN
        unit.agreements.save_run(ended.ended(NOON + SECOND))
        unit.agreements.begin(replace(RUN, id="run-2", began_at=NOON + SECOND))
    with store.read() as unit:
        assert [each.id for each in unit.agreements.runs(5)] == ["run-2", "run-1"]
        kept = unit.agreements.run("run-1")
    assert kept == ended.ended(NOON + SECOND)
    assert kept is not None
    assert kept.state is RunState.DIFFERED


def test_nothing_is_twice_among_what_is_not_over(store: SqlStore) -> None:
    with store.write() as unit:
        unit.agreements.save(FOUND)
    with pytest.raises(Conflict), store.write() as unit:
        unit.agreements.save(replace(FOUND, id="d-2"))
    over = replace(FOUND, resolved_at=NOON + SECOND)
    with store.write() as unit:
        unit.agreements.save(over)
        unit.agreements.save(replace(FOUND, id="d-2", found_at=NOON + 2 * SECOND))
        unit.agreements.save(replace(FOUND, id="d-3", user_id="user-2"))
    with store.read() as unit:
        assert unit.agreements.get("d-1") == over
        assert [each.id for each in unit.agreements.unresolved()] == ["d-3", "d-2"]
        assert [each.id for each in unit.agreements.latest("user-1", 5)] == ["d-2", "d-1"]
        assert (unit.agreements.count_open("user-1"), unit.agreements.count_open("x")) == (1, 0)
        assert unit.agreements.get("nobody") is None


def test_what_was_seen_is_not_open(store: SqlStore) -> None:
    seen = replace(FOUND, acknowledged_at=NOON, acknowledged_by="user-1")
    with store.write() as unit:
        unit.agreements.save(seen)
    with store.read() as unit:
        assert unit.agreements.count_open("user-1") == 0
        assert unit.agreements.unresolved() == [seen]
