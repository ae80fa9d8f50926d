"""The notifier's worker: what hangs holds up nothing else, and tasks are bounded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from app.services.notices import Dispatcher
from app.workers.notifier import NoticeWorker

NOON = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)


@dataclass
class Scripted(Dispatcher):
    """Has the channels due that the test names."""

    ready: list[str] = field(default_factory=list)
    delivered: list[str] = field(default_factory=list)

    def step(self, now: datetime) -> bool:
        return now == NOON

    def due(self, now: datetime) -> list[str]:
        return list(self.ready)

    def deliver(self, channel_id: str) -> None:
        self.delivered.append(channel_id)


@dataclass
class Tasks:
    """Background tasks that run when the test says so."""

    waiting: list[Callable[[], object]] = field(default_factory=list)

    def spawn(self, task: Callable[..., object], *args: object) -> object:
        self.waiting.append(lambda: task(*args))
        return None

    def attempt(self, name: str, task: Callable[[], Any]) -> Any:  # noqa: ANN401  what it returns
        assert name == "notices"
        return task()

    def run(self) -> None:
        tasks, self.waiting = self.waiting, []
        for task in tasks:
            task()


@pytest.fixture
def tasks() -> Tasks:
    return Tasks()


def test_a_channel_has_one_task_at_a_time(tasks: Tasks) -> None:
    dispatcher = Scripted(ready=["one"])
    worker = NoticeWorker(dispatcher, tasks.spawn, tasks.attempt)
    worker.step(NOON)
    worker.step(NOON)
    tasks.run()
    assert dispatcher.delivered == ["one"]
    worker.step(NOON)
    tasks.run()
    assert dispatcher.delivered == ["one", "one"]


def test_silent_services_do_not_take_all_tasks(tasks: Tasks) -> None:
    dispatcher = Scripted(ready=[str(number) for number in range(9)])
    NoticeWorker(dispatcher, tasks.spawn, tasks.attempt).step(NOON)
    assert len(tasks.waiting) == 4


def test_it_goes_on_at_once_while_there_is_more_to_read(tasks: Tasks) -> None:
    worker = NoticeWorker(Scripted(), tasks.spawn, tasks.attempt)
    assert worker.step(NOON)
    assert not worker.step(NOON.replace(hour=13))
