"""The equity of a funded account as a chart draws it, with the floor below it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

from app.propfirm import FundedMinute
from app.services.funded.chronicle import MINUTE_S, minute_of

#: Minutes that are read at once: a few milliseconds.
_PART: Final = 1440


@dataclass(frozen=True, slots=True)
class EquityPoint:
    """A stretch of minutes from ``at`` on: highest, lowest and last equity, and its last floor."""

    at: datetime
    high: Decimal
    low: Decimal
    last: Decimal
    floor: Decimal


@dataclass(slots=True)
class Spread:
    """The minutes from ``first`` to ``last``, both in it, ``size`` of them drawn as one point."""

    first: int
    last: int
    size: int
    _points: dict[int, EquityPoint] = field(default_factory=dict)

    @staticmethod
    def over(start: datetime, end: datetime, most: int) -> Spread:
        """Return the spread of a span of time over at most ``most`` points."""
        first, last = minute_of(start), minute_of(end)
        return Spread(first, last, max(-(-(last - first + 1) // most), 1))

    def parts(self) -> Iterator[tuple[int, int]]:
        """Yield the minutes to be read at once, the first and the last of each part."""
        for first in range(self.first, self.last + 1, _PART):
            yield first, min(first + _PART - 1, self.last)

    def take(self, minutes: Iterable[FundedMinute]) -> None:
        """Draw these minutes, which come in time order."""
        for each in minutes:
            place = (each.minute - self.first) // self.size
            known = self._points.get(place)
            if known is None:
                at = datetime.fromtimestamp(each.minute * MINUTE_S, UTC)
                self._points[place] = EquityPoint(at, each.high, each.low, each.last, each.floor)
                continue
            self._points[place] = replace(
                known,
                high=max(known.high, each.high),
                low=min(known.low, each.low),
                last=each.last,
                floor=each.floor,
            )

    @property
    def points(self) -> Sequence[EquityPoint]:
        """What was drawn, oldest first."""
        return [self._points[place] for place in sorted(self._points)]
