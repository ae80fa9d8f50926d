"""The few values that a chart and a calendar need of a span, in whole numbers.

Amounts are counted in steps of 1e-18 (``QUANTUM``), the finest that is stored: a chart compares
thousands of them, and whole numbers take a third of the time that decimals do.
"""

from __future__ import annotations

from decimal import Decimal

from app.domain.money import CONTEXT, PLACES, ZERO
from app.services.ports import Rolled
from app.services.reads import Outline


def counted(amount: Decimal) -> int:
    """Return the amount in steps of 1e-18, half-even; everything that is stored is a whole one."""
    return int(CONTEXT.to_integral_value(CONTEXT.scaleb(amount, PLACES)))


def amount(count: int) -> Decimal:
    """Return so many steps of 1e-18 as an amount."""
    return Decimal(count).scaleb(-PLACES, CONTEXT)


def outline(span: Rolled) -> Outline:
    """Return the first, highest, lowest and last value of a span, and its largest fall."""
    summary = span.summary
    if summary is None:
        unknown_at = int(span.gap.at.timestamp()) if span.gap else span.at
        return Outline(span.at, span.until, (), unknown_at, still=False)
    points = {
        each.at: each.value for each in (summary.first, summary.high, summary.low, summary.last)
    }
    if summary.fall is not None:
        points[summary.fall.trough_at] = summary.fall.trough
        if summary.fall.peak_at is not None:
            points[summary.fall.peak_at] = summary.fall.peak
    values = [(int(at.timestamp()), counted(value)) for at, value in sorted(points.items())]
    gap_at = None if summary.gap_at is None else int(summary.gap_at.timestamp())
    return Outline(span.at, span.until, values, gap_at, still=span.open == ZERO)
