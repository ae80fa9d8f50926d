"""A curve in a bounded number of points that never hides its extremes."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from operator import itemgetter
from typing import Final

from app.domain.money import exact
from app.services.curves.points import CurvePoint

#: Highest, lowest, worst drawdown with its peak, last known, last: no chart has fewer.
LANDMARKS: Final = 6
#: Each bucket keeps up to this many: lowest, highest, worst drawdown, last, and a long gap.
PER_BUCKET: Final = 5

_Known = tuple[Decimal, Decimal, int]
"""P&L, drawdown, place in the curve."""

_PNL: Final = itemgetter(0)
_DRAWDOWN: Final = itemgetter(1)
_PLACE: Final = 2


def reduced(points: Sequence[CurvePoint], limit: int) -> Sequence[CurvePoint]:
    """Return at most ``limit`` (not fewer than ``LANDMARKS``) of the points, still in time order.

    The highest, the lowest and the last are among them, and so are the worst drawdown's trough and
    its peak, unless that lies before the first point.  A gap is left out only when it is short.
    """
    if len(points) <= limit:
        return points
    width = (points[-1].at - points[0].at) / ((limit - 1) // PER_BUCKET)
    known = [
        (point.pnl, point.drawdown, place)
        for place, point in enumerate(points)
        if point.pnl is not None and point.drawdown is not None
    ]
    kept = {len(points) - 1, *_long_gaps(points, width)}
    for bucket in _buckets(points, known, width):
        kept |= {each[_PLACE] for each in _extremes(bucket)}
    if known:
        kept |= _peak(known)
    return [points[place] for place in sorted(kept)]


def _buckets(
    points: Sequence[CurvePoint], known: Sequence[_Known], width: timedelta
) -> Iterator[Sequence[_Known]]:
    """Yield the known points of each ``width`` of time in which there are any."""
    instants = [points[each[_PLACE]].at for each in known]
    begin = 0
    while begin < len(known):
        number = (instants[begin] - points[0].at) // width
        end = bisect_left(instants, points[0].at + (number + 1) * width, begin + 1)
        # The very last point lies on the edge of the last bucket.
        yield known[begin:end]
        begin = end


def _extremes(known: Sequence[_Known]) -> tuple[_Known, ...]:
    return min(known, key=_PNL), max(known, key=_PNL), max(known, key=_DRAWDOWN), known[-1]


@exact
def _peak(known: Sequence[_Known]) -> set[int]:
    """The place of the peak from which the worst drawdown fell; none when that is no point."""
    worst = max(known, key=_DRAWDOWN)
    top = max(known[: known.index(worst) + 1], key=_PNL)
    return {top[_PLACE]} if top[0] - worst[0] == worst[1] else set()


def _long_gaps(points: Sequence[CurvePoint], width: timedelta) -> Iterator[int]:
    """Yield where the curve is unknown for longer than a bucket."""
    following: datetime | None = None
    for place in range(len(points) - 1, -1, -1):
        point = points[place]
        if point.pnl is not None:
            following = point.at
        elif following is not None and following - point.at > width:
            yield place
