"""What the curve of a scope was like on each day: its highest, its lowest, its largest fall."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from itertools import accumulate, pairwise
from typing import Final

from app.services.calendar.parts import OpenBook, Part, grid
from app.services.history.outlines import amount, counted, outline
from app.services.ports import Level
from app.services.reads import Outline, Reads, Scope

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
        base, ends = counted(self._reads.base(series_id)), (wanted[0][1], wanted[-1][2])
        kept = {
            (each.at, each.until): each
            for each in self._reads.outlines(series_id, Level.DAY, *ends)
        }
        missing = [day for day, *edges in wanted if tuple(edges) not in kept]
        pieced = set(missing[-MOST_PIECED:])
        for day, begins, until in wanted:
            whole = kept.get((begins, until))
            parts: Sequence[Outline] = [whole] if whole else []
            if day in pieced:
                self._pause()
                parts = [*map(outline, self._reads.covering(series_id, begins, until))]
            values = _within(parts, begins, until)
            if values:
                yield day, _day_curve(values, base)


def _meets(day: tuple[date, int, int], first: int, last: int) -> bool:
    """Whether something was recorded before the day's end and after its begin."""
    return day[1] <= last and first < day[2]


def _within(parts: Sequence[Outline], begins: int, until: int) -> Sequence[int]:
    """The equity that the parts are drawn with; nothing when one reaches over an edge."""
    if any(part.at < begins or part.until > until for part in parts):
        return ()
    return [value for part in parts for _, value in part.values]


def _day_curve(values: Sequence[int], base: int) -> DayCurve:
    """What the values come to; the largest fall is between a highest and a lowest of the parts."""
    falls = (peak - value for peak, value in zip(accumulate(values, max), values, strict=True))
    return DayCurve(
        high=amount(max(values) - base),
        low=amount(min(values) - base),
        max_drawdown=amount(max(falls)),
    )
