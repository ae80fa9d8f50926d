"""What is stored of the books, row by row as it is, and what was found to differ from the fills."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Protocol

from app.domain.equity import BookDay
from app.domain.journal import RoundTrip
from app.domain.orders import Fill
from app.domain.safety.agreement import Disagreement, Run
from app.services.ports.ledger import Book, BookKey


@dataclass(frozen=True, slots=True)
class StoredFill:
    """A fill with the gross that is stored as realised, and when we booked it."""

    fill: Fill
    realised: Decimal
    booked_at: datetime


@dataclass(frozen=True, slots=True)
class StoredTrip:
    """A round trip with the net result that is stored beside it."""

    trip: RoundTrip
    net: Decimal | None


class Shelf(StrEnum):
    """A table with rows of books."""

    FILLS = "fills"
    POSITIONS = "positions"
    TRADES = "trades"
    DAYS = "book_days"


class StoredBooks(Protocol):
    """The rows behind the books, in pieces; reading locks nothing and takes nothing for granted."""

    def next_book(self, table: Shelf, after: BookKey | None) -> BookKey | None:
        """The book with rows in that table that comes after ``after``, in the database's order."""

    def book(self, key: BookKey) -> Book | None:
        """The book's row; None when there is none."""

    def fills(self, key: BookKey, after: Fill | None, most: int) -> Sequence[StoredFill]:
        """The next fills of the book after ``after``, ordered by (at, venue_fill_id)."""

    def trips(self, key: BookKey, opening_fill_ids: Sequence[str]) -> Sequence[StoredTrip]:
        """The round trips that those fills opened."""

    def openings(self, key: BookKey, after: str, most: int) -> Sequence[str]:
        """The ids of the fills that opened stored round trips, the next ones after ``after``."""

    def days(self, key: BookKey) -> Sequence[BookDay]:
        """The book's days, oldest first."""

    def last_sample(self, series_id: int) -> tuple[datetime, Decimal] | None:
        """When the curve was recorded last, to the second, and what was realised then."""


class Agreements(Protocol):
    """Runs, and differences until they are over."""

    def begin(self, run: Run) -> None:
        """Keep a new run; Conflict while another one is under way."""

    def save_run(self, run: Run) -> None:
        """Store the run as it is now."""

    def run(self, run_id: str) -> Run | None: ...

    def running(self) -> Run | None: ...

    def runs(self, limit: int) -> Sequence[Run]:
        """Runs, newest first."""

    def save(self, found: Disagreement) -> None:
        """Insert the disagreement, or store it as it is now."""

    def get(self, disagreement_id: str) -> Disagreement | None: ...

    def unresolved(self) -> Sequence[Disagreement]:
        """Everybody's that are not over, oldest first."""

    def latest(self, user_id: str, limit: int) -> Sequence[Disagreement]:
        """The user's, those that are not over first, then newest first."""

    def count_open(self, user_id: str) -> int:
        """How many of the user's are neither over nor acknowledged."""
