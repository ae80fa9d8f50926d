"""All the figures of one choice of round trips, over a period of trading days.

Everything is counted when a round trip ends and by what it earned after fees; ratios of daily
results take the days' money on a fixed base, so that no capital has to be guessed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Final

from app.domain.metrics.closed import ClosedTrip
from app.domain.metrics.results import Metrics
from app.domain.metrics.running import Running, Sums
from app.domain.metrics.statistics import deviation, downside, mean, ratio, root
from app.domain.money import ZERO, exact

#: Below this many round trips a ratio says more about chance than about the trading.
ENOUGH: Final = 30
#: Trading days and calendar days of a year.
_TRADING_YEAR: Final = Decimal(252)
_YEAR: Final = Decimal(365)
#: The system quality number counts at most so many round trips.
_MOST_SQN: Final = 100
_DAY: Final = timedelta(days=1)
_SATURDAY: Final = 5


@dataclass(frozen=True, slots=True)
class Period:
    """What the figures are about: trading days, both included, and the instants they span."""

    first: date
    last: date
    start: datetime
    end: datetime

    @property
    def days(self) -> int:
        """Calendar days from the first to the last, both counted."""
        return (self.last - self.first).days + 1


@dataclass(frozen=True, slots=True)
class Figures:
    """What one choice of round trips says; each definition is in docs/metrics.md.

    Money is in the quote currency; average and largest loss are negative amounts, ``fees`` and
    ``max_drawdown`` positive ones.  What has no value (no loss, no stop, no spread) is None.
    ``exposure`` is a share of the period, 0 to 1; streaks count round trips, the ``streak`` that
    is running is negative when it loses.
    """

    results: Metrics
    gross: Decimal
    fees: Decimal
    average_win: Decimal | None
    average_loss: Decimal | None
    largest_win: Decimal | None
    largest_loss: Decimal | None
    payoff: Decimal | None
    with_stop: int
    expectancy_r: Decimal | None
    longest_wins: int
    longest_losses: int
    streak: int
    max_drawdown: Decimal
    recovery_factor: Decimal | None
    sharpe: Decimal | None
    sortino: Decimal | None
    calmar: Decimal | None
    sqn: Decimal | None
    exposure: Decimal | None
    average_hold: timedelta | None

    @property
    def few(self) -> bool:
        """Whether there are too few round trips for the ratios to mean much."""
        return self.results.round_trips < ENOUGH


def figures(
    trips: Iterable[ClosedTrip], period: Period, day: Callable[[datetime], date]
) -> Figures:
    """Return the figures of ``trips``, which ended in ``period`` and share one currency.

    ``day`` is the trading day of an instant.
    """
    running = Running(day, period.start)
    running.add(sorted(trips, key=lambda each: each.closed_at))
    return told(running, period)


@exact
def told(running: Running, period: Period) -> Figures:
    """Return the figures of the round trips that were added, which ended in ``period``."""
    tally, nets, streaks = running.tally, running.nets, running.streaks
    results, fall = tally.results, nets.fall
    average_win = ratio(results.gross_profit, Decimal(results.wins))
    average_loss = ratio(-results.gross_loss, Decimal(results.losses))
    daily = _daily(running.days, period)
    yearly = ratio(results.net * _YEAR, Decimal(period.days))
    return Figures(
        results=results,
        gross=tally.gross,
        fees=tally.fees,
        average_win=average_win,
        average_loss=average_loss,
        largest_win=running.highest if results.wins else None,
        largest_loss=running.lowest if results.losses else None,
        payoff=None if average_loss is None else ratio(average_win, -average_loss),
        with_stop=tally.with_stop,
        expectancy_r=tally.expectancy_r,
        longest_wins=streaks.longest,
        longest_losses=-streaks.deepest,
        streak=streaks.running,
        max_drawdown=fall,
        recovery_factor=ratio(results.net, fall),
        sharpe=_yearly(mean(daily), deviation(daily)),
        sortino=_yearly(mean(daily), downside(daily)),
        calmar=ratio(yearly, fall),
        sqn=_sqn(nets),
        exposure=_exposure(running, period),
        average_hold=running.held.sum / results.round_trips if results.round_trips else None,
    )


def _daily(days: Mapping[date, Decimal], period: Period) -> list[Decimal]:
    """The net of each trading day, 0 on weekdays without a round trip."""
    count = range(period.days)
    empty = {at: ZERO for at in (period.first + each * _DAY for each in count) if _weekday(at)}
    return list({**empty, **days}.values())


def _weekday(day: date) -> bool:
    return day.weekday() < _SATURDAY


def _yearly(average: Decimal | None, spread: Decimal | None) -> Decimal | None:
    if average is None or not spread:
        return None
    return ratio(average * root(_TRADING_YEAR), spread)


def _sqn(nets: Sums) -> Decimal | None:
    average, spread = nets.mean, nets.deviation
    if average is None or not spread:
        return None
    return ratio(average * root(Decimal(min(nets.count, _MOST_SQN))), spread)


def _exposure(running: Running, period: Period) -> Decimal | None:
    """The share of the period in which at least one of the round trips was open."""
    whole = period.end - period.start
    if whole <= timedelta():
        return None
    return ratio(_microseconds(running.held.until(period.end)), _microseconds(whole))


def _microseconds(length: timedelta) -> Decimal:
    return Decimal(length // timedelta(microseconds=1))
