"""The pulse of the workers: beating, late, failing."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.clock import VirtualClock
from app.services.health import Health
from tests.support.counting import MORNING


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(MORNING)


@pytest.fixture
def health(clock: VirtualClock) -> Health:
    made = Health(clock)
    made.expect("recorder", timedelta(seconds=2))
    return made


def state(health: Health, name: str = "recorder") -> object:
    return health.report()[name]["state"]


def test_a_server_without_workers_is_healthy(clock: VirtualClock) -> None:
    health = Health(clock)
    assert (health.healthy, health.report()) == (True, {})


@pytest.mark.parametrize(("every", "patience"), [(2.0, 10), (0.05, 5), (1.0, 5)])
def test_a_worker_is_late_after_five_of_its_periods_and_at_least_five_seconds(
    clock: VirtualClock, health: Health, every: float, patience: int
) -> None:
    health.expect("worker", timedelta(seconds=every))
    for _ in range(2):
        clock.advance(patience - 0.01)
        assert not health.late("worker")
        clock.advance(0.02)
        assert (health.late("worker"), state(health, "worker")) == (True, "late")
        health.beat("worker")
        assert state(health, "worker") == "ok"


@pytest.mark.parametrize("problem", ["ValueError: no", ""])
def test_a_failing_worker_is_seen_until_it_beats_again(
    clock: VirtualClock, health: Health, problem: str
) -> None:
    health.beat("recorder")
    beat = clock.now()
    clock.advance(1)
    for _ in range(2):
        health.fail("recorder", problem)
    assert health.report()["recorder"] == {
        "state": "failing",
        "last_beat": beat,
        "failures": 2,
        "problem": problem,
    }
    assert not health.healthy
    health.beat("recorder")
    assert health.report()["recorder"] == {
        "state": "ok",
        "last_beat": clock.now(),
        "failures": 2,
        "problem": None,
    }


def test_a_worker_that_is_no_longer_expected_is_neither_late_nor_failing(
    clock: VirtualClock, health: Health
) -> None:
    health.forget("recorder")
    health.fail("recorder", "ValueError: too late")
    health.beat("recorder")
    clock.advance(60)
    assert (health.healthy, health.report()) == (True, {})


def test_one_worker_in_trouble_is_enough(clock: VirtualClock, health: Health) -> None:
    health.expect("executor", timedelta(seconds=1))
    healthy = [health.healthy]
    clock.advance(7)
    health.beat("recorder")
    healthy.append(health.healthy)
    assert healthy == [True, False]
    assert (state(health), state(health, "executor")) == ("ok", "late")
