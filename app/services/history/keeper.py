"""What is kept of history for how long, and its deletion in pieces that stall nobody."""

from __future__ import annotations

from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from app.domain.errors import StoreUnavailable
from app.services.ports import Level, Rolling, Store, UnitOfWork

_DAY_S: Final = 86400
_HOUR_S: Final = 3600
_MINUTE_S: Final = 60
#: UTC days for which there is a place before the first sample comes.
_AHEAD: Final = 3
#: Rows of one transaction: about 5 ms.
CHUNK: Final = 2000
#: Pages that the file gives back at a time.
_PAGES: Final = 100

LAYERS: Final = (None, Level.MINUTE, Level.HOUR)
"""What is deleted one day: samples, minutes, hours."""


@dataclass(frozen=True, slots=True)
class Keeping:
    """For how many days samples, minutes and hours are kept; trading days are for ever."""

    seconds_days: int
    minutes_days: int
    hours_days: int

    def until(self, level: Level | None, now: datetime) -> int:
        """Return the epoch second, on a full hour, before which that layer is no longer wanted."""
        second = int(now.timestamp()) - self.days(level) * _DAY_S
        return second - second % _HOUR_S

    def days(self, level: Level | None) -> int:
        """Return for how many days that layer is kept."""
        return {None: self.seconds_days, Level.MINUTE: self.minutes_days}.get(
            level, self.hours_days
        )


class Keeper:
    """Deletes what is old and rolled up, a chunk a step; each hour it looks what there is."""

    def __init__(self, store: Store, keeping: Keeping) -> None:
        self._store = store
        self._keeping = keeping
        self._hour = 0
        self._left: deque[tuple[int, Level | None]] = deque()
        self._days = self._minutes = self._freed = False

    def step(self, now: datetime) -> bool:
        """Do one piece; False when nothing is left until the next hour."""
        hour = int(now.timestamp()) // _HOUR_S
        if hour != self._hour:
            self._begin(hour)
            self._hour = hour
        elif self._days:
            self._days = self._drop_day(now)
        elif self._minutes:
            self._minutes = self._drop_minutes(now)
        elif self._left:
            self._drop(*self._left[0], now)
        elif self._freed:
            with self._store.record() as uow:
                self._freed = uow.rolled.shrink(_PAGES)
        else:
            return False
        return True

    def _begin(self, hour: int) -> None:
        today = hour * _HOUR_S // _DAY_S * _DAY_S
        # Where others read these tables for long, the next hour is early enough.
        with suppress(StoreUnavailable):
            for ahead in range(_AHEAD):
                with self._store.record() as uow:
                    uow.rolled.make_room(today + ahead * _DAY_S)
        with self._store.read() as uow:
            curves = [known.id for known in uow.rolled.rolling()]
        self._left = deque((curve, layer) for curve in curves for layer in LAYERS)
        self._days = self._minutes = True

    def _drop_day(self, now: datetime) -> bool:
        with suppress(StoreUnavailable), self._store.record() as uow:
            return uow.rolled.drop_days(self._keeping.until(None, now))
        return False

    def _drop_minutes(self, now: datetime) -> bool:
        """Delete old minutes of funded accounts; True when there are more."""
        before = self._keeping.until(Level.MINUTE, now) // _MINUTE_S
        dropped = 0
        with suppress(StoreUnavailable), self._store.record() as uow:
            dropped = uow.funded.forget_minutes(before, CHUNK)
        self._freed = self._freed or dropped > 0
        return dropped == CHUNK

    def _drop(self, series_id: int, layer: Level | None, now: datetime) -> None:
        with self._store.record() as uow:
            known = uow.rolled.of(series_id)
            before = 0 if known is None else self._before(uow, known, layer, now)
            # A full chunk has moved the mark already, and there is more.
            old = known is not None and before >= max(_kept_from(known, layer), 1)
            dropped = _dropped(uow, series_id, layer, before) if old else 0
        self._freed = self._freed or dropped > 0
        if dropped < CHUNK:
            self._left.popleft()

    def _before(self, uow: UnitOfWork, known: Rolling, layer: Level | None, now: datetime) -> int:
        """Until when the layer may go: never what the next longer one does not hold yet."""
        rolled = known.rolled if layer is None else uow.rolled.end(known.id, Level(layer + 1))
        return min(self._keeping.until(layer, now), rolled)


def _kept_from(known: Rolling, layer: Level | None) -> int:
    marks = {None: known.seconds_from, Level.MINUTE: known.minutes_from}
    return marks.get(layer, known.hours_from)


def _dropped(uow: UnitOfWork, series_id: int, layer: Level | None, before: int) -> int:
    if layer is None:
        return uow.rolled.drop_samples(series_id, before, CHUNK)
    return uow.rolled.drop_spans(series_id, layer, before, CHUNK)
