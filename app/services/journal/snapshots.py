"""Keeps the figures of each trading day that is over, one piece of work after the other."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import closing
from datetime import date, datetime, timedelta
from typing import Final

from app.domain.metrics import Diary, MetricDay
from app.domain.sessions import Roll, day_bounds, next_roll, trading_day
from app.services.journal.closed import ClosedTrips, Weigher
from app.services.ports import Clock, Store, Whose
from app.services.reads import ANY, Scope, Span
from app.services.views import Views

#: How long after the end of a day its figures are kept, so that late reports are in them.
AFTER: Final = timedelta(minutes=5)
#: When it is looked again where nobody has traded.
IDLE: Final = timedelta(hours=1)
#: Days that are measured in one piece: those of ten years have thousands of days behind them.
RESTS: Final = 5
#: Rows that are written at once.
AT_ONCE: Final = 200


class Snapshots:
    """Measures every strategy and account, alone and together, and writes what is new.

    A run looks at all days again: it makes up for those that were missed and corrects those that a
    late fill changed; a run after which nothing happened writes nothing.
    """

    def __init__(self, store: Store, trips: ClosedTrips, views: Views, clock: Clock) -> None:
        self._store = store
        self._trips = trips
        self._views = views
        self._clock = clock
        self._due: datetime | None = None
        self._run: Iterator[None] | None = None

    def step(self, now: datetime) -> None:
        """Go on with the run by one piece of about 10 ms, or begin one that is due."""
        if self._run is None:
            if self._due is not None and now < self._due:
                return
            self._run = self.run()
        run, self._run = self._run, None
        for _ in run:
            self._run = run
            return

    def run(self) -> Iterator[None]:
        """Keep the figures of all days that are over; yields after each piece."""
        now, rolls = self._clock.now(), set[Roll]()
        with self._store.read() as uow:
            owners = uow.metric_days.owners()
        for whose in owners:
            roll = self._views.roll(Scope(*whose))
            rolls.add(roll)
            yield from self._keep(whose, roll, now)
        self._due = min((next_roll(now, roll) + AFTER for roll in rolls), default=now + IDLE)

    def _keep(self, whose: Whose, roll: Roll, now: datetime) -> Iterator[None]:
        with self._store.read() as uow:
            known = uow.metric_days.marks(whose)
        diary, weigher, fresh = Diary(roll, known), Weigher(), list[MetricDay]()
        over = Span(end=day_bounds(trading_day(now - AFTER, roll), roll)[0])
        with closing(self._trips.closed(Scope(*whose), ANY, over)) as pieces:
            for rows in pieces:
                for day in diary.add(weigher.trips(rows)):
                    fresh.append(day)
                    if not len(fresh) % RESTS:
                        yield
                yield
        fresh += diary.end()
        for first in range(0, len(fresh), AT_ONCE):
            self._write(whose, fresh[first : first + AT_ONCE])
            yield
        self._forget(whose, known.keys() - diary.days)

    def _write(self, whose: Whose, days: Sequence[MetricDay]) -> None:
        with self._store.record() as uow:
            uow.metric_days.save(whose, days, self._clock.now())

    def _forget(self, whose: Whose, days: Collection[date]) -> None:
        if days:
            with self._store.record() as uow:
                uow.metric_days.remove(whose, days)
