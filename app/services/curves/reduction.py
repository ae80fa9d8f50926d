"""A curve in a bounded number of spots that never hides its extremes."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from app.services.curves.points import Spot

#: Highest, lowest, worst drawdown with its peak, last known, last: no chart has fewer.
LANDMARKS: Final = 6
#: Each bucket keeps up to this many: lowest, highest, worst drawdown, last, and a long gap.
PER_BUCKET: Final = 5


def reduced(spots: Sequence[Spot], limit: int) -> Sequence[Spot]:
    """Return at most ``limit`` (not fewer than ``LANDMARKS``) of the spots, still in time order.

    The highest, the lowest and the last are among them, and so are the worst drawdown's trough and
    its peak, unless that lies before the first spot.  A gap is left out only when it is short.
    """
    if len(spots) <= limit:
        return spots
    start = int(spots[0][0])
    buckets = _Buckets(start, max(1, int(spots[-1][0]) - start), (limit - 1) // PER_BUCKET)
    known = [place for place, (_, value, _) in enumerate(spots) if value is not None]
    kept = {len(spots) - 1, *_long_gaps(spots, buckets)}
    if known:
        kept |= {known[each] for each in _extremes([spots[place] for place in known], buckets)}
    return [spots[place] for place in sorted(kept)]


@dataclass(frozen=True, slots=True)
class _Buckets:
    """So many buckets of equal length, from one epoch second on; their edges are exact."""

    start: int
    seconds: int
    count: int

    def cut(self, instants: Sequence[float]) -> Iterator[range]:
        """Yield the places of the instants in each bucket in which there are any."""
        begin = 0
        while begin < len(instants):
            following = (int(instants[begin]) - self.start) * self.count // self.seconds + 1
            edge = self.start - -following * self.seconds // self.count
            # The very last instant lies on the edge of the last bucket.
            last = following >= self.count
            end = len(instants) if last else bisect_left(instants, edge, begin + 1)
            yield range(begin, end)
            begin = end

    def exceeded(self, seconds: float) -> bool:
        """Whether that is longer than a bucket."""
        return seconds * self.count > self.seconds


def _extremes(known: Sequence[Spot], buckets: _Buckets) -> set[int]:
    """The places that stand for their buckets, and the peak of the worst drawdown."""
    instants, values, drawdowns = zip(*known, strict=True)
    value, drawdown = values.__getitem__, drawdowns.__getitem__
    kept = _peak(values, drawdowns)
    for each in buckets.cut(instants):
        kept |= {min(each, key=value), max(each, key=value), max(each, key=drawdown), each[-1]}
    return kept


def _peak(values: Sequence[int], drawdowns: Sequence[int]) -> set[int]:
    """The place of the peak from which the worst drawdown fell; none when that is no spot."""
    worst = drawdowns.index(max(drawdowns))
    top = max(values[: worst + 1])
    return {values.index(top)} if top - values[worst] == drawdowns[worst] else set()


def _long_gaps(spots: Sequence[Spot], buckets: _Buckets) -> Iterator[int]:
    """Yield where the curve is unknown for longer than a bucket."""
    following: float | None = None
    for place in range(len(spots) - 1, -1, -1):
        at, value, _ = spots[place]
        if value is not None:
            following = at
        elif following is not None and buckets.exceeded(following - at):
            yield place
