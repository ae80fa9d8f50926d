"""The trading days of the books, and what people write about days."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Protocol

from app.domain.equity import BookDay, BookedMoney, Ended
from app.services.ports.ledger import BookKey


class BookDays(Protocol):
    """What each book did on each trading day of its account."""

    def roll(self, account_id: str) -> str:
        """When the account's trading day begins; nobody changes it before the transaction ends."""

    def get(self, key: BookKey, day: date) -> BookDay:
        """The book's day; one on which nothing happened when there is none."""

    def save(self, key: BookKey, day: BookDay) -> None: ...

    def replace(self, key: BookKey, days: Iterable[BookDay]) -> None:
        """Swap all days of the book."""

    def of_book(self, key: BookKey) -> Sequence[BookDay]:
        """The book's days, oldest first."""

    def books(self, account_id: str) -> Sequence[BookKey]:
        """Every book of the account that was ever written."""

    def money(self, key: BookKey) -> Sequence[BookedMoney]:
        """What the book's fills did to the money, oldest first."""

    def ended(self, key: BookKey) -> Sequence[Ended]:
        """The book's round trips, oldest first."""


class DayNotes(Protocol):
    """Notes on trading days, of one account or (None) of the user's whole."""

    def between(
        self, user_id: str, account_id: str | None, first: date, last: date
    ) -> Mapping[date, str]:
        """The notes on the days from ``first`` to ``last``, both in it."""

    def save(
        self, user_id: str, account_id: str | None, day: date, note: str, at: datetime
    ) -> None:
        """Keep the note in place of the one before; an empty one leaves nothing behind."""
