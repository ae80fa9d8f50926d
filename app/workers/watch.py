"""The watch: looks after the other workers, and feels the pulse of the whole process."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Final, Protocol

from app.services.alarms import Alarms
from app.services.health import Health
from app.services.ports import Clock

#: How often the pulse is felt, in seconds; what comes later than that is the hub's latency.
PULSE_EVERY: Final = 0.05
#: How often the workers are looked at, in seconds.
WATCH_EVERY: Final = 1.0
#: A latency of the hub above this is an alarm, in seconds.
ALARM_S: Final = 1.0
#: A task that is under way for longer than this is an alarm, in seconds.
TASK_S: Final = 60.0


class Watch:
    """Raises the alarm for workers that are late, and writes down every alarm."""

    def __init__(self, health: Health, alarms: Alarms) -> None:
        self._health = health
        self._alarms = alarms

    def step(self, now: datetime) -> bool:  # noqa: ARG002  health reads its own clock
        """Look once; never more to do at once."""
        for name, limit in self._health.silent().items():
            self._alarms.worker_late(name, limit.total_seconds())
        self._alarms.write()
        return False


class Hands(Protocol):
    """Who runs the workers and their tasks."""

    def relieve(self) -> Mapping[str, float]:
        """Replace the workers whose step hangs; return them, with the seconds each was given."""
        ...

    def overdue(self, seconds: float) -> Collection[str]:
        """Return the workers of whose tasks one has been under way for longer than ``seconds``."""
        ...


class Relief:
    """Puts another runner in the place of one that hangs; it waits for nothing itself."""

    def __init__(self, supervisor: Hands, alarms: Alarms) -> None:
        self._supervisor = supervisor
        self._alarms = alarms

    def step(self, now: datetime) -> bool:  # noqa: ARG002  durations are monotonic
        """Look once; never more to do at once."""
        for name, limit in self._supervisor.relieve().items():
            self._alarms.worker_replaced(name, limit)
        for name in self._supervisor.overdue(TASK_S):
            self._alarms.task_late(name, TASK_S)
        return False


class Pulse:
    """Wants to run every 50 ms, and records how much later than that it is let."""

    def __init__(self, clock: Clock, health: Health, alarms: Alarms) -> None:
        self._clock = clock
        self._health = health
        self._alarms = alarms
        self._last: float | None = None

    def step(self, now: datetime) -> bool:  # noqa: ARG002  durations are monotonic
        """Feel it once; never more to do at once."""
        at, last = self._clock.monotonic(), self._last
        self._last = at
        if last is not None:
            late = max(0.0, at - last - PULSE_EVERY)
            self._health.latency.add(at, late)
            if late > ALARM_S:
                self._alarms.hub_late(late)
        return False
