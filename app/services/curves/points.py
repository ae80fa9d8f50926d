"""The points of a curve: what a chart draws of its spans or of its single seconds.

Until it is told what is drawn, a curve is in epoch seconds and in steps of 1e-18, as its outlines.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import NamedTuple

from app.domain.money import ZERO, exact
from app.services.history.outlines import amount, counted
from app.services.history.rolling import HOLDS
from app.services.ports import Sample
from app.services.reads import Outline

Value = tuple[float, int]
"""An instant and the equity then."""

Spot = tuple[float, int | None, int | None]
"""An instant, the equity then, and how far it is below the highest; None where it is unknown."""


class CurvePoint(NamedTuple):
    """One instant of a curve: P&L (money) and how far it is below the highest until then (>= 0).

    Both are None where the curve becomes unknown.  ``live`` is the value of this moment.
    """

    at: datetime
    pnl: Decimal | None
    drawdown: Decimal | None
    live: bool = False


def second(at: float, equity: Decimal | None, *, flat: bool) -> Outline:
    """Return a single instant; ``flat`` when nothing was held."""
    if equity is None:
        return Outline(int(at), int(at) + 1, (), at, still=False)
    return Outline(int(at), int(at) + 1, [(at, counted(equity))], None, flat)


def recorded(rows: Iterable[Sample], base: Decimal, end: int) -> list[Outline]:
    """Return recorded seconds until ``end``, in runs that are known from one to the next."""
    runs: list[list[Sample]] = []
    for row in rows:
        if not runs or runs[-1][-1].open is None or row.at - runs[-1][-1].at > HOLDS:
            runs.append([])
        runs[-1].append(row)
    return [_run(run, base, end) for run in runs]


@exact
def _run(rows: Sequence[Sample], base: Decimal, end: int) -> Outline:
    last = rows[-1]
    values = [
        (row.at, counted(base + row.realised + row.open)) for row in rows if row.open is not None
    ]
    unknown_at = last.at if last.open is None else None
    return Outline(rows[0].at, end, values, unknown_at, last.open == ZERO)


def joined(stretches: Iterable[Outline]) -> Iterator[tuple[float, int | None]]:
    """Yield the values of stretches in time order, and one gap wherever there is one.

    A gap is where a value was unknown, or where something was held and no value came for as long as
    one holds.  Where a stretch begins before the one before it ended, its beginning is left out.
    """
    gap: float | None = None
    before: Outline | None = None
    for stretch in stretches:
        values = _after(before, stretch.values)
        if values:
            gap = gap or _lapsed(before, values[0][0])
            if gap is not None:
                yield gap, None
            yield from values
            gap, before = None, stretch
        gap = gap or stretch.unknown_at
    if gap is not None:
        yield gap, None


def _after(before: Outline | None, values: Sequence[Value]) -> Sequence[Value]:
    if before is None or not values or before.values[-1][0] < values[0][0]:
        return values
    return [each for each in values if each[0] > before.values[-1][0]]


def _lapsed(before: Outline | None, following: float) -> float | None:
    if before is None or before.still:
        return None
    lapses = before.values[-1][0] + HOLDS
    return lapses if lapses < following else None


def drawn(values: Iterable[tuple[float, int | None]], peak: int) -> list[Spot]:
    """Return how far each value is below the highest until then; ``peak`` is that before them."""
    spots: list[Spot] = []
    for at, value in values:
        if value is None:
            spots.append((at, None, None))
            continue
        peak = max(peak, value)
        spots.append((at, value, peak - value))
    return spots


def told(spots: Iterable[Spot], base: Decimal) -> list[CurvePoint]:
    """Return what is drawn as points of P&L: ``base`` is the equity at a P&L of 0."""
    zero = counted(base)
    return [
        CurvePoint(
            datetime.fromtimestamp(at, UTC),
            None if value is None else amount(value - zero),
            None if drawdown is None else amount(drawdown),
        )
        for at, value, drawdown in spots
    ]
