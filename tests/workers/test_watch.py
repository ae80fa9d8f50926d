"""The watch raises the alarm for a hung worker, and the pulse shows how late everything is."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.domain.events import FactKind
from app.services.alarms import Alarms
from app.services.health import Health
from app.workers.supervisor import PATIENCE_S
from app.workers.watch import PULSE_EVERY, TASK_S, Pulse, Relief, Watch
from tests.support.floor import Floor


class Rig:
    """A floor with a watch and a pulse."""

    def __init__(self, floor: Floor) -> None:
        self.floor = floor
        self.clock = floor.clock
        self.health = Health(floor.clock)
        self.alarms = Alarms(floor.core.store, floor.clock)
        self.watch = Watch(self.health, self.alarms)
        self.pulse = Pulse(floor.clock, self.health, self.alarms)

    def beat_after(self, *seconds: float) -> None:
        for each in seconds:
            self.clock.advance(each)
            assert not self.pulse.step(self.clock.now())

    def told(self) -> list[str | None]:
        """What the alarms are once the watch has looked."""
        assert not self.watch.step(self.clock.now())
        return [fact.code for fact in self.floor.facts if fact.kind is FactKind.WORKER_FAILED]


@pytest.fixture
def rig(floor: Floor) -> Rig:
    return Rig(floor)


def test_d8_a_worker_that_hangs_is_alarmed_once_a_minute_until_it_beats(rig: Rig) -> None:
    rig.health.expect("executor", timedelta(seconds=0.1))
    rig.clock.advance(5)
    counts = [len(rig.told())]
    for seconds in (0.1, 30, 31):
        rig.clock.advance(seconds)
        counts.append(len(rig.told()))
    rig.health.beat("executor")
    rig.clock.advance(4)
    counts.append(len(rig.told()))
    assert counts == [0, 1, 1, 2, 2]


def test_a_worker_that_rests_after_a_failure_does_not_hang(rig: Rig) -> None:
    rig.health.expect("executor", timedelta(seconds=0.1))
    rig.health.fail("executor", "ValueError: no")
    rig.clock.advance(29)
    assert rig.told() == []


def test_f19_the_latency_of_the_hub_is_the_worst_of_the_last_minute(rig: Rig) -> None:
    found = [rig.health.latency.worst]
    for seconds in (0.0, PULSE_EVERY, 0.25, 0.15, 59.9, 0.3):
        rig.beat_after(seconds)
        worst = rig.health.latency.worst
        found.append(None if worst is None else round(worst, 3))
    assert found == [None, None, 0.0, 0.2, 0.2, 59.85, 59.85]
    rig.clock.advance(60.1)
    assert rig.health.latency.worst is None


def test_a_bad_second_is_forgotten_after_a_minute_and_lesser_ones_after_it_are_not(
    rig: Rig,
) -> None:
    rig.beat_after(0, 0.55, 0.15)
    rig.beat_after(*[PULSE_EVERY] * 1197)
    assert rig.health.latency.worst == pytest.approx(0.5)
    rig.beat_after(*[PULSE_EVERY] * 2)
    assert rig.health.latency.worst == pytest.approx(0.1)


def test_f19_a_hub_that_stands_still_for_more_than_a_second_is_an_alarm(rig: Rig) -> None:
    rig.beat_after(0, PULSE_EVERY + 1)
    assert rig.told() == []
    rig.beat_after(PULSE_EVERY + 1.1, PULSE_EVERY + 2)
    assert rig.told() == ["HUB_LATE"]


class Hung:
    """A supervisor whose executor hangs, with one of its tasks."""

    def __init__(self) -> None:
        self.asked: list[float] = []

    def relieve(self) -> dict[str, float]:
        return {"executor": PATIENCE_S}

    def overdue(self, seconds: float) -> set[str]:
        self.asked.append(seconds)
        return {"executor"}


def test_f19_who_takes_over_from_a_worker_that_hangs_says_so(rig: Rig) -> None:
    supervisor = Hung()
    relief = Relief(supervisor, rig.alarms)
    assert not relief.step(rig.clock.now())
    assert rig.told() == ["WORKER_REPLACED", "TASK_LATE"]
    assert supervisor.asked == [TASK_S]
    words = [fact.message for fact in rig.floor.facts if fact.kind is FactKind.WORKER_FAILED]
    assert "the worker executor took more than 30 seconds" in words[0]
    assert "a venue does not answer" in words[1]
