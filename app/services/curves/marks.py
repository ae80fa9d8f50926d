"""The high-water mark of a curve over a range, from the spans that cover it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from app.domain.equity import Fall, HighWater, Point, Summary
from app.domain.money import divide, exact
from app.services.ports import Rolled
from app.services.reads import Outline

_HUNDRED: Final = Decimal(100)


@dataclass(frozen=True, slots=True)
class Drawdowns:
    """The falls of a curve within a range, in equity: P&L and the capital that it began with.

    ``mark`` has the highest value of all history until the range's end, and of the range alone the
    largest fall below it, the steepest one and the longest time under water.  ``until`` is the end
    of the range, or this moment; ``base`` the equity at a P&L of 0.  ``unknown`` says that the last
    value cannot be told, so that ``mark`` ends with the last one known before.
    """

    mark: HighWater
    base: Decimal
    until: datetime
    unknown: bool = False

    @property
    @exact
    def percent(self) -> Decimal | None:
        """The largest fall in percent of its peak; None without one, or at a peak of 0 or less."""
        fall = self.mark.fall
        if fall is None or fall.peak <= 0:
            return None
        return divide(fall.amount * _HUNDRED, fall.peak)

    @property
    def under_water(self) -> timedelta:
        """How long the curve has been below its highest value at the end; 0 at it."""
        since = self.mark.under_since
        return timedelta() if since is None else self.until - since

    @property
    def longest(self) -> timedelta:
        """The longest time below a highest value within the range, the present one included."""
        return max(self.mark.longest, self.under_water)


def summaries(spans: Iterable[Rolled]) -> Iterator[Summary]:
    """Yield what is known of the spans."""
    return (span.summary for span in spans if span.summary is not None)


def decisive(stretches: Sequence[Outline]) -> Sequence[Outline]:
    """Return the stretches that the mark after all of them comes from, still in time order.

    They are the last, the first and the last known, and the first and the last at the highest.
    """
    tops = {
        place: max(value for _, value in each.values)
        for place, each in enumerate(stretches)
        if each.values
    }
    if not tops:
        return stretches[-1:]
    known, highest = list(tops), max(tops.values())
    reached = [place for place in known if tops[place] == highest]
    chosen = {known[0], reached[0], reached[-1], known[-1], len(stretches) - 1}
    return [stretches[place] for place in sorted(chosen)]


def carried(before: HighWater) -> HighWater:
    """Return the mark with which a range begins: highest value and all, and no fall yet."""
    return replace(before, fall=None, recovered_at=None, steepest=None, longest=timedelta())


def observed(mark: HighWater, points: Sequence[Point]) -> HighWater:
    """Return the mark after single values, leaving out any that is not after the last one."""
    for point in points:
        if mark.last is None or mark.last.at < point.at:
            mark = mark.observe(point.value, point.at)
    return mark


def regained(fall: Fall, span: Rolled) -> datetime | None:
    """Return when the span is known to have reached the fall's peak again; None when it did not."""
    summary = span.summary
    if summary is None or summary.high.value < fall.peak:
        return None
    reached = (at for at in (summary.high.at, summary.high_until) if at > fall.trough_at)
    return next(reached, None)
