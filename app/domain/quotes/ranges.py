"""Stretches of time: what is known of one, and what is missing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True, order=True)
class Range:
    """The time from ``start``, in it, to ``end``, not in it; ``start`` is earlier."""

    start: datetime
    end: datetime


def joined(ranges: Iterable[Range]) -> list[Range]:
    """Return the same time in as few ranges as there can be, oldest first."""
    found: list[Range] = []
    for each in sorted(ranges):
        if found and each.start <= found[-1].end:
            found[-1] = Range(found[-1].start, max(found[-1].end, each.end))
        else:
            found.append(each)
    return found


def gaps(whole: Range, covered: Iterable[Range]) -> list[Range]:
    """Return what of ``whole`` no range covers, oldest first."""
    found: list[Range] = []
    start = whole.start
    for each in joined(covered):
        if each.start > start:
            found.append(Range(start, min(each.start, whole.end)))
        start = max(start, each.end)
        if start >= whole.end:
            return found
    return [*found, Range(start, whole.end)]


def pieces(whole: Range, longest: timedelta) -> list[Range]:
    """Return the range cut into pieces of at most ``longest``, oldest first."""
    found = []
    start = whole.start
    while start < whole.end:
        end = min(start + longest, whole.end)
        found.append(Range(start, end))
        start = end
    return found
