"""The trading days of a curve: each day's close, P&L, high and low."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from app.domain.equity.samples import CashFlow, flows_until
from app.domain.equity.summary import Summary
from app.domain.money import ZERO, exact


@dataclass(frozen=True, slots=True)
class CurveDay:
    """A trading day of a curve, in the quote currency.

    ``close`` is the account's money at the day's last sample, deposits and payouts included; all
    else is without them: ``pnl`` from the close of the day before, ``high`` and ``low`` the
    highest and lowest value.  ``samples`` counts the known ones.
    """

    day: date
    close: Decimal
    pnl: Decimal
    high: Decimal
    low: Decimal
    samples: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """How many days won, and the P&L of the best and the worst day; None without a day."""

    winning_days: int
    best_day: Decimal | None
    worst_day: Decimal | None


@exact
def curve_days(
    days: Iterable[tuple[date, Summary]], start: Decimal, flows: Sequence[CashFlow] = ()
) -> tuple[CurveDay, ...]:
    """Return the days of a curve from the summary of each, oldest first.

    ``start`` is the value before the first of them; ``flows`` are what was taken out of the curve
    (``without_flows``) and is in the close again.  A day without a known sample is not there.
    """
    found: list[CurveDay] = []
    before = start
    for day, span in days:
        last = span.last
        found.append(
            CurveDay(
                day=day,
                close=last.value + flows_until(flows, last.at),
                pnl=last.value - before,
                high=span.high.value,
                low=span.low.value,
                samples=span.samples,
            )
        )
        before = last.value
    return tuple(found)


def outcome(days: Iterable[CurveDay]) -> Outcome:
    """Return how the days went; a day that earned nothing is no winning day."""
    results = [day.pnl for day in days]
    return Outcome(
        winning_days=sum(result > ZERO for result in results),
        best_day=max(results, default=None),
        worst_day=min(results, default=None),
    )
