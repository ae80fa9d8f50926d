"""The strategy books and their round trips."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import insert

from app.domain.errors import Conflict, InvariantBroken
from app.domain.journal import advance, journal
from app.domain.positions import FLAT, Position, apply, fold
from app.services.ports import Book, BookKey
from app.store.repos.books import ROUND_TRIP
from app.store.tables.trading import TRADES
from app.store.unit_of_work import SqlStore
from tests.support.fills import fills
from tests.support.records import ACCOUNT, BOOK, NOON, SECOND, STRATEGY, furnish

FIFTY = Decimal(50)
OTHER = replace(BOOK, symbol="NQZ2026")
TRIPS = journal(
    fills(("2", "5000.25", "4.5"), ("-3", "5001", "6.75"), ("1", "4999"), ("1", "1"), ("-1", "2")),
    FIFTY,
).closed


@pytest.fixture(autouse=True)
def furnished(store: SqlStore) -> None:
    furnish(store)
    with store.write() as unit:
        unit.accounts.insert(replace(ACCOUNT, id="account-2", name="second"))
        unit.strategies.insert(replace(STRATEGY, id="strategy-2", name="Other"))


def test_a_book_that_was_never_written_is_flat(store: SqlStore) -> None:
    with store.read() as unit:
        assert unit.positions.get(BOOK) == Book(FLAT, None)
    with store.write() as unit:
        assert unit.positions.get(BOOK) == Book(FLAT, None)


def test_a_book_is_kept_exactly_at_every_fill(store: SqlStore) -> None:
    position, trip = FLAT, None
    for number, each in enumerate(fills(("3", "0.1", "0.3"), ("-1", "0.7"), ("-4", "7", "1"))):
        position = apply(position, each, Decimal("0.1"))
        trip = advance(trip, each, Decimal("0.1")).open
        with store.write() as unit:
            unit.positions.save(BOOK, Book(position, trip), NOON + number * SECOND)
        with store.read() as unit:
            assert unit.positions.get(BOOK) == Book(position, trip)
    assert trip is not None
    assert position.quantity == -2


def test_open_books_are_those_that_hold_something(store: SqlStore) -> None:
    long = fold(fills(("2", "5000.25")), FIFTY)
    flat = fold(fills(("2", "5000.25"), ("-2", "5001")), FIFTY)
    keys = {
        "first": BOOK,
        "other": BookKey("strategy-2", "account-1", "ESZ2026"),
        "second": BookKey("strategy-1", "account-2", "ESZ2026"),
    }
    with store.write() as unit:
        for key in keys.values():
            unit.positions.save(key, Book(long, None), NOON)
        unit.positions.save(OTHER, Book(flat, None), NOON)
    with store.read() as unit:
        assert unit.positions.open() == dict.fromkeys(keys.values(), long)
        assert set(unit.positions.open("strategy-1")) == {keys["first"], keys["second"]}
        assert set(unit.positions.open(None, "account-1")) == {keys["first"], keys["other"]}
        assert set(unit.positions.open("strategy-1", "account-2")) == {keys["second"]}
        assert unit.positions.all() == {**unit.positions.open(), OTHER: flat}


def test_holding_something_since_never_is_refused_by_the_database(store: SqlStore) -> None:
    with pytest.raises(InvariantBroken), store.write() as unit:
        unit.positions.save(BOOK, Book(Position(quantity=Decimal(1)), None), NOON)


def test_round_trips_are_kept_exactly_in_the_order_in_which_they_closed(store: SqlStore) -> None:
    with store.write() as unit:
        for trip in TRIPS:
            unit.trips.insert(BOOK, trip)
    with store.read() as unit:
        assert unit.trips.of_book(BOOK) == list(TRIPS)
        assert unit.trips.of_book(OTHER) == []


def test_the_same_round_trip_is_never_kept_twice(store: SqlStore) -> None:
    with store.write() as unit:
        unit.trips.insert(BOOK, TRIPS[0])
    with pytest.raises(Conflict), store.write() as unit:
        unit.trips.insert(BOOK, TRIPS[0])


def test_a_late_fill_swaps_the_round_trips_of_its_book_only(store: SqlStore) -> None:
    other = replace(TRIPS[0], symbol=OTHER.symbol)
    with store.write() as unit:
        unit.trips.insert(BOOK, TRIPS[0])
        unit.trips.insert(OTHER, other)
        unit.trips.replace(BOOK, TRIPS[1:])
        assert unit.trips.of_book(BOOK) == list(TRIPS[1:])
        unit.trips.replace(BOOK, [])
        assert unit.trips.of_book(BOOK) == []
        assert unit.trips.of_book(OTHER) == [other]


@pytest.mark.parametrize(
    "missing", ["average_exit", "quantity", "gross", "commission", "net", "closing_fill_id"]
)
def test_no_round_trip_is_closed_without_its_price_quantity_and_pnl(
    store: SqlStore, missing: str
) -> None:
    values: dict[str, Any] = ROUND_TRIP.values(TRIPS[0]) | {
        "strategy_id": "strategy-1",
        "account_id": "account-1",
        "net": Decimal(1),
    }
    with store.write() as unit:
        unit.connection.execute(insert(TRADES), values)
    again = values | {"opening_fill_id": "another", missing: None}
    with pytest.raises(InvariantBroken), store.write() as unit:
        unit.connection.execute(insert(TRADES), again)
