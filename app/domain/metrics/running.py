"""Figures under way: round trips are added piece by piece, in the order in which they ended.

So that measuring many of them never takes the one thread for long, and never all of the memory.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Final

from app.domain.metrics.closed import ClosedTrip
from app.domain.metrics.statistics import spread
from app.domain.metrics.tally import Tally
from app.domain.money import ZERO, divide, exact

_NO_TIME: Final = timedelta()


class Sums:
    """Sum and squares of values, and how far their running sum ever fell below its peak from 0."""

    def __init__(self) -> None:
        self.count = 0
        self.level = self.fall = ZERO
        self._peak = self._squares = ZERO

    @exact
    def add(self, values: Sequence[Decimal]) -> None:
        """Add values, which come in their order in time."""
        level, peak, fall = self.level, self._peak, self.fall
        for value in values:
            level += value
            if level > peak:
                peak = level
            elif peak - level > fall:
                fall = peak - level
        self.level, self._peak, self.fall = level, peak, fall
        self.count += len(values)
        self._squares += sum((value * value for value in values), ZERO)

    @property
    def mean(self) -> Decimal | None:
        """The average; None of nothing."""
        return divide(self.level, Decimal(self.count)) if self.count else None

    @property
    def deviation(self) -> Decimal | None:
        """The standard deviation of a sample (over n - 1); None below two values."""
        return spread(self.count, self.level, self._squares)


class Streaks:
    """The runs of wins (above 0) and losses (below 0); a 0 ends both."""

    def __init__(self) -> None:
        self.running = self.longest = self.deepest = 0

    def add(self, nets: Sequence[Decimal]) -> None:
        """Count the nets, which come in their order in time."""
        running, longest, deepest = self.running, self.longest, self.deepest
        for net in nets:
            if net > 0:
                running = running + 1 if running > 0 else 1
                longest = max(longest, running)
            elif net < 0:
                running = running - 1 if running < 0 else -1
                deepest = min(deepest, running)
            else:
                running = 0
        self.running, self.longest, self.deepest = running, longest, deepest


class Held:
    """How long anything was held, and each round trip on its own; later ends come later.

    ``start`` is where the time that counts begins, None with the first entry.
    """

    def __init__(self, start: datetime | None) -> None:
        self.total = self.sum = _NO_TIME
        self.first: datetime | None = None
        self._start = start
        self._stretches: list[tuple[datetime, datetime]] = []

    def add(self, trips: Sequence[ClosedTrip]) -> None:
        """Add round trips: a stretch that reaches back swallows those that it overlaps."""
        stretches = self._stretches
        for each in trips:
            opened, closed = each.opened_at, each.closed_at
            self.sum += closed - opened
            if self.first is None or opened < self.first:
                self.first = opened
            if self._start is not None and opened < self._start:
                opened = self._start
            while stretches and stretches[-1][1] >= opened:
                begun, ended = stretches.pop()
                self.total -= ended - begun
                opened = min(opened, begun)
            stretches.append((opened, closed))
            self.total += closed - opened

    def until(self, end: datetime) -> timedelta:
        """Return the time in which at least one was open, as far as it lies before ``end``."""
        late = _NO_TIME
        for begun, ended in reversed(self._stretches):
            if ended <= end:
                break
            late += ended - max(begun, end)
        return self.total - late


class Running:
    """Everything of which the figures are made, of the round trips so far.

    ``day`` is the trading day of an instant; ``start`` as in ``Held``.
    """

    def __init__(self, day: Callable[[datetime], date], start: datetime | None = None) -> None:
        self.tally, self.nets, self.streaks = Tally(), Sums(), Streaks()
        self.held = Held(start)
        self.days: dict[date, Decimal] = {}
        self.highest: Decimal | None = None
        self.lowest: Decimal | None = None
        self._day = day

    @exact
    def add(self, trips: Sequence[ClosedTrip]) -> None:
        """Add round trips, which ended in this order and not before those that were added."""
        if not trips:
            return
        nets = [each.net for each in trips]
        self.tally.add(trips)
        self.nets.add(nets)
        self.streaks.add(nets)
        self.held.add(trips)
        self._extremes(max(nets), min(nets))
        for each in trips:
            ended = self._day(each.closed_at)
            self.days[ended] = self.days.get(ended, ZERO) + each.net

    def _extremes(self, high: Decimal, low: Decimal) -> None:
        self.highest = high if self.highest is None else max(high, self.highest)
        self.lowest = low if self.lowest is None else min(low, self.lowest)
