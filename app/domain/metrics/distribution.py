"""How the results of round trips spread: counts in bins of one round width, with an edge at 0."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal
from typing import Final

from app.domain.money import CONTEXT, ONE, exact

#: More bins than this are never made.
MOST_BINS: Final = 20
_STEPS: Final = (Decimal(1), Decimal(2), Decimal(5), Decimal(10))


@dataclass(frozen=True, slots=True)
class Bin:
    """How many results lie from ``low`` (in it) to ``high`` (not in it), money."""

    low: Decimal
    high: Decimal
    count: int


class Spread:
    """Bins from ``low`` to ``high``, both results that occur, which are counted piece by piece.

    Their width is 1, 2 or 5 times a power of ten, the finest that needs at most 20 of them.
    """

    def __init__(self, low: Decimal, high: Decimal) -> None:
        widths = _widths(max(high - low, abs(low), abs(high)))
        self._width = next(each for each in widths if _fits(low, high, each))
        self._counts: Counter[int] = Counter()

    def add(self, nets: Iterable[tuple[Decimal, int]]) -> None:
        """Count results, each with how often it occurred."""
        for net, count in nets:
            self._counts[_index(net, self._width)] += count

    @exact
    def bins(self) -> Sequence[Bin]:
        """Return the bins from the lowest to the highest, empty ones between them too."""
        counts, width = self._counts, self._width
        return [
            Bin(index * width, (index + 1) * width, counts[index])
            for index in range(min(counts), max(counts) + 1)
        ]


def distribution(nets: Sequence[Decimal]) -> Sequence[Bin]:
    """Return the bins of ``nets``; none of nothing."""
    if not nets:
        return []
    spread = Spread(min(nets), max(nets))
    spread.add(Counter(nets).items())
    return spread.bins()


def _widths(size: Decimal) -> list[Decimal]:
    """Round widths around a twentieth of ``size``, the finest first."""
    if not size:
        return [ONE]
    power = CONTEXT.divide(size, Decimal(MOST_BINS)).adjusted()
    return [step.scaleb(power + more) for more in (0, 1) for step in _STEPS]


def _fits(low: Decimal, high: Decimal, width: Decimal) -> bool:
    return _index(high, width) - _index(low, width) < MOST_BINS


def _index(net: Decimal, width: Decimal) -> int:
    return int(CONTEXT.divide(net, width).to_integral_value(rounding=ROUND_FLOOR))
