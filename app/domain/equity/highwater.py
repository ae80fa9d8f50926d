"""The high-water mark of a curve, and the falls from it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from app.domain.equity.samples import Point, Sample
from app.domain.equity.summary import Depth, Fall, Summary, deepest, steeper, summarise
from app.domain.money import ZERO, divide, exact

_HUNDRED: Final = Decimal(100)


@dataclass(frozen=True, slots=True)
class HighWater:
    """The highest value that a curve has reached, its falls from there, and how long they took.

    ``peak`` starts as the curve's start (0 for P&L, the starting balance for equity); ``peak_at``
    is the first sample at it, None while no sample has reached the start.  ``last`` is the last
    known sample.  ``fall`` is the largest fall, the first of equal ones, and ``recovered_at`` when
    its peak was reached again, None until then.  ``steepest`` is the pair of peak and value with
    the largest percentage between them, None while every peak was 0 or less.  ``under_since`` is
    the last sample at the peak while the curve is below it (its first sample, when it began below
    its start), and ``longest`` the longest time that it ever stayed below, without the present one.

    All is exact whatever the spans are, but for ``recovered_at`` and ``longest``: within a span of
    several samples only the one at its highest value is known to have reached a peak again, and a
    time below the peak that begins and ends within one span is not counted.
    """

    peak: Decimal = ZERO
    peak_at: datetime | None = None
    last: Point | None = None
    fall: Fall | None = None
    recovered_at: datetime | None = None
    steepest: Depth | None = None
    under_since: datetime | None = None
    longest: timedelta = timedelta()

    @property
    @exact
    def drawdown(self) -> Decimal:
        """How far the last known value lies below the peak; 0 at the peak, never negative."""
        return ZERO if self.last is None else self.peak - self.last.value

    @property
    def drawdown_percent(self) -> Decimal | None:
        """The drawdown in percent of the peak; None while the peak is 0 or less."""
        if self.peak <= 0:
            return None
        return _percent((self.peak, self.peak if self.last is None else self.last.value))

    @property
    def max_drawdown(self) -> Decimal:
        """The largest fall from a peak; 0 when there was none, never negative."""
        return ZERO if self.fall is None else self.fall.amount

    @property
    def max_drawdown_percent(self) -> Decimal | None:
        """The largest fall in percent of its peak, at whatever moment; None while none counts."""
        return None if self.steepest is None else _percent(self.steepest)

    def observe(self, value: Decimal | None, at: datetime) -> HighWater:
        """Return the mark after the curve was ``value`` at ``at``; an unknown value is a gap.

        Samples come in time order.
        """
        span = summarise([Sample(at, value)])
        return self if span is None else self.after(span)

    @exact
    def after(self, span: Summary) -> HighWater:
        """Return the mark after a whole span of the curve; spans come in time order."""
        fall = self._fall(span)
        known = self.recovered_at if fall is self.fall else None
        higher = span.high.value > self.peak
        reached = span.high.value >= self.peak
        new = higher or (reached and self.peak_at is None)
        return HighWater(
            peak=span.high.value if higher else self.peak,
            peak_at=span.high.at if new else self.peak_at,
            last=span.last,
            fall=fall,
            recovered_at=known or (None if fall is None else _recovered(fall, span)),
            steepest=self._steepest(span),
            under_since=self._under_since(span, reached=reached),
            longest=self._longest(span) if reached else self.longest,
        )

    def after_all(self, spans: Iterable[Summary]) -> HighWater:
        """Return the mark after several spans, which come in time order."""
        mark = self
        for span in spans:
            mark = mark.after(span)
        return mark

    def _fall(self, span: Summary) -> Fall | None:
        low = span.low
        if low.value >= self.peak:
            return deepest(self.fall, span.fall)
        across = Fall(self.peak, self.peak_at, low.value, low.at)
        return deepest(self.fall, across, span.fall)

    def _steepest(self, span: Summary) -> Depth | None:
        best = self.steepest
        for peak, trough in span.depths:
            depth = max(peak, self.peak), trough
            if depth[0] > 0:
                best = depth if best is None else steeper(best, depth)
        return best

    def _under_since(self, span: Summary, *, reached: bool) -> datetime | None:
        if reached:
            return None if span.last.value == span.high.value else span.high_until
        if self.under_since is not None:
            return self.under_since
        return span.first.at if self.last is None else self.last.at

    def _longest(self, span: Summary) -> timedelta:
        if self.under_since is None:
            return self.longest
        return max(self.longest, span.high.at - self.under_since)


def _recovered(fall: Fall, span: Summary) -> datetime | None:
    """The first sample of the span that is known to have reached the fall's peak again."""
    if span.high.value < fall.peak:
        return None
    reached = (at for at in (span.high.at, span.high_until) if at > fall.trough_at)
    return next(reached, None)


@exact
def _percent(depth: Depth) -> Decimal:
    peak, value = depth
    return divide((peak - value) * _HUNDRED, peak)
