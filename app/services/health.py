"""Health: the last beat of every worker, what went wrong last, and how late the hub was."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from app.services.ports import Clock

#: How far back the worst latency of the hub is remembered, in seconds.
REMEMBERED_S: Final = 60.0


@dataclass(slots=True)
class Beat:
    """One worker's pulse; ``every`` is how often it should beat, ``seen`` when it last did.

    ``seen`` is on the monotonic scale, so that a clock that is set makes nobody late.
    """

    every: timedelta
    seen: float
    last_at: datetime | None = None
    failures: int = 0
    problem: str | None = None


class Latency:
    """The worst of the last minute, in seconds; instants are on the clock's monotonic scale."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._falling: deque[tuple[float, float]] = deque()

    def add(self, at: float, late: float) -> None:
        """Remember that something was ``late`` seconds late; an earlier and smaller one counts no
        more.
        """
        while self._falling and self._falling[-1][1] <= late:
            self._falling.pop()
        self._falling.append((at, late))
        while at - self._falling[0][0] > REMEMBERED_S:
            self._falling.popleft()

    @property
    def worst(self) -> float | None:
        """The worst of the last minute, None when nothing was measured in it."""
        since = self._clock.monotonic() - REMEMBERED_S
        return max((late for at, late in tuple(self._falling) if at >= since), default=None)


class Health:
    """Collects the workers' beats; a worker is late after five of its periods, at least 5 s."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._beats: dict[str, Beat] = {}
        self.latency = Latency(clock)

    def expect(self, name: str, every: timedelta) -> None:
        """Name a worker that must beat from now on."""
        self._beats[name] = Beat(every, self._clock.monotonic())

    def forget(self, name: str) -> None:
        """Expect nothing of a worker any more, nor of one that was never expected."""
        self._beats.pop(name, None)

    def beat(self, name: str) -> None:
        """Record that a worker finished a step."""
        beat = self._beats.get(name)
        if beat is None:
            return
        beat.last_at, beat.seen = self._clock.now(), self._clock.monotonic()
        beat.problem = None

    def fail(self, name: str, problem: str) -> None:
        """Record that a worker's step raised."""
        beat = self._beats.get(name)
        if beat is None:
            return
        beat.failures += 1
        beat.problem = problem

    def late(self, name: str) -> bool:
        """Whether the worker has been silent for too long."""
        return self._late(self._beats[name])

    def _late(self, beat: Beat) -> bool:
        return self._clock.monotonic() - beat.seen > _limit(beat).total_seconds()

    def silent(self) -> dict[str, timedelta]:
        """Return the workers that hang, with what each was given: late, and not for a failure."""
        beats = list(self._beats.items())
        return {n: _limit(b) for n, b in beats if b.problem is None and self._late(b)}

    def report(self) -> dict[str, dict[str, object]]:
        """Return each worker's state (ok, late or failing), its last beat and failures."""
        return {name: self._line(beat) for name, beat in list(self._beats.items())}

    @property
    def healthy(self) -> bool:
        """Whether every worker beats and none is failing."""
        return all(line["state"] == "ok" for line in self.report().values())

    def _line(self, beat: Beat) -> dict[str, object]:
        state = "failing" if beat.problem is not None else "late" if self._late(beat) else "ok"
        return {
            "state": state,
            "last_beat": beat.last_at,
            "failures": beat.failures,
            "problem": beat.problem,
        }


def _limit(beat: Beat) -> timedelta:
    return max(beat.every * 5, timedelta(seconds=5))
