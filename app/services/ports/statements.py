"""Imported statements and what they tell, kept beside our own books and never part of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from app.domain.statements import OurFill, Statement, Told


@dataclass(frozen=True, slots=True)
class FillsWanted:
    """Which of our fills: of an account, and a strategy on it if one is named, in [start, end]."""

    account_id: str
    start: datetime
    end: datetime
    strategy_id: str | None = None


class Statements(Protocol):
    """Imports with their executions; each execution is kept once, however many files tell it."""

    def begin(self, statement: Statement) -> bool:
        """Keep a new import; False when the same file was imported for its account before."""

    def finish(self, statement: Statement) -> None:
        """Store the import as it is now."""

    def get(self, statement_id: str) -> Statement | None: ...

    def same(self, statement: Statement) -> Statement | None:
        """The import of the same file for the same account."""

    def of_user(self, user_id: str) -> Sequence[Statement]:
        """The imports on the user's accounts that are ready, newest first."""

    def unfinished(self) -> Sequence[Statement]:
        """Imports that are not ready: under way, or left behind."""

    def add(self, statement: Statement, start: int, told: Sequence[Told]) -> int:
        """Keep executions at positions from ``start`` on; returns how many were not known."""

    def executions(self, statement: Statement, start: int, most: int) -> Sequence[Told]:
        """The executions at positions from ``start`` on, in order of the file."""

    def take_away(self, statement: Statement, most: int) -> int:
        """Forget at most so many executions that no other import tells; 0 when none is left."""

    def remove(self, statement: Statement) -> None:
        """Forget the import itself, after its executions."""

    def our_fills(
        self, wanted: FillsWanted, most: int, after: OurFill | None = None
    ) -> Sequence[OurFill]:
        """Our fills by time and id, from behind ``after`` on."""

    def our_mark(self, wanted: FillsWanted) -> tuple[int, datetime | None]:
        """How many of our fills there are, and when the last of them was booked."""
