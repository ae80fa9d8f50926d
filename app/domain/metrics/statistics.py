"""Statistics on exact decimals: only square roots and quotients round, to 18 places."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from app.domain.money import CONTEXT, QUANTUM, ZERO, divide, exact


@exact
def mean(values: Sequence[Decimal]) -> Decimal | None:
    """Return the average; None of nothing."""
    return divide(sum(values, ZERO), Decimal(len(values))) if values else None


@exact
def deviation(values: Sequence[Decimal]) -> Decimal | None:
    """Return the standard deviation of a sample (over n - 1); None below two values."""
    return spread(len(values), sum(values, ZERO), sum((value * value for value in values), ZERO))


@exact
def spread(count: int, total: Decimal, squares: Decimal) -> Decimal | None:
    """Return the standard deviation of a sample by its size, sum and sum of squares."""
    if count < 2:
        return None
    return root(CONTEXT.divide(squares * count - total**2, Decimal(count * (count - 1))))


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
