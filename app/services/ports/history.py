"""Facts, switches, and the P&L of every second."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import IntEnum
from typing import Protocol

from app.domain.equity import Summary
from app.domain.events import Fact


class Facts(Protocol):
    """What happened, append-only."""

    def append(self, fact: Fact) -> Fact:
        """Keep the fact and return it with its number; it is published after the commit."""

    def newest(self) -> int:
        """The number of the newest fact; 0 before the first."""
        ...

    def after(self, number: int, limit: int, user_id: str | None = None) -> Sequence[Fact]: ...

    def of_alert(self, alert_id: str) -> Sequence[Fact]: ...

    def funded_changes(self, account_id: str, most: int) -> Sequence[Fact]:
        """At most so many changes of the account's rules and preferences, newest first."""
        ...


class Flags(Protocol):
    """Small durable switches of the server (trading state, set-up token, secrets' check)."""

    def get(self, name: str) -> str | None: ...

    def set(self, name: str, value: str, at: datetime) -> None: ...

    def delete(self, name: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Series:
    """One curve of P&L: a strategy, an account, a pair of both, or everything of one user.

    ``peak`` is the high-water mark of its P&L and ``max_drawdown`` the largest fall from one;
    ``base`` is the capital of its accounts when it began.
    """

    id: int
    user_id: str | None
    strategy_id: str | None
    account_id: str | None
    peak: Decimal
    max_drawdown: Decimal
    base: Decimal


@dataclass(frozen=True, slots=True)
class Sample:
    """What one curve was worth from the epoch second ``at`` until its next sample.

    ``open`` is None where a price was unknown.
    """

    series_id: int
    at: int
    realised: Decimal
    open: Decimal | None


class Level(IntEnum):
    """How long a rolled span is: a minute, an hour, or a trading day of its series."""

    MINUTE = 1
    HOUR = 2
    DAY = 3


@dataclass(frozen=True, slots=True)
class Gap:
    """When a curve was first recorded as unknown, and how often it was."""

    at: datetime
    samples: int


@dataclass(frozen=True, slots=True)
class Rolled:
    """What a curve came to from ``at`` until ``until``, which is not in it, in epoch seconds.

    ``summary`` is of the equity: the series' base plus its P&L, without deposits and payouts; None
    while nothing was known.  ``open`` is the open P&L at the last known sample.  A value that held
    over from before the span is its first sample, at ``at``, though it was recorded earlier; so
    there is a hole only where one span's last sample and the next one's first are more than a
    minute apart.  ``gap`` is what was recorded where nothing was known; None where something was.
    """

    series_id: int
    level: Level
    at: int
    until: int
    summary: Summary | None
    open: Decimal | None
    gap: Gap | None = None


@dataclass(frozen=True, slots=True)
class Rolling:
    """How far a curve is rolled up, and from when on finer history of it is kept; epoch seconds.

    Everything before ``rolled`` is in minutes, 0 before the first; ``seconds_from``,
    ``minutes_from`` and ``hours_from`` are 0 while nothing of that kind was deleted.  ``roll`` is
    that of its accounts, None where they have several or there are none.
    """

    id: int
    base: Decimal
    roll: str | None
    rolled: int
    seconds_from: int
    minutes_from: int
    hours_from: int


@dataclass(frozen=True, slots=True)
class Kept:
    """How many rows of history there are of one kind, of how many bytes, and the oldest of them.

    ``level`` is None for samples; ``bytes`` is about what they take on the disk, ``oldest`` the
    epoch second of the first, None without any.
    """

    level: Level | None
    rows: int
    bytes: int
    oldest: int | None


class History(Protocol):
    """P&L curves: a sample whenever one changes, and at least once a minute."""

    def series(self) -> Sequence[Series]: ...

    def add_series(
        self, user_id: str | None, strategy_id: str | None, account_id: str | None, base: Decimal
    ) -> Series: ...

    def open_before(self, series_id: int, at: datetime) -> Decimal | None:
        """The open P&L of the last sample before ``at`` with known prices; None without one."""

    def record(self, samples: Sequence[Sample], moved: Iterable[Series]) -> None:
        """Write one tick: its samples, and the series whose high-water mark or drawdown moved.

        The samples are of one second.
        """


class RolledHistory(Protocol):
    """The samples of curves rolled up to minutes, hours and days, and how far."""

    def rolling(self) -> Sequence[Rolling]:
        """Every curve."""
        ...

    def due(self, until: int, most: int) -> Sequence[Rolling]:
        """At most ``most`` curves that are not rolled up to ``until``, the oldest first."""
        ...

    def of(self, series_id: int) -> Rolling | None: ...

    def samples(
        self, series_id: int, start: int, end: int, most: int | None = None
    ) -> Sequence[Sample]:
        """The samples within [start, end) that are kept, oldest first, at most ``most``."""
        ...

    def last_sample(self, series_id: int, start: int, end: int) -> Sample | None:
        """The last sample within [start, end); None without one."""
        ...

    def spans(self, series_id: int, level: Level, start: int, end: int) -> Sequence[Rolled]:
        """The spans of that level that have a part in [start, end), oldest first."""
        ...

    def end(self, series_id: int, level: Level) -> int:
        """When the newest span of that level ends; 0 without one."""
        ...

    def advance(self, known: Rolling, until: int, samples: int) -> bool:
        """Say that the curve is rolled up to ``until``; False when it is not as ``known`` any more.

        ``samples`` is how many there were to roll: if there are others now, it is False too.
        """
        ...

    def keep(self, spans: Sequence[Rolled]) -> None:
        """Write spans, over those that begin with them."""

    def amend(self, sample: Sample) -> None:
        """Write a sample that came late, over the one of its second unless only that is known."""

    def set_back(self, known: Rolling, at: int) -> None:
        """Forget what is rolled up from the minute of ``at`` on, so that it is rolled again."""

    def drop_samples(self, series_id: int, before: int, most: int) -> int:
        """Delete at most ``most`` samples, the oldest first; returns how many there were.

        Where the database keeps them by day (PostgreSQL), only those of whole UTC days.
        """
        ...

    def drop_spans(self, series_id: int, level: Level, before: int, most: int) -> int:
        """Delete at most ``most`` spans that end by ``before``, the oldest first; how many."""
        ...

    def make_room(self, day: int) -> None:
        """Let samples of the UTC day that begins at ``day`` have a place of their own.

        Only where the database keeps them by day (PostgreSQL).
        """

    def drop_days(self, before: int) -> bool:
        """Delete one whole UTC day of samples that ended by ``before``; False without one.

        Only where the database keeps them by day (PostgreSQL).
        """
        ...

    def older(self, level: Level | None, before: int) -> int:
        """How many samples (None) or spans of that level end by ``before``; reads every row."""
        ...

    def sizes(self) -> Sequence[Kept]:
        """How much there is, samples first; reads every row."""
        ...

    def shrink(self, pages: int) -> bool:
        """Give at most ``pages`` free pages of the file back; False when there were none.

        Only where the file does not shrink by itself (SQLite).
        """
        ...
