"""Health: the last beat of every worker, and what went wrong last."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from app.services.ports import Clock


@dataclass(slots=True)
class Beat:
    """One worker's pulse; ``every`` is how often it should beat."""

    every: timedelta
    started_at: datetime
    last_at: datetime | None = None
    failures: int = 0
    problem: str | None = None


class Health:
    """Collects the workers' beats; a worker is late after five of its periods, at least 5 s."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._beats: dict[str, Beat] = {}

    def expect(self, name: str, every: timedelta) -> None:
        """Name a worker that must beat from now on."""
        self._beats[name] = Beat(every, self._clock.now())

    def beat(self, name: str) -> None:
        """Record that a worker finished a step."""
        beat = self._beats[name]
        beat.last_at = self._clock.now()
        beat.problem = None

    def fail(self, name: str, problem: str) -> None:
        """Record that a worker's step raised."""
        beat = self._beats[name]
        beat.failures += 1
        beat.problem = problem

    def late(self, name: str) -> bool:
        """Whether the worker has been silent for too long."""
        beat = self._beats[name]
        limit = max(beat.every * 5, timedelta(seconds=5))
        return self._clock.now() - (beat.last_at or beat.started_at) > limit

    def report(self) -> dict[str, dict[str, object]]:
        """Return each worker's state (ok, late or failing), its last beat and failures."""
        return {name: self._line(name, beat) for name, beat in self._beats.items()}

    @property
    def healthy(self) -> bool:
        """Whether every worker beats and none is failing."""
        return all(line["state"] == "ok" for line in self.report().values())

    def _line(self, name: str, beat: Beat) -> dict[str, object]:
        state = "failing" if beat.problem is not None else "late" if self.late(name) else "ok"
        return {
            "state": state,
            "last_beat": beat.last_at,
            "failures": beat.failures,
            "problem": beat.problem,
        }
