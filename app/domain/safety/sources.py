"""Sources of alerts: how long one is usually silent, and whether it is silent for too long.

Only time in which the market is open counts, within the strategy's own windows where it has some:
nights and weekends are no silence.  Exchange holidays are not known here.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final

from app.domain.instruments import InstrumentKind
from app.domain.sessions import Window

#: So many of the last alerts tell what is usual.
REMEMBERED: Final = 51
#: Of a source with fewer alerts nothing is said.
FEWEST: Final = 10
#: Nine of ten gaps are at most the usual one; a source is silent after so many of those.
USUAL: Final = 0.9
FACTOR: Final = 3
#: No source is called silent sooner.
SOONEST: Final = timedelta(minutes=15)

#: TradingView stops an alert that triggers more than 15 times in 3 minutes; we warn before.
BUSY_COUNT: Final = 12
BUSY_SPAN: Final = timedelta(minutes=3)
#: The warning is over when fewer than this came in the span.
CALM_COUNT: Final = 6

#: What lies further back is not counted: by then everything is silent.
_LONGEST: Final = timedelta(days=30)
_DAY: Final = timedelta(days=1)
_HOURS: Final[Mapping[InstrumentKind, tuple[str, ...]]] = {
    InstrumentKind.FUTURE: ("Sun-Thu 17:00-16:00 America/Chicago",),
    InstrumentKind.STOCK: ("Mon-Fri 09:30-16:00 America/New_York",),
    InstrumentKind.CRYPTO: (),
}

Stretch = tuple[datetime, datetime]
"""From an instant (in it) to another one (not in it), aware UTC."""


@lru_cache
def market_hours(kind: InstrumentKind) -> tuple[Window, ...]:
    """Return when instruments of the kind trade; nothing means at any time."""
    return tuple(Window.parse(text) for text in _HOURS[kind])


def open_time(
    start: datetime, end: datetime, hours: Sequence[Window], windows: Sequence[Window]
) -> timedelta:
    """Return how much of the time from ``start`` to ``end`` lies in ``hours`` and ``windows``.

    None of either means that it does not limit.  What is more than 30 days before ``end`` does not
    count.
    """
    first = max(start, end - _LONGEST)
    total = timedelta(0)
    inside = stretches(windows, first, end)
    for begin, stop in stretches(hours, first, end):
        for other, last in inside:
            total += max(min(stop, last) - max(begin, other), timedelta(0))
    return total


def stretches(windows: Sequence[Window], start: datetime, end: datetime) -> list[Stretch]:
    """Return when the windows are open between two instants, in order and without overlaps."""
    if end <= start:
        return []
    if not windows:
        return [(start, end)]
    merged: list[Stretch] = []
    for begin, stop in sorted(each for window in windows for each in _of(window, start, end)):
        if merged and begin <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(stop, merged[-1][1])
        else:
            merged.append((begin, stop))
    return merged


def _of(window: Window, start: datetime, end: datetime) -> list[Stretch]:
    found = []
    day = start.astimezone(window.zone).date() - _DAY
    while (begin := datetime.combine(day, window.start, window.zone).astimezone(UTC)) < end:
        if day.weekday() in window.days:
            last = day if window.start < window.end else day + _DAY
            stop = datetime.combine(last, window.end, window.zone).astimezone(UTC)
            if stop > start:
                found.append((max(begin, start), min(stop, end)))
        day += _DAY
    return found


def usual_gap(gaps: Sequence[timedelta]) -> timedelta | None:
    """Return the gap that nine of ten are at most; None when there are too few to tell."""
    if len(gaps) + 1 < FEWEST:
        return None
    return sorted(gaps)[math.ceil(len(gaps) * USUAL) - 1]


def silent_after(usual: timedelta) -> timedelta:
    """Return after how much open time without an alert the source is silent."""
    return max(usual * FACTOR, SOONEST)


def busy(arrivals: Sequence[datetime], now: datetime) -> int:
    """Return how many of the arrivals lie within the last three minutes."""
    return sum(now - BUSY_SPAN < at <= now for at in arrivals)


def in_words(span: timedelta) -> str:
    """Return a stretch of time as people say it: "45 seconds", "12 minutes", "3 hours"."""
    seconds = round(span.total_seconds())
    for size, name in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= 2 * size or seconds == size:
            count = round(seconds / size)
            return f"{count} {name}{'' if count == 1 else 's'}"
    return f"{seconds} second{'' if seconds == 1 else 's'}"
