"""Statistics on exact decimals: only square roots and quotients round, to 18 places."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

from app.domain.money import CONTEXT, QUANTUM, ZERO, divide, exact


@exact
def mean(values: Sequence[Decimal]) -> Decimal | None:
    """Return the average; None of nothing."""
    return divide(sum(values, ZERO), Decimal(len(values))) if values else None


@exact
def deviation(values: Sequence[Decimal]) -> Decimal | None:
    """Return the standard deviation of a sample (over n - 1); None below two values."""
    count = len(values)
    if count < 2:
        return None
    squares = sum((value * value for value in values), ZERO) * count - sum(values, ZERO) ** 2
    return root(CONTEXT.divide(squares, Decimal(count * (count - 1))))


@exact
def downside(values: Sequence[Decimal]) -> Decimal | None:
    """Return the root of the mean of the squares of what is below 0, over all n; None of none."""
    squares = sum((value * value for value in values if value < 0), ZERO)
    return root(CONTEXT.divide(squares, Decimal(len(values)))) if values else None


def root(value: Decimal) -> Decimal:
    """Return the square root to 18 places."""
    return CONTEXT.sqrt(value).quantize(QUANTUM, context=CONTEXT)


def ratio(numerator: Decimal | None, denominator: Decimal | None) -> Decimal | None:
    """Return the quotient; None when a part is unknown or there is nothing to divide by."""
    return None if numerator is None or not denominator else divide(numerator, denominator)


@exact
def deepest_fall(changes: Iterable[Decimal]) -> Decimal:
    """Return how far the running sum of ``changes``, from 0, fell below its peak; 0 if never."""
    level = peak = worst = ZERO
    for change in changes:
        level += change
        peak = max(peak, level)
        worst = max(worst, peak - level)
    return worst
