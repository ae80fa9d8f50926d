"""The points of a curve: what a chart draws of its spans or of its single seconds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final, NamedTuple

from app.domain.equity import Summary
from app.domain.money import ZERO, exact
from app.services.history.rolling import HOLDS
from app.services.ports import Rolled, Sample
from app.services.reads import Outline

_HOLDS: Final = timedelta(seconds=HOLDS)


Value = tuple[datetime, Decimal]
"""What a curve was worth at an instant."""


class CurvePoint(NamedTuple):
    """One instant of a curve: P&L (money) and how far it is below the highest until then (>= 0).

    Both are None where the curve becomes unknown.  ``live`` is the value of this moment.
    """

    at: datetime
    pnl: Decimal | None
    drawdown: Decimal | None
    live: bool = False


def second(at: datetime, equity: Decimal | None, *, flat: bool) -> Outline:
    """Return a single instant; ``flat`` when nothing was held."""
    epoch = int(at.timestamp())
    if equity is None:
        return Outline(epoch, epoch + 1, (), at, still=False)
    return Outline(epoch, epoch + 1, [(at, equity)], None, flat)


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
        (_instant(row.at), base + row.realised + row.open) for row in rows if row.open is not None
    ]
    unknown_at = _instant(last.at) if last.open is None else None
    return Outline(rows[0].at, end, values, unknown_at, last.open == ZERO)


def outline(span: Rolled) -> Outline:
    """Return the first, highest, lowest and last value of a span, and its largest fall."""
    summary = span.summary
    if summary is None:
        unknown_at = span.gap.at if span.gap else _instant(span.at)
        return Outline(span.at, span.until, (), unknown_at, still=False)
    values = _outline(summary)
    return Outline(span.at, span.until, values, summary.gap_at, span.open == ZERO)


def _outline(span: Summary) -> Sequence[Value]:
    points = {each.at: each.value for each in (span.first, span.high, span.low, span.last)}
    if span.fall is not None:
        points[span.fall.trough_at] = span.fall.trough
        if span.fall.peak_at is not None:
            points[span.fall.peak_at] = span.fall.peak
    return sorted(points.items())


def joined(stretches: Iterable[Outline]) -> Iterator[tuple[datetime, Decimal | None]]:
    """Yield the values of stretches in time order, and one gap wherever there is one.

    A gap is where a value was unknown, or where something was held and no value came for as long as
    one holds.  Where a stretch begins before the one before it ended, its beginning is left out.
    """
    gap: datetime | None = None
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


def _lapsed(before: Outline | None, following: datetime) -> datetime | None:
    if before is None or before.still:
        return None
    lapses = before.values[-1][0] + _HOLDS
    return lapses if lapses < following else None


@exact
def drawn(
    values: Iterable[tuple[datetime, Decimal | None]], peak: Decimal, base: Decimal
) -> list[CurvePoint]:
    """Return values of equity as points of P&L: ``base`` is the equity at a P&L of 0.

    ``peak`` is the highest equity before them.
    """
    points = []
    for at, value in values:
        if value is None:
            points.append(CurvePoint(at, None, None))
            continue
        peak = max(peak, value)
        points.append(CurvePoint(at, value - base, peak - value))
    return points


def _instant(at: int) -> datetime:
    return datetime.fromtimestamp(at, UTC)
