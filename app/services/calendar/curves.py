"""What the curve of a scope was like on each day: its highest, its lowest, its largest fall."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import reduce
from itertools import pairwise
from typing import Final

from app.domain.equity import Summary
from app.domain.money import CONTEXT, ZERO
from app.services.calendar.parts import OpenBook, Part, grid
from app.services.ports import Level, Rolled
from app.services.reads import Reads, Scope

#: Days that are put together from shorter spans at once, the newest: those that are not rolled up
#: yet, or were by another roll.
MOST_PIECED: Final = 40


@dataclass(frozen=True, slots=True)
class DayCurve:
    """The highest and the lowest P&L of the curve on a day, and its largest fall within it."""

    high: Decimal
    low: Decimal
    max_drawdown: Decimal


class DayCurves:
    """Tells of each day what the recorded curve came to; ``pause`` lets others have their turn."""

    def __init__(self, reads: Reads, curves: OpenBook, pause: Callable[[], None]) -> None:
        self._reads = reads
        self._curves = curves
        self._pause = pause

    def of(
        self, scope: Scope, parts: Sequence[Part], days: Collection[date], now: datetime
    ) -> Mapping[date, DayCurve]:
        """Return what the curve was like on those of ``days`` that are known.

        Nothing is where the accounts have days of their own: their curve has none.
        """
        rolls = {part.roll for part in parts}
        series_id = self._curves.curve_id(scope.user_id, scope.strategy_id, scope.account_id)
        if len(rolls) != 1 or series_id is None or not days:
            return {}
        found = grid(min(days), max(days), rolls.pop())
        wanted = [
            (day, *edges)
            for day, edges in zip(found.days, pairwise(found.edges), strict=True)
            if day in days and edges[0] <= now.timestamp()
        ]
        return dict(self._told(series_id, wanted))

    def _told(
        self, series_id: int, wanted: Sequence[tuple[date, int, int]]
    ) -> Iterator[tuple[date, DayCurve]]:
        extent = self._reads.extent(series_id)
        wanted = [each for each in wanted if extent and _meets(each, *extent)]
        if not wanted:
            return
        base, ends = self._reads.base(series_id), (wanted[0][1], wanted[-1][2])
        kept = {
            (span.at, span.until): span for span in self._reads.spans(series_id, Level.DAY, *ends)
        }
        missing = [day for day, *edges in wanted if tuple(edges) not in kept]
        pieced = set(missing[-MOST_PIECED:])
        for day, begins, until in wanted:
            whole = kept.get((begins, until))
            spans: Sequence[Rolled] = [whole] if whole else []
            if day in pieced:
                self._pause()
                spans = self._reads.covering(series_id, begins, until)
            summary = _within(spans, begins, until)
            if summary is not None:
                yield day, _day_curve(summary, base)


def _meets(day: tuple[date, int, int], first: int, last: int) -> bool:
    """Whether something was recorded before the day's end and after its begin."""
    return day[1] <= last and first < day[2]


def _within(spans: Sequence[Rolled], begins: int, until: int) -> Summary | None:
    """What the spans come to; None when nothing is known, or one reaches over an edge."""
    if any(span.at < begins or span.until > until for span in spans):
        return None
    known = [span.summary for span in spans if span.summary is not None]
    return reduce(Summary.merge, known) if known else None


def _day_curve(summary: Summary, base: Decimal) -> DayCurve:
    return DayCurve(
        high=CONTEXT.subtract(summary.high.value, base),
        low=CONTEXT.subtract(summary.low.value, base),
        max_drawdown=ZERO if summary.fall is None else summary.fall.amount,
    )
