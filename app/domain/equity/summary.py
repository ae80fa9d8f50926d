"""A span of a curve in a few figures that add up: what is kept when the samples are not.

``summarise`` reads the samples of a span, a minute or a day; ``merge`` makes one summary of two
that follow each other.  However a curve is cut into spans, and in whatever order neighbours are
merged, the result is the same as that of all samples at once, to the last digit and instant:

    summarise(a + b + c) == summarise(a).merge(summarise(b)).merge(summarise(c))
                         == summarise(a).merge(summarise(b).merge(summarise(c)))

So a store may keep seconds for days, minutes for months and days for ever, and ``HighWater.after``
and ``curve_days`` still tell the very peaks, drawdowns, closes, highs and lows.  What is lost
within a span is when *between* its peaks the curve was where: see ``HighWater``.

A sample that comes late belongs to a span that may be summarised already.  While that span's
samples are kept, summarise them again (after ``arranged``); it cannot be added to a summary.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import reduce
from itertools import groupby
from typing import TypeVar

from app.domain.equity.samples import Point, Sample
from app.domain.errors import InvariantBroken
from app.domain.money import ZERO, exact

_K = TypeVar("_K")

Depth = tuple[Decimal, Decimal]
"""A running peak and a value at or below it."""


@dataclass(frozen=True, slots=True)
class Fall:
    """How far a curve fell: from ``peak``, first reached at ``peak_at``, to ``trough``.

    ``peak_at`` is None where the peak is what the curve started from and no sample had reached it.
    """

    peak: Decimal
    peak_at: datetime | None
    trough: Decimal
    trough_at: datetime

    @property
    @exact
    def amount(self) -> Decimal:
        """The size of the fall; positive."""
        return self.peak - self.trough


@dataclass(frozen=True, slots=True)
class Summary:
    """What one span of a curve comes to; at least one sample in it is known.

    ``first`` and ``last`` are its first and last known samples; ``high`` and ``low`` the first
    samples at its highest and lowest value, ``high_until`` the instant of the last sample at the
    highest.  ``fall`` is the largest fall from a peak within the span, the first of equal ones;
    None when it never fell.  ``depths`` are the few pairs of peak and trough that the largest
    *percentage* can come from, whatever the peak before the span was: mostly one or two.
    ``samples`` counts the known samples and ``gaps`` the unknown ones; ``gap_at`` is when the curve
    became unknown after ``last``, None when the span ends with it known.
    """

    first: Point
    last: Point
    high: Point
    high_until: datetime
    low: Point
    fall: Fall | None
    depths: tuple[Depth, ...]
    samples: int = 1
    gaps: int = 0
    gap_at: datetime | None = None

    @exact
    def merge(self, later: Summary) -> Summary:
        """Return the summary of this span and the ``later`` one together.

        Associative.  Raises InvariantBroken when ``later`` does not begin after this one's end.
        """
        if later.first.at <= (self.gap_at or self.last.at):
            raise InvariantBroken(f"A span from {later.first.at} is not after {self.last.at}.")
        high, low = self.high, later.low
        across = Fall(high.value, high.at, low.value, low.at) if low.value < high.value else None
        lifted = [(max(peak, high.value), trough) for peak, trough in later.depths]
        return Summary(
            first=self.first,
            last=later.last,
            high=later.high if later.high.value > high.value else high,
            high_until=later.high_until if later.high.value >= high.value else self.high_until,
            low=low if low.value < self.low.value else self.low,
            fall=deepest(self.fall, across, later.fall),
            depths=steepest([*self.depths, *lifted]),
            samples=self.samples + later.samples,
            gaps=self.gaps + later.gaps,
            gap_at=later.gap_at,
        )


@exact
def summarise(samples: Iterable[Sample]) -> Summary | None:
    """Return the summary of samples in time order; None when all of them are unknown.

    Raises InvariantBroken when they are out of order or two are of one instant: see ``arranged``.
    """
    spans: list[tuple[Point, Point]] = []
    first = last = high_until = before = gap_at = None
    known = gaps = 0
    for sample in samples:
        if before is not None and sample.at <= before:
            raise InvariantBroken(f"A sample at {sample.at} comes after one at {before}.")
        before = sample.at
        if sample.value is None:
            gaps, gap_at = gaps + 1, gap_at or sample.at
            continue
        last, gap_at, known = Point(sample.at, sample.value), None, known + 1
        first = first or last
        if _extended(spans, last):
            high_until = last.at
    if first is None or last is None or high_until is None:
        return None
    return Summary(
        first=first,
        last=last,
        high=spans[-1][0],
        high_until=high_until,
        low=min((trough for _, trough in spans), key=lambda point: point.value),
        fall=deepest(*(_fall(peak, trough) for peak, trough in spans)),
        depths=steepest((peak.value, trough.value) for peak, trough in spans),
        samples=known,
        gaps=gaps,
        gap_at=gap_at,
    )


def _extended(spans: list[tuple[Point, Point]], point: Point) -> bool:
    """Add the point to the stretches, each a running peak and its trough; True when at the peak."""
    peak, trough = spans[-1] if spans else (None, None)
    if peak is None or trough is None or point.value > peak.value:
        spans.append((point, point))
        return True
    if point.value < trough.value:
        spans[-1] = (peak, point)
    return point.value == peak.value


def _fall(peak: Point, trough: Point) -> Fall | None:
    return None if trough is peak else Fall(peak.value, peak.at, trough.value, trough.at)


def merged(spans: Iterable[Summary]) -> Summary | None:
    """Return the summary of all ``spans``, which come in time order; None without any."""
    whole: Summary | None = None
    for span in spans:
        whole = span if whole is None else whole.merge(span)
    return whole


def grouped(
    samples: Iterable[Sample], span_of: Callable[[datetime], _K]
) -> Iterator[tuple[_K, Summary]]:
    """Cut samples in time order into spans, by ``span_of`` their instants, and summarise each.

    A span in which nothing is known is left out.
    """
    for key, members in groupby(samples, key=lambda sample: span_of(sample.at)):
        summary = summarise(members)
        if summary is not None:
            yield key, summary


def deepest(*falls: Fall | None) -> Fall | None:
    """Return the largest fall, the first of equal ones; None when there is none."""
    return min((fall for fall in falls if fall is not None), key=_depth_order, default=None)


def _depth_order(fall: Fall) -> tuple[Decimal, datetime, datetime]:
    # A peak that a sample had reached goes before the bare start of the curve, which has none.
    return -fall.amount, fall.trough_at, fall.peak_at or fall.trough_at


@exact
def steepest(depths: Iterable[Depth]) -> tuple[Depth, ...]:
    """Return those of ``depths`` that the largest percentage can come from under any earlier peak.

    A higher peak makes a fall to above zero steeper and one to below zero less steep.  So of falls
    to above zero the steepest and the lowest matter; of those to below zero, which are steeper than
    all others, each one lower than every one from a lower peak; and of peaks at or below zero,
    which have no percentage yet, the lowest trough.
    """
    ordered = sorted(depths)
    sunk = [depth for depth in ordered if depth[0] <= 0]
    above = [depth for depth in ordered if depth[0] > 0]
    lost = [depth for depth in above if depth[1] < 0]
    kept = [min(sunk, key=_trough)] if sunk else []
    if lost:
        kept += _each_lower(lost)
    elif above:
        kept += sorted({reduce(steeper, above), min(above, key=_trough)})
    return tuple(kept)


def _trough(depth: Depth) -> Decimal:
    return depth[1]


def _each_lower(depths: Iterable[Depth]) -> Iterator[Depth]:
    lowest = ZERO
    for depth in depths:
        if depth[1] < lowest:
            lowest = depth[1]
            yield depth


def steeper(one: Depth, other: Depth) -> Depth:
    """Return the one that fell by the larger part of its peak; both peaks are above zero."""
    return other if other[1] * one[0] < one[1] * other[0] else one
