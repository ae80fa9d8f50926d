"""Trading days and time windows: the one place that knows when a day begins.

A day is opened by a roll, an instant in a market's own time zone, so that it follows that zone's
daylight saving time.  Exchange holidays are not known here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from app.domain.errors import InvalidInput, InvariantBroken

WEEKDAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")

_NOON: Final = time(12)
_DAY: Final = timedelta(days=1)
_SATURDAY: Final = 5
_ROLL_TEXT: Final = re.compile(r"(\S+) (\S+)( weekdays)?")
_WINDOW_TEXT: Final = re.compile(r"(\S+) ([\d:]+)-([\d:]+) (\S+)")


@dataclass(frozen=True, slots=True)
class Roll:
    """When a trading day begins: local ``at`` in ``zone``.

    A roll from noon on opens the next date's day (16:00 in Chicago on Sunday is Monday), an earlier
    one that of its own date (00:00 UTC is the UTC date).  With ``roll_weekend`` what would be
    Saturday's or Sunday's day belongs to Monday's.
    """

    at: time
    zone: ZoneInfo
    roll_weekend: bool = False

    @staticmethod
    def parse(text: str) -> Roll:
        """Read "16:00 America/Chicago" or "16:00 America/Chicago weekdays" (no weekend days).

        Raises InvalidInput when the time or the zone is none.
        """
        match = _ROLL_TEXT.fullmatch(text.strip())
        if match is None:
            raise _unreadable("roll", text, "16:00 America/Chicago")
        return Roll(_time(match[1]), _zone(match[2]), roll_weekend=match[3] is not None)

    def __str__(self) -> str:
        """Return the text that ``parse`` reads."""
        return f"{self.at:%H:%M} {self.zone.key}{' weekdays' if self.roll_weekend else ''}"

    def opens(self, day: date) -> datetime:
        """Return the UTC instant at which the day of the date ``day`` begins."""
        start = day - _DAY if self.at >= _NOON else day
        return datetime.combine(start, self.at, self.zone).astimezone(UTC)


def trading_day(at: datetime, roll: Roll) -> date:
    """Return the trading day of the instant ``at``; exactly at the roll it is the new day."""
    day = _local(at, roll.zone).date() + _DAY
    while at < roll.opens(day):
        day -= _DAY
    return _weekday(day) if roll.roll_weekend else day


def _weekday(day: date) -> date:
    return day + _DAY * (7 - day.weekday()) if day.weekday() >= _SATURDAY else day


def day_bounds(day: date, roll: Roll) -> tuple[datetime, datetime]:
    """Return the UTC instants at which the trading day begins (in it) and ends (not in it).

    Raises InvalidInput for a Saturday or Sunday of a roll that has no weekend days.
    """
    if not roll.roll_weekend:
        return roll.opens(day), roll.opens(day + _DAY)
    if day.weekday() >= _SATURDAY:
        raise InvalidInput(f"{day} is no trading day: its weeks run from Monday to Friday.")
    first = day if day.weekday() else day - 2 * _DAY
    return roll.opens(first), roll.opens(day + _DAY)


def next_roll(at: datetime, roll: Roll) -> datetime:
    """Return the UTC instant at which the trading day of ``at`` ends; always later than ``at``."""
    return day_bounds(trading_day(at, roll), roll)[1]


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of the day, by the clock on the wall in ``zone``: ``start`` is in it, ``end`` not.

    ``days`` are weekdays, Monday 0.  A window that ends before it starts runs past midnight and
    belongs to the day it started on; one that ends as it starts lasts the whole day.
    """

    days: frozenset[int]
    start: time
    end: time
    zone: ZoneInfo

    @staticmethod
    def parse(text: str) -> Window:
        """Read "Mon-Fri 09:30-16:00 America/New_York", days also as "Mon,Wed".

        Raises InvalidInput when the days, the times or the zone are none.
        """
        match = _WINDOW_TEXT.fullmatch(text.strip())
        if match is None:
            raise _unreadable("window", text, "Mon-Fri 09:30-16:00 America/New_York")
        return Window(_days(match[1]), _time(match[2]), _time(match[3]), _zone(match[4]))

    def __str__(self) -> str:
        """Return a text that ``parse`` reads."""
        return f"{_days_text(self.days)} {self.start:%H:%M}-{self.end:%H:%M} {self.zone.key}"

    def contains(self, at: datetime) -> bool:
        """True when the instant ``at`` lies in the window."""
        local = _local(at, self.zone)
        clock, today = local.time(), local.weekday()
        if self.start < self.end:
            return today in self.days and self.start <= clock < self.end
        if clock >= self.start:
            return today in self.days
        return clock < self.end and (today - 1) % 7 in self.days


def _local(at: datetime, zone: ZoneInfo) -> datetime:
    if at.tzinfo is None:
        raise InvariantBroken(f"{at} has no time zone.")
    return at.astimezone(zone)


def _time(text: str) -> time:
    try:
        return datetime.strptime(text, "%H:%M").replace(tzinfo=UTC).time()
    except ValueError:
        raise _unreadable("time", text, "09:30") from None


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise _unreadable("zone", name, "America/Chicago") from None


def _days(text: str) -> frozenset[int]:
    found: set[int] = set()
    for part in text.split(","):
        first, dash, last = part.partition("-")
        last = last if dash else first
        if first not in WEEKDAYS or last not in WEEKDAYS:
            raise _unreadable("days", text, "Mon-Fri")
        start = WEEKDAYS.index(first)
        length = (WEEKDAYS.index(last) - start) % 7
        found.update((start + step) % 7 for step in range(length + 1))
    return frozenset(found)


def _days_text(days: frozenset[int]) -> str:
    runs: list[list[int]] = []
    for day in sorted(days):
        if runs and runs[-1][-1] == day - 1:
            runs[-1].append(day)
        else:
            runs.append([day])
    return ",".join(
        "-".join(WEEKDAYS[day] for day in dict.fromkeys((run[0], run[-1]))) for run in runs
    )


def _unreadable(field: str, text: str, example: str) -> InvalidInput:
    return InvalidInput(
        f"{field} {text[:40]!r} cannot be read; write it like {example!r}.",
        fields={field: f"write it like {example!r}"},
    )
