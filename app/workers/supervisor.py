"""The supervisor: owns every loop, its waiting and its stopping; a failing step ends none."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol, TypeVar

from app.services.health import Health
from app.services.ports import Clock

Step = Callable[[datetime], bool]
"""Does one unit of work; returns whether to go on at once."""

Spawn = Callable[..., object]
"""Starts a function in the background: a greenlet or a thread."""

Done = TypeVar("Done")


class Attempt(Protocol):
    """Runs a task behind the supervisor's fence: None when it raised."""

    def __call__(self, name: str, task: Callable[[], Done]) -> Done | None:
        """Run ``task`` in the name of a worker."""
        ...


_LONGEST_PAUSE: Final = 30.0


@dataclass(slots=True)
class Worker:
    """A step, how often it runs when nothing wakes it, and the event that wakes it."""

    name: str
    step: Step
    every: float
    event: threading.Event

    def wake(self) -> None:
        """Let the step run now."""
        self.event.set()


class Supervisor:
    """Runs workers until it is told to stop; ``report`` hears of every step that raised."""

    def __init__(
        self,
        clock: Clock,
        health: Health,
        spawn: Spawn,
        pause: Callable[[], None],
        report: Callable[[str, Exception], None],
    ) -> None:
        self._clock = clock
        self._health = health
        self._spawn = spawn
        self._pause = pause
        self._report = report
        self._workers: list[Worker] = []
        self._running = 0
        self._stopping = threading.Event()

    def add(self, name: str, step: Step, every: float) -> Worker:
        """Register a worker; it starts with ``start``."""
        worker = Worker(name, step, every, threading.Event())
        self._workers.append(worker)
        return worker

    def start(self) -> None:
        """Start every worker in the background."""
        for worker in self._workers:
            self._health.expect(worker.name, timedelta(seconds=worker.every))
            self._running += 1
            self._spawn(self._run, worker)

    @property
    def stopping(self) -> bool:
        """Whether the server is on its way down."""
        return self._stopping.is_set()

    def begin_stop(self) -> None:
        """Let no worker take another step."""
        self._stopping.set()

    def stop(self, seconds: float, also: Callable[[], bool]) -> bool:
        """Tell every worker to end after its step and wait until ``also`` holds as well.

        Returns whether all that came about within ``seconds``.
        """
        self.begin_stop()
        for worker in self._workers:
            worker.wake()
        end = self._clock.monotonic() + seconds
        waiting = threading.Event()
        while not (ended := not self._running and also()) and self._clock.monotonic() < end:
            waiting.wait(0.01)
        return ended

    def attempt(self, name: str, task: Callable[[], Done]) -> Done | None:
        """Run a task of a worker; None when it raised, which is reported and shown."""
        try:
            done = task()
        except Exception as error:  # noqa: BLE001  a worker that ends silently is the worst failure
            self._health.fail(name, f"{type(error).__name__}: {error}")
            self._report(name, error)
            return None
        return done

    def _run(self, worker: Worker) -> None:
        failures = 0
        try:
            while not self._stopping.is_set():
                failures, more = self._turn(worker, failures)
                if more:
                    self._pause()
                elif not self._stopping.is_set():
                    worker.event.wait(self._wait(worker, failures))
                    worker.event.clear()
        finally:
            self._running -= 1

    def _turn(self, worker: Worker, failures: int) -> tuple[int, bool]:
        more = self.attempt(worker.name, lambda: worker.step(self._clock.now()))
        if more is None:
            return failures + 1, False
        self._health.beat(worker.name)
        return 0, more

    def _wait(self, worker: Worker, failures: int) -> float:
        """How long to wait: doubled after each failure, but never above half a minute."""
        if not failures:
            return worker.every
        return float(min(max(worker.every, 0.1) * 2**failures, _LONGEST_PAUSE))
