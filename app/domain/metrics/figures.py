"""All the figures of one choice of round trips, over a period of trading days.

Everything is counted when a round trip ends and by what it earned after fees; ratios of daily
results take the days' money on a fixed base, so that no capital has to be guessed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Final

from app.domain.metrics.results import Metrics, measure
from app.domain.metrics.statistics import deepest_fall, deviation, downside, mean, ratio, root
from app.domain.metrics.trades import Trade
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


@exact
def figures(trades: Iterable[Trade], period: Period, day: Callable[[datetime], date]) -> Figures:
    """Return the figures of ``trades``, which ended in ``period`` and share one currency.

    ``day`` is the trading day of an instant.
    """
    kept = sorted(trades, key=lambda each: (each.trip.closed_at, each.trip.closing_fill_id))
    nets = [each.trip.net for each in kept]
    won, lost = [net for net in nets if net > 0], [net for net in nets if net < 0]
    multiples = [each.r for each in kept if each.r is not None]
    results, fall = measure(each.trip for each in kept), deepest_fall(nets)
    daily = _daily(kept, period, day)
    streaks = _streaks(nets)
    average_win, average_loss = mean(won), mean(lost)
    yearly = ratio(results.net * _YEAR, Decimal(period.days))
    return Figures(
        results=results,
        gross=sum((each.trip.gross for each in kept), ZERO),
        fees=sum((each.trip.commission for each in kept), ZERO),
        average_win=average_win,
        average_loss=average_loss,
        largest_win=max(won, default=None),
        largest_loss=min(lost, default=None),
        payoff=None if average_loss is None else ratio(average_win, -average_loss),
        with_stop=len(multiples),
        expectancy_r=mean(multiples),
        longest_wins=max(streaks, default=0),
        longest_losses=-min(streaks, default=0),
        streak=streaks[-1] if streaks else 0,
        max_drawdown=fall,
        recovery_factor=ratio(results.net, fall),
        sharpe=_yearly(mean(daily), deviation(daily)),
        sortino=_yearly(mean(daily), downside(daily)),
        calmar=ratio(yearly, fall),
        sqn=_sqn(nets),
        exposure=_exposure(kept, period),
        average_hold=_average_hold(kept),
    )


def _daily(
    trades: Sequence[Trade], period: Period, day: Callable[[datetime], date]
) -> list[Decimal]:
    """The net of each trading day, 0 on weekdays without a round trip."""
    count = range(period.days)
    days = {at: ZERO for at in (period.first + each * _DAY for each in count) if _weekday(at)}
    for each in trades:
        ended = day(each.trip.closed_at)
        days[ended] = days.get(ended, ZERO) + each.trip.net
    return list(days.values())


def _weekday(day: date) -> bool:
    return day.weekday() < _SATURDAY


def _yearly(average: Decimal | None, spread: Decimal | None) -> Decimal | None:
    if average is None or not spread:
        return None
    return ratio(average * root(_TRADING_YEAR), spread)


def _sqn(nets: Sequence[Decimal]) -> Decimal | None:
    average, spread = mean(nets), deviation(nets)
    if average is None or not spread:
        return None
    return ratio(average * root(Decimal(min(len(nets), _MOST_SQN))), spread)


def _streaks(nets: Sequence[Decimal]) -> list[int]:
    """The streak that runs after each round trip: above 0 winning, below 0 losing, 0 at a 0."""
    running = [0]
    for net in nets:
        sign = (net > 0) - (net < 0)
        before = running[-1]
        running.append(before + sign if before * sign > 0 else sign)
    return running[1:]


def _exposure(trades: Sequence[Trade], period: Period) -> Decimal | None:
    """The share of the period in which at least one of the round trips was open."""
    whole = period.end - period.start
    if whole <= timedelta():
        return None
    spans = sorted((max(t.trip.opened_at, period.start), t.trip.closed_at) for t in trades)
    held, until = timedelta(), period.start
    for opened, closed in spans:
        held += max(min(closed, period.end) - max(opened, until), timedelta())
        until = max(until, closed)
    return ratio(_seconds(held), _seconds(whole))


def _average_hold(trades: Sequence[Trade]) -> timedelta | None:
    held = sum((each.trip.closed_at - each.trip.opened_at for each in trades), timedelta())
    return held / len(trades) if trades else None


def _seconds(length: timedelta) -> Decimal:
    return Decimal(length // timedelta(microseconds=1))
