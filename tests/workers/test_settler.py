"""The settler's worker books at once, and lets no venue hold up another account."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from app.domain.errors import BrokerUnavailable, InvariantBroken
from app.domain.orders import OrderEvent
from app.domain.reports import OrderReport
from app.services.trading.settle import BATCH
from app.workers.settler import SettleWorker
from tests.support.floor import Floor

GUARD = {"stop_loss": {"value": "20", "unit": "ticks"}}


class Tasks:
    """Keeps background tasks until the test runs them."""

    def __init__(self) -> None:
        self.waiting: list[tuple[Callable[..., object], tuple[object, ...]]] = []
        self.wakes = 0
        self.failed: list[str] = []

    def spawn(self, task: Callable[..., object], *args: object) -> None:
        self.waiting.append((task, args))

    def run(self) -> None:
        waiting, self.waiting = self.waiting, []
        for task, args in waiting:
            task(*args)

    def wake(self) -> None:
        self.wakes += 1

    def attempt(self, name: str, task: Callable[[], object]) -> object:
        try:
            return task()
        except InvariantBroken:
            self.failed.append(name)
            return None


@pytest.fixture
def tasks() -> Tasks:
    return Tasks()


@pytest.fixture
def worker(floor: Floor, tasks: Tasks) -> SettleWorker:
    return SettleWorker(
        floor.core.settler,
        floor.core.protector,
        tasks.spawn,
        tasks.attempt,  # type: ignore[arg-type]
        tasks.wake,
    )


def entered(floor: Floor, name: str, account: str) -> str:
    """Let a limit entry rest, and return its id at the venue."""
    strategy = floor.strategy(name, accounts=[floor.core.accounts.find(None, account)], **GUARD)  # type: ignore[arg-type]
    alert = floor.send(strategy, action="buy", quantity="1", order_type="limit", limit_price="4990")
    return floor.orders(alert)[0].client_order_id


def test_fills_are_booked_in_the_step_and_protection_follows_in_the_background(
    floor: Floor, tasks: Tasks, worker: SettleWorker
) -> None:
    floor.broker.fill(entered(floor, "One", "desk"))
    assert not worker.step(floor.clock.now())
    with floor.core.store.read() as uow:
        assert len(uow.positions.open()) == 1
    assert (len(tasks.waiting), worker.running) == (1, True)
    assert floor.broker.working == []
    tasks.run()
    assert len(floor.broker.working) == 1
    assert (tasks.wakes, worker.running) == (1, False)


def test_each_account_is_looked_after_by_itself_and_never_twice_at_once(
    floor: Floor, tasks: Tasks, worker: SettleWorker
) -> None:
    other = floor.account("other")
    one, two = entered(floor, "One", "desk"), entered(floor, "Two", "other")
    floor.broker.fill(one)
    floor.venue.at(other.id).fill(two)
    worker.step(floor.clock.now())
    worker.step(floor.clock.now())
    assert sorted(str(args[0]) for _, args in tasks.waiting) == sorted([floor.desk.id, other.id])
    tasks.run()
    assert len(floor.broker.working) == len(floor.venue.at(other.id).working) == 1


def test_what_is_due_only_by_its_time_is_looked_after_too(
    floor: Floor, tasks: Tasks, worker: SettleWorker
) -> None:
    floor.broker.answers.extend([None, BrokerUnavailable("No route.")])
    floor.hold(floor.strategy("One", **GUARD), "1")  # type: ignore[arg-type]
    worker.step(floor.clock.now())
    tasks.run()
    assert floor.broker.working == []
    floor.clock.advance(6)
    worker.step(floor.clock.now())
    tasks.run()
    assert len(floor.broker.working) == 1


def test_looking_after_an_account_that_raises_is_reported_and_done_again(
    floor: Floor, tasks: Tasks, worker: SettleWorker
) -> None:
    floor.broker.fill(entered(floor, "One", "desk"))
    worker.step(floor.clock.now())
    # A write block inside another one is broken whatever it does.
    with floor.core.store.write():
        tasks.run()
    assert tasks.failed == ["settler"]
    assert not worker.running


def test_a_step_says_when_more_reports_wait(
    floor: Floor, tasks: Tasks, worker: SettleWorker
) -> None:
    name = entered(floor, "One", "desk")
    again = OrderReport(floor.desk.id, name, OrderEvent.ACCEPT, floor.clock.now())
    for _ in range(BATCH + 1):
        floor.core.settler.receive(again)
    assert worker.step(floor.clock.now())
    assert not worker.step(floor.clock.now())
