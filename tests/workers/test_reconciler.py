"""The reconciler's worker: looks run side by side, and a start waits for them, but not for ever."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import TypeVar

import pytest

from app.domain.inbox import AlertState
from app.workers import reconciler as module
from app.workers.reconciler import ReconcileWorker
from tests.support.floor import Floor

Done = TypeVar("Done")


def attempt(name: str, task: Callable[[], Done]) -> Done | None:
    return task()


def in_threads(task: Callable[..., object], *args: object) -> object:
    thread = threading.Thread(target=task, args=args, daemon=True)
    thread.start()
    return thread


@pytest.fixture
def woken() -> list[bool]:
    return []


@pytest.fixture
def worker(floor: Floor, woken: list[bool]) -> Iterator[ReconcileWorker]:
    yield ReconcileWorker(
        floor.core.reconciler, in_threads, attempt, lambda: woken.append(True), wait_s=0.5
    )
    floor.broker.holds.set()


def settled(worker: ReconcileWorker) -> None:
    for _ in range(100):
        if not worker.running:
            return
        threading.Event().wait(0.02)
    raise AssertionError("A look did not end.")


def test_each_account_is_looked_at_once_a_minute(floor: Floor, worker: ReconcileWorker) -> None:
    worker.step(floor.clock.now())
    settled(worker)
    first = floor.core.reconciler.check(floor.desk.id).answered_at
    floor.clock.advance(59)
    worker.step(floor.clock.now())
    settled(worker)
    assert floor.core.reconciler.check(floor.desk.id).answered_at == first
    floor.clock.advance(2)
    worker.step(floor.clock.now())
    settled(worker)
    assert floor.core.reconciler.check(floor.desk.id).answered_at != first


def test_a_venue_that_hangs_delays_no_other_accounts_look(
    floor: Floor, worker: ReconcileWorker, woken: list[bool]
) -> None:
    floor.broker.holds.clear()
    worker.step(floor.clock.now())
    for _ in range(100):
        if floor.core.reconciler.compared(floor.paper.id):
            break
        threading.Event().wait(0.02)
    assert floor.core.reconciler.compared(floor.paper.id)
    assert not floor.core.reconciler.compared(floor.desk.id)
    floor.broker.holds.set()
    settled(worker)
    assert floor.core.reconciler.compared(floor.desk.id)
    assert len(woken) == 2


def test_a_start_waits_for_the_venues_and_names_those_that_are_slow(
    floor: Floor, worker: ReconcileWorker
) -> None:
    strategy = floor.strategy()
    floor.broker.holds.clear()
    assert worker.start() == (floor.desk.id,)
    waiting = floor.send(strategy, action="buy", quantity="1")
    assert waiting.state is AlertState.CLAIMED
    floor.broker.holds.set()
    settled(worker)
    floor.work()
    assert floor.alert(waiting.id).state is AlertState.EXECUTED
    assert floor.send(strategy, action="buy", quantity="1").state is AlertState.EXECUTED
    assert module.START_S == 5.0
