"""Repositories of trading days: what each book did on them, and what people wrote about them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import bindparam, delete, func, insert, select

from app.domain.equity import BookDay, BookedMoney, Ended
from app.domain.errors import NotFound
from app.services.ports import BookKey
from app.store.records import Record, Repo, insert_or_replace
from app.store.repos.orders import COST, cost_of
from app.store.tables.days import BOOK_DAYS, DAY_NOTES
from app.store.tables.people import ACCOUNTS
from app.store.tables.trading import FILLS, POSITIONS, TRADES

KEY: Final = Record(BookKey, BOOK_DAYS)
BOOK_DAY: Final = Record(BookDay, BOOK_DAYS)

_d, _f, _t, _n = BOOK_DAYS.c, FILLS.c, TRADES.c, DAY_NOTES.c


def _of_book(columns: Any) -> tuple[Any, ...]:  # noqa: ANN401  the columns of any table of books
    return (
        columns.strategy_id == bindparam("strategy_id"),
        columns.account_id == bindparam("account_id"),
        columns.symbol == bindparam("symbol"),
    )


_ROLL: Final = (
    select(ACCOUNTS.c.roll).where(ACCOUNTS.c.id == bindparam("id")).with_for_update(read=True)
)
_GET: Final = select(*BOOK_DAY.columns).where(*_of_book(_d), _d.day == bindparam("day"))
_OF_BOOK: Final = select(*BOOK_DAY.columns).where(*_of_book(_d)).order_by(_d.day)
_SAVE: Final = insert_or_replace(BOOK_DAYS, "strategy_id", "account_id", "symbol", "day")
_CLEAR: Final = delete(BOOK_DAYS).where(*_of_book(_d))
_INSERT: Final = insert(BOOK_DAYS)
_BOOKS: Final = select(POSITIONS.c.strategy_id, POSITIONS.c.account_id, POSITIONS.c.symbol).where(
    POSITIONS.c.account_id == bindparam("account_id")
)
_MONEY: Final = (
    select(_f.at, _f.realised, *COST).where(*_of_book(_f)).order_by(_f.at, _f.venue_fill_id)
)
_ENDED: Final = (
    select(_t.closed_at, _t.net)
    .where(*_of_book(_t), _t.closed_at.is_not(None))
    .order_by(_t.closed_at, _t.number)
)


class BookDays(Repo):
    """What each book did on each trading day of its account."""

    __slots__ = ()

    def roll(self, account_id: str) -> str:
        """When the account's trading day begins; nobody changes it before the transaction ends."""
        row = self._first(_ROLL, id=account_id)
        if row is None:
            raise NotFound("There is no such account.")
        return str(row[0])

    def get(self, key: BookKey, day: date) -> BookDay:
        """The book's day; one on which nothing happened when there is none."""
        row = self._first(_GET, **KEY.values(key), day=day)
        return BookDay(day) if row is None else BOOK_DAY.of(row)

    def save(self, key: BookKey, day: BookDay) -> None:
        """Write the book's day as it is now."""
        self._count(self._variant(_SAVE), KEY.values(key) | BOOK_DAY.values(day))

    def replace(self, key: BookKey, days: Iterable[BookDay]) -> None:
        """Swap all days of the book."""
        self._count(_CLEAR, KEY.values(key))
        rows = [KEY.values(key) | BOOK_DAY.values(day) for day in days]
        if rows:
            self._connection.execute(_INSERT, rows)

    def of_book(self, key: BookKey) -> Sequence[BookDay]:
        """The book's days, oldest first."""
        return BOOK_DAY.all(self._rows(_OF_BOOK, **KEY.values(key)))

    def books(self, account_id: str) -> Sequence[BookKey]:
        """Every book of the account that was ever written."""
        return KEY.all(self._rows(_BOOKS, account_id=account_id))

    def money(self, key: BookKey) -> Sequence[BookedMoney]:
        """What the book's fills did to the money, oldest first."""
        return [
            BookedMoney(at, gross, cost_of(*fill))
            for at, gross, *fill in self._rows(_MONEY, **KEY.values(key))
        ]

    def ended(self, key: BookKey) -> Sequence[Ended]:
        """The book's round trips, oldest first."""
        return [Ended(*row) for row in self._rows(_ENDED, **KEY.values(key))]


_ANY: Final = func.coalesce(_n.account_id, "")
_MINE: Final = (_n.user_id == bindparam("user"), bindparam("account") == _ANY)
_NOTES: Final = select(_n.day, _n.note).where(
    *_MINE, _n.day >= bindparam("first"), _n.day <= bindparam("last")
)
_CLEAR_NOTE: Final = delete(DAY_NOTES).where(*_MINE, _n.day == bindparam("of_day"))
_ADD_NOTE: Final = insert(DAY_NOTES)


class DayNotes(Repo):
    """Notes on trading days, of one account or (None) of the user's whole."""

    __slots__ = ()

    def between(
        self, user_id: str, account_id: str | None, first: date, last: date
    ) -> Mapping[date, str]:
        """The notes on the days from ``first`` to ``last``, both in it."""
        of = {"user": user_id, "account": account_id or ""}
        found = self._rows(_NOTES, **of, first=first, last=last)
        return {row[0]: row[1] for row in found}

    def save(
        self, user_id: str, account_id: str | None, day: date, note: str, at: datetime
    ) -> None:
        """Keep the note in place of the one before; an empty one leaves nothing behind."""
        self._count(_CLEAR_NOTE, {"user": user_id, "account": account_id or "", "of_day": day})
        if note:
            values = {"user_id": user_id, "account_id": account_id, "day": day}
            self._count(_ADD_NOTE, values | {"note": note, "updated_at": at})
