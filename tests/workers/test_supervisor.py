"""The supervisor: a step that raises ends nothing, and a stop ends everything in time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

import pytest

from app.clock import SystemClock, VirtualClock
from app.services.health import Health
from app.services.ports import Clock
from app.workers.supervisor import PATIENCE_S, Supervisor
from tests.support.counting import MORNING
from tests.support.serving import eventually


class Rig:
    """A supervisor with threads, and what it reported."""

    def __init__(self, clock: Clock) -> None:
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
    made = Rig(SystemClock())
    yield made
    made.stop()
    for thread in made.threads:
        thread.join(5)


class Hanging:
    """A step that hangs each time until it is let go."""

    def __init__(self) -> None:
        self.begun = 0
        self.ended = 0
        self.go = threading.Event()

    def __call__(self, _now: datetime) -> bool:
        self.begun += 1
        self.go.wait(10)
        self.ended += 1
        return False


@dataclass
class Ward:
    """A worker that hangs in the first steps, on a clock that the test moves."""

    clock: VirtualClock
    rig: Rig
    step: Hanging

    def hung(self, times: int) -> None:
        """Wait until so many steps hang."""
        eventually(lambda: self.step.begun == times)


@pytest.fixture
def ward() -> Iterator[Ward]:
    clock = VirtualClock(MORNING)
    made = Ward(clock, Rig(clock), Hanging())
    yield made
    made.step.go.set()
    made.rig.supervisor.begin_stop()
    for worker in made.rig.supervisor._workers:
        worker.wake()
    for thread in made.rig.threads:
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


# --- a step that hangs ----------------------------------------------------------------------------


def test_f19_a_step_that_hangs_is_taken_over_and_comes_back_to_nothing(ward: Ward) -> None:
    supervisor = ward.rig.supervisor
    supervisor.add("one", ward.step, every=60)
    supervisor.start()
    ward.hung(1)
    ward.clock.advance(PATIENCE_S)
    assert supervisor.relieve() == {}
    ward.clock.advance(0.1)
    assert supervisor.relieve() == {"one": PATIENCE_S}
    ward.hung(2)
    # The new one has its own patience.
    assert supervisor.relieve() == {}
    ward.clock.advance(10)
    ward.step.go.set()
    first = ward.rig.threads[0]
    first.join(5)
    # The old one ended with its step; the new one goes on.
    assert not first.is_alive()
    assert ward.rig.threads[1].is_alive()
    eventually(lambda: (ward.step.begun, ward.step.ended) == (2, 2))


def test_f19_a_worker_whose_steps_hang_again_and_again_is_replaced_three_times_an_hour(
    ward: Ward,
) -> None:
    supervisor = ward.rig.supervisor
    supervisor.add("one", ward.step, every=1)
    supervisor.start()
    replaced = []
    for number in range(1, 7):
        ward.hung(min(number, 4))
        ward.clock.advance(PATIENCE_S + 1)
        replaced.append(len(supervisor.relieve()))
    assert replaced == [1, 1, 1, 0, 0, 0]
    assert not ward.rig.health.healthy
    ward.clock.advance(3600)
    assert len(supervisor.relieve()) == 1


def test_what_was_given_up_does_not_hold_up_the_stop(ward: Ward) -> None:
    supervisor = ward.rig.supervisor
    supervisor.add("one", lambda now: not ward.step.begun and ward.step(now), every=60)
    supervisor.start()
    ward.hung(1)
    ward.clock.advance(PATIENCE_S + 1)
    assert supervisor.relieve() == {"one": PATIENCE_S}
    eventually(lambda: ward.rig.health.report()["one"]["last_beat"])
    eventually(lambda: supervisor.stop(0, lambda: True))
    assert ward.step.ended == 0


def test_a_worker_without_patience_is_never_replaced(ward: Ward) -> None:
    supervisor = ward.rig.supervisor
    supervisor.add("one", ward.step, every=60, patience=None)
    supervisor.start()
    ward.hung(1)
    ward.clock.advance(100_000)
    assert supervisor.relieve() == {}


def test_a_worker_between_its_steps_is_not_hanging(ward: Ward) -> None:
    supervisor = ward.rig.supervisor
    ward.step.go.set()
    supervisor.add("one", ward.step, every=60)
    supervisor.start()
    eventually(lambda: ward.rig.health.report()["one"]["last_beat"])
    ward.clock.advance(100_000)
    assert supervisor.relieve() == {}


def test_a_task_that_is_under_way_for_long_is_seen_until_it_ends(ward: Ward) -> None:
    supervisor = ward.rig.supervisor
    supervisor.add("lanes", Steps(False), every=60)
    ward.rig.spawn(supervisor.attempt, "lanes", lambda: ward.step(MORNING))
    ward.hung(1)
    ward.clock.advance(60)
    late = [supervisor.overdue(60)]
    ward.clock.advance(1)
    late.append(supervisor.overdue(60))
    ward.step.go.set()
    ward.rig.threads[0].join(5)
    late.append(supervisor.overdue(60))
    assert late == [set(), {"lanes"}, set()]


# --- while another server trades ------------------------------------------------------------------


def test_c20_only_what_always_runs_is_started_while_another_server_trades(rig: Rig) -> None:
    trade, show = Steps(False), Steps(False)
    rig.supervisor.add("trade", trade, every=0.01)
    rig.supervisor.add("show", show, every=0.01, always=True)
    rig.supervisor.start(trading=False)
    assert show.done.wait(5)
    assert list(rig.health.report()) == ["show"]
    assert trade.calls == []
    rig.supervisor.start()
    assert trade.done.wait(5)
    assert len(rig.threads) == 2


def test_c20_workers_that_trade_can_be_sent_to_rest_and_started_again(rig: Rig) -> None:
    trade, show = Steps(False), Steps(False)
    rig.supervisor.add("trade", trade, every=0.01)
    rig.supervisor.add("show", show, every=0.01, always=True)
    rig.supervisor.start()
    assert trade.done.wait(5)
    rig.supervisor.rest()
    rig.threads[0].join(5)
    assert not rig.threads[0].is_alive()
    assert list(rig.health.report()) == ["show"]
    before = len(trade.calls)
    rig.supervisor.start()
    eventually(lambda: len(trade.calls) > before)
    assert len(rig.threads) == 3
