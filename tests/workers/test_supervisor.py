"""The supervisor: a step that raises ends nothing, and a stop ends everything in time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import datetime

import pytest

from app.clock import SystemClock
from app.services.health import Health
from app.workers.supervisor import Supervisor


class Rig:
    """A supervisor with threads, and what it reported."""

    def __init__(self) -> None:
        clock = SystemClock()
        self.health = Health(clock)
        self.reported: list[tuple[str, Exception]] = []
        self.pauses = 0
        self.threads: list[threading.Thread] = []
        self.supervisor = Supervisor(
            clock, self.health, self.spawn, self.pause, lambda *found: self.reported.append(found)
        )

    def spawn(self, task: Callable[..., object], *args: object) -> None:
        thread = threading.Thread(target=task, args=args, daemon=True)
        self.threads.append(thread)
        thread.start()

    def pause(self) -> None:
        self.pauses += 1

    def stop(self, seconds: float = 5.0) -> bool:
        return self.supervisor.stop(seconds, lambda: True)


@pytest.fixture
def rig() -> Iterator[Rig]:
    made = Rig()
    yield made
    made.stop()
    for thread in made.threads:
        thread.join(5)


class Steps:
    """A step that does what it is told, call by call; the last instruction stays."""

    def __init__(self, *instructions: bool | Exception) -> None:
        self._instructions = list(instructions)
        self.calls: list[datetime] = []
        self.done = threading.Event()
        self.enough = len(instructions)

    def __call__(self, now: datetime) -> bool:
        self.calls.append(now)
        one = self._instructions[min(len(self.calls), len(self._instructions)) - 1]
        if len(self.calls) >= self.enough:
            self.done.set()
        if isinstance(one, Exception):
            raise one
        return one


def test_a_worker_runs_at_its_pace_and_beats(rig: Rig) -> None:
    steps = Steps(False, False, False)
    rig.supervisor.add("one", steps, every=0.01)
    rig.supervisor.start()
    assert steps.done.wait(5)
    assert rig.stop()
    report = rig.health.report()["one"]
    assert (report["state"], report["failures"]) == ("ok", 0)
    assert report["last_beat"] is not None


def test_a_worker_with_more_to_do_goes_on_at_once_and_lets_others_run_in_between(
    rig: Rig,
) -> None:
    steps = Steps(True, True, True, False)
    rig.supervisor.add("one", steps, every=60)
    rig.supervisor.start()
    assert steps.done.wait(5)
    assert rig.pauses == 3


def test_a_worker_that_is_woken_does_not_wait_for_its_time(rig: Rig) -> None:
    steps = Steps(False, False)
    worker = rig.supervisor.add("one", steps, every=60)
    rig.supervisor.start()
    worker.wake()
    assert steps.done.wait(5)


def test_d8_a_step_that_raises_is_reported_and_goes_on(rig: Rig) -> None:
    steps = Steps(ValueError("once"), False)
    rig.supervisor.add("one", steps, every=0.01)
    other = Steps(False, False)
    rig.supervisor.add("two", other, every=0.01)
    rig.supervisor.start()
    assert steps.done.wait(5)
    assert other.done.wait(5)
    assert rig.stop()
    assert [(name, str(error)) for name, error in rig.reported] == [("one", "once")]
    report = rig.health.report()["one"]
    assert (report["state"], report["failures"]) == ("ok", 1)


def test_a_failing_worker_is_shown_with_its_problem(rig: Rig) -> None:
    steps = Steps(ValueError("bad price"))
    rig.supervisor.add("one", steps, every=0.01)
    rig.supervisor.start()
    assert steps.done.wait(5)
    rig.stop()
    report = rig.health.report()["one"]
    assert (report["state"], report["problem"]) == ("failing", "ValueError: bad price")
    assert not rig.health.healthy


def test_a_worker_that_fails_again_and_again_rests_longer_each_time_but_never_for_ever(
    rig: Rig,
) -> None:
    worker = rig.supervisor.add("one", Steps(False), every=0.5)
    waits = [rig.supervisor._wait(worker, failures) for failures in (0, 1, 2, 3, 20)]
    assert waits == [0.5, 1.0, 2.0, 4.0, 30.0]
    busy = rig.supervisor.add("two", Steps(False), every=0.001)
    assert rig.supervisor._wait(busy, 1) == pytest.approx(0.2)


def test_a_failing_worker_can_be_woken_before_its_rest_is_over(rig: Rig) -> None:
    steps = Steps(ValueError("once"), False)
    worker = rig.supervisor.add("one", steps, every=20)
    rig.supervisor.start()
    worker.wake()
    assert steps.done.wait(5)


def test_a_stop_ends_every_worker_and_says_so(rig: Rig) -> None:
    for number in range(5):
        rig.supervisor.add(str(number), Steps(False), every=60)
    rig.supervisor.start()
    before = rig.supervisor.stopping
    assert rig.stop()
    assert (before, rig.supervisor.stopping) == (False, True)
    for thread in rig.threads:
        thread.join(5)
        assert not thread.is_alive()


def test_a_worker_that_always_has_more_to_do_is_stopped_too(rig: Rig) -> None:
    steps = Steps(True)
    rig.supervisor.add("one", steps, every=60)
    rig.supervisor.start()
    assert steps.done.wait(5)
    assert rig.stop()


def test_a_step_that_hangs_does_not_hold_up_the_stop_for_longer_than_it_was_given(
    rig: Rig,
) -> None:
    begun, end = threading.Event(), threading.Event()

    def hang(_now: datetime) -> bool:
        begun.set()
        return end.wait(10)

    rig.supervisor.add("one", hang, every=60)
    rig.supervisor.start()
    assert begun.wait(5)
    assert not rig.stop(0.05)
    end.set()
    assert rig.stop()


def test_f20_a_stop_waits_for_what_else_is_under_way(rig: Rig) -> None:
    looked: list[int] = []

    def idle() -> bool:
        looked.append(1)
        return len(looked) > 3

    rig.supervisor.start()
    assert rig.supervisor.stop(5, idle)
    assert len(looked) == 4
    assert not rig.supervisor.stop(0.02, lambda: False)


def test_a_task_behind_the_fence_gives_its_result_or_is_reported(rig: Rig) -> None:
    rig.supervisor.add("one", Steps(False), every=60)
    rig.supervisor.start()

    def fail() -> int:
        raise ValueError("no")

    assert rig.supervisor.attempt("one", lambda: 7) == 7
    assert rig.supervisor.attempt("one", fail) is None
    assert [(name, str(error)) for name, error in rig.reported] == [("one", "no")]
