"""The supervisor: owns every loop, its waiting and its stopping; a failing step ends none."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
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
#: How long a step may take before another runner goes on in its place, in seconds.
PATIENCE_S: Final = 30.0
#: How often a worker is replaced within an hour; after that it stays late, for all to see.
_MOST_REPLACED: Final = 3
_HOUR_S: Final = 3600.0


@dataclass(slots=True)
class Worker:
    """A step, how often it runs when nothing wakes it, and the event that wakes it.

    ``always`` says that it runs also while another server trades; ``patience`` is how many seconds
    a step may take before the worker is replaced, None when it never is.
    """

    name: str
    step: Step
    every: float
    always: bool
    patience: float | None
    event: threading.Event = field(default_factory=threading.Event)
    run: Run | None = None
    replaced: list[float] = field(default_factory=list)

    def wake(self) -> None:
        """Let the step run now."""
        self.event.set()


@dataclass(slots=True, eq=False)
class Run:
    """One runner of a worker, until it is told to end or another one takes its place.

    ``began`` is when the present step began, on the monotonic clock; None between steps.
    """

    worker: Worker
    began: float | None = None

    @property
    def current(self) -> bool:
        """Whether no other runner has taken its place."""
        return self.worker.run is self


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
        self._lock = threading.Lock()
        self._runs: set[Run] = set()
        self._tasks: dict[object, tuple[str, float]] = {}
        self._stopping = threading.Event()

    def add(
        self,
        name: str,
        step: Step,
        every: float,
        *,
        always: bool = False,
        patience: float | None = PATIENCE_S,
    ) -> Worker:
        """Register a worker; it starts with ``start``, only ``always`` while another one trades."""
        worker = Worker(name, step, every, always, patience)
        self._workers.append(worker)
        return worker

    def start(self, *, trading: bool = True) -> None:
        """Start every worker that does not run yet; without ``trading`` not those that trade."""
        for worker in self._workers:
            if worker.run is None and (trading or worker.always):
                self._health.expect(worker.name, timedelta(seconds=worker.every))
                self._begin(worker)

    def rest(self) -> None:
        """Let the workers that trade take no further step, until they are started again."""
        for worker in self._workers:
            if not worker.always:
                worker.run = None
                worker.replaced.clear()
                self._health.forget(worker.name)
                worker.wake()

    def relieve(self) -> dict[str, float]:
        """Replace the workers whose step hangs; return them, with the seconds each was given.

        What hangs is given up: the moment it comes back it ends, without another step.
        """
        found = {}
        for worker in self._workers:
            if self._hangs(worker) and self._may_replace(worker):
                found[worker.name] = worker.patience or 0.0
                with self._lock:
                    self._runs -= {run for run in self._runs if run.worker is worker}
                self._begin(worker)
        return found

    def overdue(self, seconds: float) -> set[str]:
        """Return the workers of whose tasks one has been under way for longer than ``seconds``."""
        before = self._clock.monotonic() - seconds
        return {name for name, began in list(self._tasks.values()) if began < before}

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
        while not (ended := not self._runs and also()) and self._clock.monotonic() < end:
            waiting.wait(0.01)
        return ended

    def attempt(self, name: str, task: Callable[[], Done]) -> Done | None:
        """Run a task of a worker; None when it raised, which is reported and shown."""
        key = object()
        self._tasks[key] = (name, self._clock.monotonic())
        try:
            return self._fenced(name, task)
        finally:
            del self._tasks[key]

    def _fenced(self, name: str, task: Callable[[], Done]) -> Done | None:
        try:
            done = task()
        except Exception as error:  # noqa: BLE001  a worker that ends silently is the worst failure
            self._health.fail(name, f"{type(error).__name__}: {error}")
            self._report(name, error)
            return None
        return done

    def _begin(self, worker: Worker) -> None:
        run = Run(worker)
        worker.run = run
        with self._lock:
            self._runs.add(run)
        self._spawn(self._run, run)

    def _hangs(self, worker: Worker) -> bool:
        began = worker.run.began if worker.run is not None else None
        if began is None or worker.patience is None or self.stopping:
            return False
        return self._clock.monotonic() - began > worker.patience

    def _may_replace(self, worker: Worker) -> bool:
        """Whether the worker was not replaced too often; counts it."""
        now = self._clock.monotonic()
        worker.replaced = [at for at in worker.replaced if now - at < _HOUR_S]
        if len(worker.replaced) >= _MOST_REPLACED:
            return False
        worker.replaced.append(now)
        return True

    def _run(self, run: Run) -> None:
        worker, failures = run.worker, 0
        try:
            while self._on_duty(run):
                failures, more = self._turn(run, failures)
                if not self._on_duty(run):
                    break
                if more:
                    self._pause()
                else:
                    worker.event.wait(self._wait(worker, failures))
                    worker.event.clear()
        finally:
            with self._lock:
                self._runs.discard(run)

    def _on_duty(self, run: Run) -> bool:
        return run.current and not self._stopping.is_set()

    def _turn(self, run: Run, failures: int) -> tuple[int, bool]:
        worker = run.worker
        run.began = self._clock.monotonic()
        more = self._fenced(worker.name, lambda: worker.step(self._clock.now()))
        run.began = None
        if more is None:
            return failures + 1, False
        if run.current:
            self._health.beat(worker.name)
        return 0, more

    def _wait(self, worker: Worker, failures: int) -> float:
        """How long to wait: doubled after each failure, but never above half a minute."""
        if not failures:
            return worker.every
        return float(min(max(worker.every, 0.1) * 2**failures, _LONGEST_PAUSE))
