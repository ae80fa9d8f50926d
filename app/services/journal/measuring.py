"""What the closed round trips of a range say: the figures, their groups and their spread."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import islice
from typing import Final

from app.domain.equity import DayFinder
from app.domain.metrics import (
    Bin,
    ClosedTrip,
    Cut,
    Figures,
    Group,
    Grouping,
    MetricDay,
    Metrics,
    Period,
    Running,
    Spread,
    Tally,
    told,
)
from app.domain.sessions import Roll, day_bounds, trading_day
from app.services.calendar.ranges import check_range
from app.services.journal.closed import ClosedTrips, Weigher
from app.services.journal.ranges import Days, RangeName, days_of
from app.services.ports import Clock
from app.services.reads import ANY, Pick, Scope, Span
from app.services.views import Views

#: Days of the history that is told when none are named.
HISTORY_DAYS: Final = 90
#: Different results that are put into bins at once, in about 5 ms.
_BINNED: Final = 2000
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
    """The round trips of a choice measured over ``period``; ``roll`` cuts its days.

    ``groups`` has the cuts that were asked for, ``distribution`` is empty unless it was.
    """

    period: Period
    roll: Roll
    figures: Figures
    groups: Mapping[Cut, Sequence[Group]]
    distribution: Sequence[Bin] = ()


class Measuring:
    """Reads round trips and measures them piece by piece; nothing here changes anything.

    ``pause`` is called after each piece, about every 5 ms, so that others have their turn.
    """

    def __init__(
        self, trips: ClosedTrips, views: Views, clock: Clock, pause: Callable[[], None]
    ) -> None:
        self._trips = trips
        self._views = views
        self._clock = clock
        self._pause = pause

    def report(self, choice: Choice, cuts: Collection[Cut] = (), *, spread: bool = False) -> Report:
        """Return what the round trips of ``choice`` say, with groups by each of ``cuts``.

        ``spread`` asks for their distribution too.  Raises NotFound for a strategy or account that
        is not the user's, InvalidInput for a range that makes no sense.
        """
        now, (days, roll) = self._clock.now(), self._days(choice)
        span = _span(days, roll)
        running = Running(DayFinder(roll).day_of, span.start)
        grouping, nets = Grouping(cuts, roll.zone), Counter[Decimal]()
        for trips in self._closed(choice, span):
            running.add(trips)
            grouping.add(trips)
            if spread:
                nets.update(each.net for each in trips)
            self._pause()
        period = _period(days, running.held.first, roll, now)
        return Report(
            period,
            roll,
            told(running, period),
            {cut: grouping.found(cut) for cut in cuts},
            self._bins(nets),
        )

    def results(self, scope: Scope) -> Metrics:
        """Return how many of all closed round trips won and lost, and their money.

        Raises NotFound as ``report`` does.
        """
        tally = Tally()
        with closing(self._trips.nets(self._views.check(scope))) as pieces:
            for nets in pieces:
                tally.count(nets)
                self._pause()
        return tally.results

    def history(
        self, scope: Scope, start: date | None = None, end: date | None = None
    ) -> Sequence[MetricDay]:
        """Return the kept figures of the scope's days, of the last 90 unless others are named.

        Raises NotFound as ``report`` does, InvalidInput for a range that makes no sense.
        """
        today = trading_day(self._clock.now(), self._views.roll(scope))
        last = today if end is None else end
        first = last - (HISTORY_DAYS - 1) * _DAY if start is None else start
        check_range(first, last)
        return self._trips.metric_days(scope, first, last)

    def _closed(self, choice: Choice, span: Span) -> Iterator[Sequence[ClosedTrip]]:
        weigher = Weigher()
        with closing(self._trips.closed(choice.scope, choice.pick, span)) as pieces:
            for rows in pieces:
                yield weigher.trips(rows)

    def _bins(self, nets: Counter[Decimal]) -> Sequence[Bin]:
        """The bins of the nets, which may all differ."""
        if not nets:
            return ()
        spread, counts = Spread(min(nets), max(nets)), iter(nets.items())
        while piece := list(islice(counts, _BINNED)):
            spread.add(piece)
            self._pause()
        return spread.bins()

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


def _period(days: Days, entered: datetime | None, roll: Roll, now: datetime) -> Period:
    """The days measured: without a first one from the first entry on, and no day to come."""
    last = max(min(days.last, trading_day(now, roll)), days.first or date.min)
    first = days.first
    if first is None:
        start = entered or now
        first = min(trading_day(start, roll), last)
    else:
        start = _opening(first, roll)
    end = min(_opening(last + _DAY, roll), now)
    return Period(first, last, start.astimezone(UTC), max(end, start))
