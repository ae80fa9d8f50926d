"""Agreement: what is stored beside what the fills alone say, shown and never mended silently."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from app.domain.sessions import Roll

#: How long after the roll the books are compared: markets rest then, and the last fills are in.
QUIET: Final = timedelta(minutes=15)
#: A run that has said nothing for so long was left behind by its process.
STALE: Final = timedelta(minutes=2)

_DAY: Final = timedelta(days=1)


class Kept(StrEnum):
    """Which record a stored number stands in."""

    POSITION = "position"
    OPEN_TRADE = "open_trade"
    FILL = "fill"
    TRADE = "trade"
    DAY = "day"
    CALENDAR = "calendar"
    SHOWN = "shown"
    SAMPLE = "sample"


class Asked(StrEnum):
    """Who wanted a run: the night, a person, or the command line."""

    NIGHTLY = "nightly"
    PERSON = "person"
    COMMAND = "command"


class RunState(StrEnum):
    """How far a run is, or how it ended: all agreed, something differed, or it could not go on."""

    RUNNING = "running"
    AGREED = "agreed"
    DIFFERED = "differed"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a stored number stands.

    ``item`` names the row within its record: the id of a fill or of a round trip's first one, a
    day; "" where there is one row only.  ``user_id`` owns the book, None while nobody does; the
    other ids are None where several books are added up.
    """

    kept: Kept
    field: str
    item: str = ""
    user_id: str | None = None
    strategy_id: str | None = None
    account_id: str | None = None
    symbol: str | None = None


@dataclass(frozen=True, slots=True)
class Difference:
    """One number as it is stored and as it follows from the fills, in text; None where it is not.

    Money is decimal text in the quote currency, negative if lost; instants are ISO 8601 UTC.
    """

    place: Place
    stored: str | None
    derived: str | None


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A difference from when it was found until a run finds none, or a person has seen it.

    An acknowledged one is told no more until
    its numbers change; it ends when a run agrees.
    """

    id: str
    run_id: str
    kept: Kept
    field: str
    item: str
    stored: str | None
    derived: str | None
    found_at: datetime
    seen_at: datetime
    user_id: str | None = None
    strategy_id: str | None = None
    account_id: str | None = None
    symbol: str | None = None
    acknowledged_at: datetime | None = None
    acknowledged_by: str | None = None
    resolved_at: datetime | None = None

    @property
    def place(self) -> Place:
        """Where the number stands: two that are not over are never about the same."""
        return Place(
            kept=self.kept,
            field=self.field,
            item=self.item,
            user_id=self.user_id,
            strategy_id=self.strategy_id,
            account_id=self.account_id,
            symbol=self.symbol,
        )

    def seen(self, difference: Difference, run_id: str, now: datetime) -> Disagreement:
        """Return it after another run that found it; other numbers void the acknowledgement."""
        again = replace(
            self, run_id=run_id, seen_at=now, stored=difference.stored, derived=difference.derived
        )
        if (again.stored, again.derived) == (self.stored, self.derived):
            return again
        return replace(again, acknowledged_at=None, acknowledged_by=None)


@dataclass(frozen=True, slots=True)
class Run:
    """One comparison of everything; ``milliseconds`` is how long it took, pauses included.

    ``books`` and ``fills`` count what was read, ``differences`` what differs, and ``skipped`` the
    totals that could not be compared because fills kept coming or nothing was recorded since.
    """

    id: str
    state: RunState
    asked: Asked
    began_at: datetime
    seen_at: datetime
    ended_at: datetime | None = None
    user_id: str | None = None
    books: int = 0
    fills: int = 0
    milliseconds: int = 0
    differences: int = 0
    skipped: int = 0
    problem: str | None = None

    def left_behind(self, now: datetime) -> bool:
        """Whether its process has ended, as far as one can see."""
        return now - self.seen_at > STALE

    def broken(self, problem: str, now: datetime) -> Run:
        """Return it ended without a verdict, and why."""
        return replace(self, state=RunState.BROKEN, ended_at=now, seen_at=now, problem=problem)

    def ended(self, now: datetime) -> Run:
        """Return it with its verdict."""
        state = RunState.DIFFERED if self.differences else RunState.AGREED
        return replace(self, state=state, ended_at=now, seen_at=now)


def last_quiet(now: datetime, roll: Roll) -> datetime:
    """Return the latest instant, at or before ``now``, at which the books were to be compared."""
    day = now.astimezone(roll.zone).date() + 2 * _DAY
    while roll.opens(day) + QUIET > now:
        day -= _DAY
    return roll.opens(day) + QUIET
