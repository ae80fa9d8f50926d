"""How figures developed: those of each trading day, and of everything until its end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from itertools import groupby
from typing import NamedTuple

from app.domain.equity import DayFinder
from app.domain.errors import InvalidInput
from app.domain.metrics.closed import ClosedTrip
from app.domain.metrics.figures import Figures, Period, told
from app.domain.metrics.running import Running
from app.domain.sessions import Roll, day_bounds


class Mark(NamedTuple):
    """By what a day is known again: its round trips and their net, and all until its end."""

    trades: int
    net: Decimal
    total_trades: int
    total_net: Decimal


@dataclass(frozen=True, slots=True)
class MetricDay:
    """A trading day on which round trips ended: its own figures, and those since the beginning."""

    day: date
    figures: Figures
    total: Figures

    @property
    def mark(self) -> Mark:
        """By what the day is known again."""
        day, total = self.figures.results, self.total.results
        return Mark(day.round_trips, day.net, total.round_trips, total.net)


class Diary:
    """Turns round trips, in the order in which they ended, into the days that are not ``known``.

    A day is known when its mark is the same; a late fill that changes one changes all that follow.
    """

    def __init__(self, roll: Roll, known: Mapping[date, Mark]) -> None:
        self.days: set[date] = set()
        self._roll = roll
        self._known = known
        self._day_of = DayFinder(roll).day_of
        self._total = Running(self._day_of)
        self._today: date | None = None
        self._running = self._total

    def add(self, trips: Sequence[ClosedTrip]) -> Iterator[MetricDay]:
        """Add round trips; yields the days that have ended with them and are not known."""
        for day, part in groupby(trips, lambda each: self._day_of(each.closed_at)):
            if day != self._today:
                yield from self.end()
                self._begin(day)
            piece = list(part)
            self._running.add(piece)
            self._total.add(piece)

    def end(self) -> Iterator[MetricDay]:
        """Yield the last day, unless it is known or there was none."""
        day, self._today = self._today, None
        if day is None or self._mark() == self._known.get(day):
            return
        begins, ends = self._bounds(day)
        own = told(self._running, Period(day, day, begins, ends))
        yield MetricDay(day, own, told(self._total, self._since(day, ends)))

    def _begin(self, day: date) -> None:
        self._today = day
        self.days.add(day)
        self._running = Running(self._day_of, self._bounds(day)[0])

    def _mark(self) -> Mark:
        day, total = self._running.tally.results, self._total.tally.results
        return Mark(day.round_trips, day.net, total.round_trips, total.net)

    def _since(self, day: date, ends: datetime) -> Period:
        entered = self._total.held.first or ends
        return Period(min(self._day_of(entered), day), day, entered, ends)

    def _bounds(self, day: date) -> tuple[datetime, datetime]:
        """When the day begins and ends; by weekdays in years whose holidays are not known."""
        try:
            return day_bounds(day, self._roll)
        except InvalidInput:
            return day_bounds(day, replace(self._roll, exchange=None, at_close=False))
