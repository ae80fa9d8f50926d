"""Trading days of books and notes on days, as they are stored and read."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest

from app.domain.equity import BookDay, BookedMoney, Ended
from app.domain.errors import NotFound
from app.domain.remarks import Remarks, TripId
from app.services.calendar.booking import recount_account
from app.services.ports import Book
from app.services.reads import Scope, Span
from app.store.reads import SqlReads
from app.store.unit_of_work import SqlStore
from tests.store.test_books import TRIPS
from tests.support.records import (
    ACCOUNT,
    BOOK,
    NOON,
    SECOND,
    STRATEGY,
    fill,
    furnish,
    furnish_neighbour,
)

MONDAY = date(2026, 3, 2)
DAY = BookDay(
    MONDAY,
    gross=Decimal("0.1"),
    fees=Decimal("-0.000000000000000001"),
    fills=3,
    trades=2,
    wins=1,
    losses=1,
    net=Decimal("123456789012345.123456789012345678"),
    best=Decimal("0.3"),
    worst=Decimal(-7),
)
OTHER = replace(BOOK, symbol="NQZ2026")
MINE = Scope("user-1")


@pytest.fixture(autouse=True)
def furnished(store: SqlStore) -> None:
    furnish(store)
    furnish_neighbour(store)


def test_a_book_has_nothing_on_a_day_that_was_never_written(store: SqlStore) -> None:
    with store.read() as unit:
        assert unit.days.get(BOOK, MONDAY) == BookDay(MONDAY)
        assert unit.days.of_book(BOOK) == []


def test_a_day_is_kept_to_its_last_digit_and_written_over(store: SqlStore) -> None:
    for day in (BookDay(MONDAY), DAY, replace(DAY, fills=4)):
        with store.write() as unit:
            unit.days.save(BOOK, day)
        with store.read() as unit:
            assert unit.days.get(BOOK, MONDAY) == day


def test_all_days_of_one_book_are_swapped_and_no_other_books(store: SqlStore) -> None:
    later = replace(DAY, day=MONDAY + timedelta(days=1))
    with store.write() as unit:
        unit.days.save(BOOK, DAY)
        unit.days.save(OTHER, DAY)
        unit.days.replace(BOOK, [later])
    with store.read() as unit:
        assert unit.days.of_book(BOOK) == [later]
        assert unit.days.of_book(OTHER) == [DAY]
    with store.write() as unit:
        unit.days.replace(OTHER, [])
        assert unit.days.of_book(OTHER) == []


def test_the_roll_of_an_account_is_found_and_of_no_account_is_not(store: SqlStore) -> None:
    with store.write() as unit:
        assert unit.days.roll("account-1") == ACCOUNT.roll
        with pytest.raises(NotFound):
            unit.days.roll("account-9")


def test_what_was_booked_is_found_again_with_fees_that_were_kept_in_coin(store: SqlStore) -> None:
    coins = replace(BOOK, symbol="BTCUSD")
    kept = fill(1, symbol="BTCUSD", base_fee=Decimal("0.5"), price=Decimal(100))
    with store.write() as unit:
        unit.fills.insert(kept, Decimal(3), NOON)
        unit.fills.insert(fill(2), Decimal(-4), NOON)
        unit.trips.insert(BOOK, TRIPS[0])
        for key in (BOOK, coins):
            unit.positions.save(key, Book(unit.positions.get(key).position, None), NOON)
        unit.days.save(BOOK, DAY)
        recount_account(unit, "account-1")
    with store.read() as unit:
        assert set(unit.days.books("account-1")) == {BOOK, coins}
        assert unit.days.money(coins) == [
            BookedMoney(kept.at, Decimal(3), Decimal("4.5") + Decimal(50))
        ]
        assert unit.days.ended(BOOK) == [Ended(TRIPS[0].closed_at, TRIPS[0].net)]
        (day,) = unit.days.of_book(BOOK)
        assert (day.day, day.gross, day.fees, day.fills) == (MONDAY, Decimal(-4), Decimal("4.5"), 1)
        assert (day.trades, day.net) == (1, TRIPS[0].net)


def test_days_are_read_by_scope_symbol_and_range(store: SqlStore) -> None:
    reads, tuesday = SqlReads(store), MONDAY + timedelta(days=1)
    second = replace(BOOK, strategy_id="strategy-3")
    theirs = replace(BOOK, strategy_id="strategy-2", account_id="account-2")
    with store.write() as unit:
        unit.strategies.insert(replace(STRATEGY, id="strategy-3", name="Third"))
        for key in (BOOK, OTHER, second, theirs):
            unit.days.save(key, DAY)
        unit.days.save(BOOK, replace(DAY, day=tuesday))
    found = reads.book_days(MINE, MONDAY, tuesday)
    assert [day.day for day in found] == [MONDAY] * 3 + [tuesday]
    assert found[0] == DAY
    counts = [
        len(reads.book_days(Scope("user-1", strategy_id="strategy-3"), MONDAY, tuesday)),
        len(reads.book_days(Scope("user-1", account_id="account-1"), MONDAY, MONDAY)),
        len(reads.book_days(Scope("user-1", account_id="account-2"), MONDAY, tuesday)),
        len(reads.book_days(Scope("user-2"), MONDAY, tuesday)),
        len(reads.book_days(MINE, MONDAY, tuesday, "NQZ2026")),
        len(reads.book_days(MINE, tuesday, tuesday, "NQZ2026")),
    ]
    assert counts == [1, 3, 0, 1, 1, 0]


def test_round_trips_are_read_by_their_tag(store: SqlStore) -> None:
    reads = SqlReads(store)
    with store.write() as unit:
        for trip in TRIPS[:2]:
            unit.trips.insert(BOOK, trip)
        tagged = TripId("account-1", TRIPS[1].opening_fill_id)
        unit.remarks.save(tagged, Remarks("", ("fomc", "late")), NOON)
    (found,) = reads.tagged_trips(MINE, "fomc", Span())
    assert (found.at, found.net) == (TRIPS[1].closed_at, TRIPS[1].net)
    assert (found.gross, found.fees) == (TRIPS[1].gross, TRIPS[1].commission)
    assert reads.tagged_trips(MINE, "FOMC", Span()) == []
    assert reads.tagged_trips(MINE, "fomc", Span(), "NQZ2026") == []
    assert reads.tagged_trips(Scope("user-2"), "fomc", Span()) == []
    assert reads.tagged_trips(MINE, "fomc", Span(end=found.at)) == []


def noted(store: SqlStore, account_id: str | None, user_id: str = "user-1") -> dict[date, str]:
    with store.read() as unit:
        return dict(unit.day_notes.between(user_id, account_id, MONDAY, date(2026, 3, 31)))


def write(store: SqlStore, account_id: str | None, note: str, at: datetime = NOON) -> None:
    with store.write() as unit:
        unit.day_notes.save("user-1", account_id, MONDAY, note, at)


def test_a_note_is_of_one_account_or_of_the_whole_and_written_over(store: SqlStore) -> None:
    write(store, None, "All calm")
    write(store, "account-1", "Slept")
    write(store, None, "No, not calm", NOON + SECOND)
    assert noted(store, None) == {MONDAY: "No, not calm"}
    assert noted(store, "account-1") == {MONDAY: "Slept"}
    assert noted(store, None, "user-2") == {}
    write(store, None, "")
    assert noted(store, None) == {}
    assert noted(store, "account-1") == {MONDAY: "Slept"}
