"""What the closed round trips of a range say: the figures, their groups and their spread."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Final

from app.domain.errors import InvalidInput
from app.domain.metrics import (
    Bin,
    Cut,
    Figures,
    Group,
    Period,
    Trade,
    distribution,
    figures,
    groups,
)
from app.domain.sessions import Roll, day_bounds, trading_day
from app.services.journal.desk import measured
from app.services.journal.ranges import Days, RangeName, days_of
from app.services.ports import Clock
from app.services.reads import ANY, Pick, Reads, Scope, Span
from app.services.views import Views

#: Round trips that are measured at once; more are refused, never left out.
MOST_TRIPS: Final = 100_000

_DAY: Final = timedelta(days=1)
_SATURDAY: Final = 5


@dataclass(frozen=True, slots=True)
class Choice:
    """Which round trips: of a scope, that ended in a range, and what else is asked of them."""

    scope: Scope
    range: RangeName | None = None
    start: date | None = None
    end: date | None = None
    pick: Pick = ANY


@dataclass(frozen=True, slots=True)
class Report:
    """The round trips of a choice, oldest first, measured over ``period``; ``roll`` cuts days."""

    period: Period
    roll: Roll
    trades: Sequence[Trade]
    figures: Figures

    @property
    def distribution(self) -> Sequence[Bin]:
        """How the nets of the round trips spread."""
        return distribution([each.trip.net for each in self.trades])

    def groups(self, cut: Cut) -> Sequence[Group]:
        """Return the round trips by ``cut``; weekday and hour are told in the roll's zone."""
        return groups(self.trades, cut, self.roll.zone)


class Measuring:
    """Reads round trips and measures them; nothing here changes anything."""

    def __init__(self, reads: Reads, views: Views, clock: Clock) -> None:
        self._reads = reads
        self._views = views
        self._clock = clock

    def report(self, choice: Choice) -> Report:
        """Return what the round trips of ``choice`` say.

        Raises NotFound for a strategy or account that is not the user's, InvalidInput for a range
        that makes no sense or holds too many round trips to be measured at once.
        """
        now, (days, roll) = self._clock.now(), self._days(choice)
        rows = self._reads.trips(
            choice.scope, MOST_TRIPS + 1, pick=choice.pick, span=_span(days, roll)
        )
        if len(rows) > MOST_TRIPS:
            raise InvalidInput(
                f"More than {MOST_TRIPS} round trips ended in this range; choose a shorter one.",
                fields={"range": "holds too many round trips"},
            )
        trades = [measured(row) for row in rows]
        period = _period(days, trades, roll, now)
        return Report(
            period, roll, trades, figures(trades, period, partial(trading_day, roll=roll))
        )

    def span(self, choice: Choice) -> Span:
        """Return the instants of the choice's days; raises as ``report`` does."""
        return _span(*self._days(choice))

    def _days(self, choice: Choice) -> tuple[Days, Roll]:
        roll = self._views.roll(choice.scope)
        today = trading_day(self._clock.now(), roll)
        return days_of(choice.range, today, choice.start, choice.end), roll


def _span(days: Days, roll: Roll) -> Span:
    """The instants of the days; those of nothing but a weekend may hold none."""
    start = None if days.first is None else _opening(days.first, roll)
    return Span(start, _opening(days.last + _DAY, roll))


def _opening(day: date, roll: Roll) -> datetime:
    """When the day begins; a weekend day that is none begins as its Monday does."""
    while roll.roll_weekend and day.weekday() >= _SATURDAY:
        day += _DAY
    return day_bounds(day, roll)[0]


def _period(days: Days, trades: Iterable[Trade], roll: Roll, now: datetime) -> Period:
    """The days measured: without a first one from the first entry on, and no day to come."""
    last = max(min(days.last, trading_day(now, roll)), days.first or date.min)
    first = days.first
    if first is None:
        entered = min((each.trip.opened_at for each in trades), default=now)
        first = min(trading_day(entered, roll), last)
        start = entered
    else:
        start = _opening(first, roll)
    end = min(_opening(last + _DAY, roll), now)
    return Period(first, last, start.astimezone(UTC), max(end, start))
