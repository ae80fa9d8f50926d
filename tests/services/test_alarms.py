"""Alarms about the server itself: kept as facts, once a minute each, and never lost to a lock."""

from __future__ import annotations

from contextlib import AbstractContextManager

import pytest

from app.clock import VirtualClock
from app.domain.errors import StoreUnavailable
from app.domain.events import Fact, FactKind, Level
from app.services.alarms import Alarms
from app.services.ports import UnitOfWork
from tests.support.floor import Floor


@pytest.fixture
def alarms(floor: Floor) -> Alarms:
    return Alarms(floor.core.store, floor.clock)


def told(floor: Floor) -> list[tuple[str | None, str]]:
    found = [fact for fact in floor.facts if fact.kind is FactKind.WORKER_FAILED]
    return [(fact.code, fact.message) for fact in found]


FAILED = ("WORKER_FAILED", "The worker paper failed: ValueError: bad price")


def test_a_failed_worker_is_a_fact_of_the_servers_own(floor: Floor, alarms: Alarms) -> None:
    alarms.worker_failed("paper", ValueError("bad price"))
    assert told(floor) == []
    alarms.write()
    assert told(floor) == [FAILED]
    fact: Fact = floor.facts[-1]
    assert (fact.level, fact.user_id, fact.at) == (Level.ERROR, None, floor.clock.now())


def test_the_same_alarm_is_told_once_a_minute(floor: Floor, alarms: Alarms) -> None:
    counts = []
    for seconds in (0, 59.9, 0.1, 59.9, 0.1):
        floor.clock.advance(seconds)
        alarms.worker_failed("paper", ValueError("bad price"))
        alarms.write()
        counts.append(len(told(floor)))
    assert counts == [1, 1, 2, 2, 3]


def test_another_worker_and_another_problem_are_other_alarms(floor: Floor, alarms: Alarms) -> None:
    alarms.worker_failed("paper", ValueError("bad price"))
    alarms.worker_failed("settler", ValueError("bad price"))
    alarms.worker_failed("paper", KeyError("other"))
    alarms.worker_late("paper", 5.0)
    alarms.write()
    assert len(told(floor)) == 4
    late = "The worker paper has ended no step for more than 5 seconds."
    assert told(floor)[-1] == ("WORKER_LATE", late)


def test_a_hub_that_is_late_again_is_the_same_alarm_however_late(
    floor: Floor, alarms: Alarms
) -> None:
    for late in (1.2, 3.4):
        alarms.hub_late(late)
    alarms.write()
    (only,) = told(floor)
    message = "Everything stood still for 1.2 seconds: something held up the server."
    assert only == ("HUB_LATE", message)


class Locked:
    """A store that cannot be written to."""

    def write(self) -> AbstractContextManager[UnitOfWork]:
        raise StoreUnavailable("The database is locked.")


def test_an_alarm_waits_for_a_database_that_is_away(floor: Floor, clock: VirtualClock) -> None:
    alarms = Alarms(Locked(), clock)  # type: ignore[arg-type]
    alarms.worker_failed("paper", ValueError("bad price"))
    for _ in range(2):
        with pytest.raises(StoreUnavailable):
            alarms.write()
    alarms._store = floor.core.store
    alarms.write()
    alarms.write()
    assert told(floor) == [FAILED]


def test_what_waits_is_bounded(floor: Floor, alarms: Alarms) -> None:
    for number in range(1100):
        alarms.worker_failed("paper", ValueError(str(number)))
    alarms.write()
    assert len(told(floor)) == 1000


@pytest.fixture
def clock(floor: Floor) -> VirtualClock:
    return floor.clock
