"""Repositories of the strategy books: what each holds, and its finished round trips."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import Select, bindparam, delete, func, insert, select

from app.domain.journal import RoundTrip, Trip
from app.domain.money import ZERO
from app.domain.positions import FLAT, Position
from app.services.ports import Book, BookKey
from app.store.records import Record, Repo, insert_or_replace
from app.store.tables.trading import POSITIONS, TRADES

KEY: Final = Record(BookKey, POSITIONS)
POSITION: Final = Record(Position, POSITIONS)
ROUND_TRIP: Final = Record(RoundTrip, TRADES)

_p, _t = POSITIONS.c, TRADES.c
_KEYS: Final = len(KEY.columns)

_GET: Final = select(_p.trip, *POSITION.columns).where(
    _p.strategy_id == bindparam("strategy_id"),
    _p.account_id == bindparam("account_id"),
    _p.symbol == bindparam("symbol"),
)
_SAVE: Final = insert_or_replace(POSITIONS, "strategy_id", "account_id", "symbol")
_ALL: Final = select(*KEY.columns, *POSITION.columns).order_by(*KEY.columns)

_OF_ACCOUNT: Final = _ALL.where(_p.account_id == bindparam("account_id"))

_UNDER_WAY: Final = select(*KEY.columns, _p.trip).where(_p.quantity != ZERO)


@lru_cache
def _open(*names: str) -> Select[Any]:
    """Books that hold something, by the columns that are named."""
    wanted = _ALL.where(_p.quantity != ZERO)
    return wanted.where(*(_p[name] == bindparam(name) for name in names))


#: A book that was never written has no row to lock, so its name is locked.
_LOCK: Final = select(
    func.pg_advisory_xact_lock(func.hashtextextended(bindparam("book"), bindparam("seed")))
)
_FLAT_BOOK: Final = Book(FLAT, None)


class Positions(Repo):
    """The strategy books."""

    __slots__ = ()

    def get(self, key: BookKey) -> Book:
        """The book; a flat one when there is none.  In a write transaction its row stays locked."""
        if self._connection.dialect.name == "postgresql":
            name = f"{key.strategy_id}|{key.account_id}|{key.symbol}"
            self._first(_LOCK, book=name, seed=0)
        row = self._first(_GET, **KEY.values(key))
        return _FLAT_BOOK if row is None else Book(POSITION.of(row[1:]), row[0])

    def save(self, key: BookKey, book: Book, at: datetime) -> None:
        """Write the whole book as it is at ``at``."""
        values = POSITION.values(book.position) | KEY.values(key)
        self._count(self._variant(_SAVE), values | {"trip": book.trip, "updated_at": at})

    def open(
        self, strategy_id: str | None = None, account_id: str | None = None
    ) -> Mapping[BookKey, Position]:
        """Books that hold something."""
        given = {"strategy_id": strategy_id, "account_id": account_id}
        values = {name: value for name, value in given.items() if value is not None}
        return self._books(_open(*values), **values)

    def all(self, account_id: str | None = None) -> Mapping[BookKey, Position]:
        """Every book that was ever written, flat ones too; those of one account when named."""
        if account_id is None:
            return self._books(_ALL)
        return self._books(_OF_ACCOUNT, account_id=account_id)

    def under_way(self) -> Mapping[BookKey, Trip]:
        """The round trip under way of each book that holds something."""
        rows = self._rows(_UNDER_WAY)
        return {KEY.of(row[:_KEYS]): row[_KEYS] for row in rows if row[_KEYS] is not None}

    def _books(self, wanted: Select[Any], **values: str) -> Mapping[BookKey, Position]:
        rows = self._rows(wanted, **values)
        return {KEY.of(row[:_KEYS]): POSITION.of(row[_KEYS:]) for row in rows}


_INSERT: Final = insert(TRADES)
_CLEAR: Final = delete(TRADES).where(
    _t.strategy_id == bindparam("strategy_id"),
    _t.account_id == bindparam("account_id"),
    _t.symbol == bindparam("symbol"),
)
_OF_BOOK: Final = (
    select(*ROUND_TRIP.columns)
    .where(
        _t.strategy_id == bindparam("strategy_id"),
        _t.account_id == bindparam("account_id"),
        _t.symbol == bindparam("symbol"),
        _t.closed_at.is_not(None),
    )
    .order_by(_t.closed_at, _t.number)
)


def _row(key: BookKey, trip: RoundTrip) -> dict[str, Any]:
    return ROUND_TRIP.values(trip) | KEY.values(key) | {"net": trip.net}


class Trips(Repo):
    """Closed round trips (the journal)."""

    __slots__ = ()

    def insert(self, key: BookKey, trip: RoundTrip) -> None:
        """Keep a finished round trip."""
        self._count(_INSERT, _row(key, trip))

    def replace(self, key: BookKey, trips: Sequence[RoundTrip]) -> None:
        """Swap the book's round trips for those that a late fill leads to."""
        self._count(_CLEAR, KEY.values(key))
        if trips:
            self._connection.execute(_INSERT, [_row(key, trip) for trip in trips])

    def of_book(self, key: BookKey) -> Sequence[RoundTrip]:
        """The book's round trips, in the order in which they closed."""
        return ROUND_TRIP.all(self._rows(_OF_BOOK, **KEY.values(key)))
