"""Repositories of the comparison with the fills: the rows as they are stored, and what differs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import Select, Table, bindparam, func, insert, or_, select, text, tuple_

from app.domain.equity import BookDay
from app.domain.journal import RoundTrip
from app.domain.orders import Fill
from app.domain.positions import Position
from app.domain.safety.agreement import Disagreement, Run
from app.services.ports import Book, BookKey, Shelf, StoredFill, StoredTrip
from app.store.records import Record, Repo, insert_or_replace
from app.store.tables.agreement import AGREEMENT_RUNS, DISAGREEMENTS, NOT_OVER, UNDER_WAY
from app.store.tables.days import BOOK_DAYS
from app.store.tables.history import STRATEGY_PNL_HISTORY
from app.store.tables.trading import FILLS, POSITIONS, TRADES

KEY: Final = Record(BookKey, POSITIONS)
POSITION: Final = Record(Position, POSITIONS)
FILL: Final = Record(Fill, FILLS)
ROUND_TRIP: Final = Record(RoundTrip, TRADES)
BOOK_DAY: Final = Record(BookDay, BOOK_DAYS)
RUN: Final = Record(Run, AGREEMENT_RUNS)
DISAGREEMENT: Final = Record(Disagreement, DISAGREEMENTS)

_f, _t, _h = FILLS.c, TRADES.c, STRATEGY_PNL_HISTORY.c


def _of_book(table: Table) -> tuple[Any, ...]:
    return tuple(
        table.c[name] == bindparam(name) for name in ("strategy_id", "account_id", "symbol")
    )


def _shelf(table: Table) -> tuple[Select[Any], Select[Any]]:
    """The first book of a table and the next one: a seek each, however many rows a book has."""
    key = (table.c.strategy_id, table.c.account_id, table.c.symbol)
    first = select(*key).where(key[0].is_not(None)).order_by(*key).limit(1)
    after = tuple_(*(bindparam(name) for name in ("of_strategy", "of_account", "of_symbol")))
    return first, first.where(tuple_(*key) > after)


_SHELVES: Final[Mapping[Shelf, tuple[Select[Any], Select[Any]]]] = {
    Shelf.FILLS: _shelf(FILLS),
    Shelf.POSITIONS: _shelf(POSITIONS),
    Shelf.TRADES: _shelf(TRADES),
    Shelf.DAYS: _shelf(BOOK_DAYS),
}
_BOOK: Final = select(POSITIONS.c.trip, *POSITION.columns).where(*_of_book(POSITIONS))
_FIRST_FILLS: Final = (
    select(*FILL.columns, _f.realised, _f.received_at)
    .where(*_of_book(FILLS))
    .order_by(_f.at, _f.venue_fill_id)
    .limit(bindparam("most"))
)
_NEXT_FILLS: Final = _FIRST_FILLS.where(
    _f.at >= bindparam("last_at"),
    or_(_f.at > bindparam("last_at"), _f.venue_fill_id > bindparam("last_id")),
)
_TRIPS: Final = select(*ROUND_TRIP.columns, _t.net).where(
    *_of_book(TRADES), _t.opening_fill_id.in_(bindparam("openings", expanding=True))
)
_OPENINGS: Final = (
    select(_t.opening_fill_id)
    .where(*_of_book(TRADES), _t.opening_fill_id > bindparam("after"))
    .order_by(_t.opening_fill_id)
    .limit(bindparam("most"))
)
_DAYS: Final = select(*BOOK_DAY.columns).where(*_of_book(BOOK_DAYS)).order_by(BOOK_DAYS.c.day)
_LAST_SAMPLE: Final = (
    select(_h.at, _h.realised)
    .where(_h.series_id == bindparam("series_id"))
    .order_by(_h.at.desc())
    .limit(1)
)


class StoredBooks(Repo):
    """The rows behind the books, in pieces; reading locks nothing and takes nothing for granted."""

    __slots__ = ()

    def next_book(self, table: Shelf, after: BookKey | None) -> BookKey | None:
        """The book with rows in that table that comes after ``after``, in the database's order."""
        first, following = _SHELVES[table]
        if after is None:
            return KEY.maybe(self._first(first))
        return KEY.maybe(
            self._first(
                following,
                of_strategy=after.strategy_id,
                of_account=after.account_id,
                of_symbol=after.symbol,
            )
        )

    def book(self, key: BookKey) -> Book | None:
        """The book's row; None when there is none."""
        row = self._first(_BOOK, **KEY.values(key))
        return None if row is None else Book(POSITION.of(row[1:]), row[0])

    def fills(self, key: BookKey, after: Fill | None, most: int) -> Sequence[StoredFill]:
        """The next fills of the book after ``after``, ordered by (at, venue_fill_id)."""
        values: dict[str, Any] = {**KEY.values(key), "most": most}
        if after is None:
            rows = self._rows(_FIRST_FILLS, **values)
        else:
            values |= {"last_at": after.at, "last_id": after.venue_fill_id}
            rows = self._rows(_NEXT_FILLS, **values)
        return [StoredFill(FILL.of(row[:-2]), *row[-2:]) for row in rows]

    def trips(self, key: BookKey, opening_fill_ids: Sequence[str]) -> Sequence[StoredTrip]:
        """The round trips that those fills opened."""
        values = {**KEY.values(key), "openings": list(opening_fill_ids)}
        rows = self._connection.execute(_TRIPS, values)
        return [StoredTrip(ROUND_TRIP.of(row[:-1]), row[-1]) for row in rows]

    def openings(self, key: BookKey, after: str, most: int) -> Sequence[str]:
        """The ids of the fills that opened stored round trips, the next ones after ``after``."""
        rows = self._rows(_OPENINGS, **KEY.values(key), after=after, most=most)
        return [str(row[0]) for row in rows]

    def days(self, key: BookKey) -> Sequence[BookDay]:
        """The book's days, oldest first."""
        return BOOK_DAY.all(self._rows(_DAYS, **KEY.values(key)))

    def last_sample(self, series_id: int) -> tuple[datetime, Decimal] | None:
        """When the curve was recorded last, to the second, and what was realised then."""
        row = self._first(_LAST_SAMPLE, series_id=series_id)
        return None if row is None else (datetime.fromtimestamp(row[0], UTC), row[1])


_SAVE_RUN: Final = insert_or_replace(AGREEMENT_RUNS, "id")
_ADD_RUN: Final = insert(AGREEMENT_RUNS)
_RUN: Final = select(*RUN.columns).where(AGREEMENT_RUNS.c.id == bindparam("id"))
_RUNNING: Final = select(*RUN.columns).where(text(UNDER_WAY))
_RUNS: Final = (
    select(*RUN.columns)
    .order_by(AGREEMENT_RUNS.c.began_at.desc(), AGREEMENT_RUNS.c.id.desc())
    .limit(bindparam("most"))
)
_d = DISAGREEMENTS.c
_SAVE: Final = insert_or_replace(DISAGREEMENTS, "id")
_GET: Final = select(*DISAGREEMENT.columns).where(_d.id == bindparam("id"))
_UNRESOLVED: Final = (
    select(*DISAGREEMENT.columns).where(text(NOT_OVER)).order_by(_d.found_at, _d.id)
)
_LATEST: Final = (
    select(*DISAGREEMENT.columns)
    .where(_d.user_id == bindparam("user_id"))
    .order_by(_d.resolved_at.is_not(None), _d.found_at.desc(), _d.id)
    .limit(bindparam("most"))
)
_COUNT: Final = (
    select(func.count())
    .select_from(DISAGREEMENTS)
    .where(_d.user_id == bindparam("user_id"), text(NOT_OVER), _d.acknowledged_at.is_(None))
)


class Agreements(Repo):
    """Runs, and differences until they are over."""

    __slots__ = ()

    def begin(self, run: Run) -> None:
        """Keep a new run; Conflict while another one is under way."""
        self._count(_ADD_RUN, RUN.values(run))

    def save_run(self, run: Run) -> None:
        """Store the run as it is now."""
        self._count(self._variant(_SAVE_RUN), RUN.values(run))

    def running(self) -> Run | None:
        """The run that is under way."""
        return RUN.maybe(self._first(_RUNNING))

    def runs(self, limit: int) -> Sequence[Run]:
        """Runs, newest first."""
        return RUN.all(self._rows(_RUNS, most=limit))

    def run(self, run_id: str) -> Run | None:
        """The run with this id."""
        return RUN.maybe(self._first(_RUN, id=run_id))

    def save(self, found: Disagreement) -> None:
        """Insert the disagreement, or store it as it is now."""
        self._count(self._variant(_SAVE), DISAGREEMENT.values(found))

    def get(self, disagreement_id: str) -> Disagreement | None:
        """The disagreement with this id."""
        return DISAGREEMENT.maybe(self._first(_GET, id=disagreement_id))

    def unresolved(self) -> Sequence[Disagreement]:
        """Everybody's that are not over, oldest first."""
        return DISAGREEMENT.all(self._rows(_UNRESOLVED))

    def latest(self, user_id: str, limit: int) -> Sequence[Disagreement]:
        """The user's, those that are not over first, then newest first."""
        return DISAGREEMENT.all(self._rows(_LATEST, user_id=user_id, most=limit))

    def count_open(self, user_id: str) -> int:
        """How many of the user's are neither over nor acknowledged."""
        row = self._first(_COUNT, user_id=user_id)
        return int(row[0]) if row else 0
