"""From samples to minutes, from minutes to hours, from hours to days: exact, whatever is missing.

A sample holds until the next one, for at most a minute.  So the value that holds at the start of a
span is its first sample, though not one that is counted: that is done where it was recorded.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from itertools import groupby
from typing import Final

from app.domain import equity
from app.domain.equity import Summary
from app.domain.money import exact
from app.services.ports import Gap, Level, Rolled, Sample

MINUTE: Final = 60
#: How long a sample holds without another one, in seconds.
HOLDS: Final = 60

Bounds = Callable[[int], tuple[int, int]]
"""Returns when the hour or day of an epoch second begins, and when it ends."""


@dataclass(frozen=True, slots=True)
class Curve:
    """Whose samples are rolled up: ``base`` and the P&L make the equity."""

    series_id: int
    base: Decimal


def minute_of(at: int) -> int:
    """Return when the minute of ``at`` begins."""
    return at - at % MINUTE


def minutes(curve: Curve, samples: Sequence[Sample], start: int, end: int) -> list[Rolled]:
    """Return the minutes within [start, end) with a sample; those at the edges may be cut short.

    Of one that is cut short at its start something is there too when a value only holds over.
    ``samples`` are in time order and reach back to ``HOLDS`` before ``start``.
    """
    seconds = [sample.at for sample in samples]
    first = bisect_left(seconds, start)
    edge = min(minute_of(start) + MINUTE, end)
    spans = []
    if start % MINUTE and first == bisect_left(seconds, edge) and first:
        held = _held(samples[first - 1], start, edge)
        spans = [_minute(curve, None, [held], (start, edge))] if held else []
    while first < len(seconds) and seconds[first] < end:
        minute = minute_of(seconds[first])
        begin, until = max(minute, start), min(minute + MINUTE, end)
        last = bisect_left(seconds, until)
        before = samples[first - 1] if first else None
        spans.append(_minute(curve, before, samples[first:last], (begin, until)))
        first = last
    return spans


@exact
def _minute(
    curve: Curve, before: Sample | None, samples: Sequence[Sample], span: tuple[int, int]
) -> Rolled:
    start, end = span
    held = _held(before, start, samples[0].at)
    known = [held, *samples] if held else samples
    summary = equity.summarise(
        equity.Sample(
            instant(each.at), None if each.open is None else curve.base + each.realised + each.open
        )
        for each in known
    )
    if summary is None:
        gap = Gap(instant(samples[0].at), len(samples))
        return Rolled(curve.series_id, Level.MINUTE, start, end, None, None, gap)
    counted = replace(summary, samples=summary.samples - (held is not None))
    last = next(each.open for each in reversed(known) if each.open is not None)
    return Rolled(curve.series_id, Level.MINUTE, start, end, counted, last)


def _held(before: Sample | None, start: int, first: int) -> Sample | None:
    """The sample that holds over into ``start``, where none is; None when nothing known does."""
    if before is None or before.open is None or first == start or start - before.at > HOLDS:
        return None
    return replace(before, at=start)


def gathered(
    level: Level, pieces: Iterable[Rolled], bounds: Bounds, start: int, end: int
) -> list[Rolled]:
    """Return the spans of ``level`` that are over by ``end``, each of the pieces that begin in it.

    None begins before ``start``, where those that are kept already end.
    """
    spans = []
    for (begins, ends), members in groupby(pieces, key=lambda piece: bounds(piece.at)):
        parts = list(members)
        # A border that was moved to within a piece comes into force after it.
        until = max(ends, parts[-1].until)
        if until <= end:
            spans.append(joined(level, max(begins, start), until, parts))
        start = until
    return spans


def joined(level: Level, at: int, until: int, parts: Sequence[Rolled]) -> Rolled:
    """Return one span of ``parts``, which are in time order."""
    whole: Summary | None = None
    gap: Gap | None = None
    for part in parts:
        if part.summary is not None:
            whole = _merged(whole, part.summary, gap)
            gap = None
        elif part.gap is not None:
            gap = part.gap if gap is None else replace(gap, samples=gap.samples + part.gap.samples)
    if whole is not None and gap is not None:
        at_last = whole.gap_at or gap.at
        whole, gap = replace(whole, gaps=whole.gaps + gap.samples, gap_at=at_last), None
    last = next((part.open for part in reversed(parts) if part.open is not None), None)
    return Rolled(parts[0].series_id, level, at, until, whole, last, gap)


def _merged(whole: Summary | None, later: Summary, between: Gap | None) -> Summary:
    """Merge, and count what was unknown before ``later``."""
    if between is not None:
        later = replace(later, gaps=later.gaps + between.samples)
    return later if whole is None else whole.merge(later)


def instant(second: int) -> datetime:
    """Return the UTC instant of an epoch second."""
    return datetime.fromtimestamp(second, UTC)
