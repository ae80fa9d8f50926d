"""Time windows: stretches of the day by the clock on the wall."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, time
from typing import Final
from zoneinfo import ZoneInfo

from app.domain.sessions.reading import on_the_wall, read_clock, read_zone, unreadable

WEEKDAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")

_WINDOW_TEXT: Final = re.compile(r"(\S+) ([\d:]+)-([\d:]+) (\S+)")


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
            raise unreadable("window", text, "Mon-Fri 09:30-16:00 America/New_York")
        return Window(
            _days(match[1]), read_clock(match[2]), read_clock(match[3]), read_zone(match[4])
        )

    def __str__(self) -> str:
        """Return a text that ``parse`` reads."""
        return f"{_days_text(self.days)} {self.start:%H:%M}-{self.end:%H:%M} {self.zone.key}"

    def contains(self, at: datetime) -> bool:
        """True when the instant ``at`` lies in the window."""
        local = on_the_wall(at, self.zone)
        clock, today = local.time(), local.weekday()
        if self.start < self.end:
            return today in self.days and self.start <= clock < self.end
        if clock >= self.start:
            return today in self.days
        return clock < self.end and (today - 1) % 7 in self.days


def _days(text: str) -> frozenset[int]:
    found: set[int] = set()
    for part in text.split(","):
        first, dash, last = part.partition("-")
        last = last if dash else first
        if first not in WEEKDAYS or last not in WEEKDAYS:
            raise unreadable("days", text, "Mon-Fri")
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
