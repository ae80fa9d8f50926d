"""The agreement's worker compares once a day after the roll, and makes up what was missed."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from app.domain.errors import StoreUnavailable
from app.domain.safety.agreement import Asked, RunState, last_quiet
from app.domain.sessions import Roll
from app.services.agreement import Agreement
from app.workers.agreement import AgreementWorker
from tests.support.floor import Floor

ROLL = Roll.parse("16:00 America/Chicago")


def work(floor: Floor, worker: AgreementWorker, seconds: float) -> None:
    """Let the worker step each second, and at once while it has more to do."""
    end = floor.clock.now() + timedelta(seconds=seconds)
    while floor.clock.now() < end:
        while worker.step(floor.clock.now()):
            pass
        floor.clock.advance(1)


def begun(floor: Floor) -> list[tuple[str, str]]:
    """When runs began, and how they ended, oldest first."""
    with floor.core.store.read() as uow:
        runs = uow.agreements.runs(20)
    return [(f"{run.began_at:%d %H:%M:%S}", run.state.value) for run in reversed(runs)]


def test_the_first_run_waits_until_the_server_has_settled(floor: Floor) -> None:
    worker = AgreementWorker(floor.core.agreement, ROLL)
    work(floor, worker, 119)
    assert begun(floor) == []
    work(floor, worker, 10)
    assert begun(floor) == [("16 16:02:00", "agreed")]


def test_the_books_are_compared_once_a_day_after_the_roll(floor: Floor) -> None:
    worker = AgreementWorker(floor.core.agreement, ROLL)
    work(floor, worker, 130)
    floor.clock.advance(6 * 3600)
    work(floor, worker, 15 * 60)
    assert begun(floor) == [("16 16:02:00", "agreed"), ("16 22:15:00", "agreed")]
    work(floor, worker, 15 * 60)
    assert len(begun(floor)) == 2


def test_what_was_missed_is_made_up_by_the_next_server(floor: Floor) -> None:
    work(floor, AgreementWorker(floor.core.agreement, ROLL), 130)
    floor.clock.advance(3 * 86400)
    work(floor, AgreementWorker(floor.core.agreement, ROLL), 130)
    assert [day for day, _ in begun(floor)] == ["16 16:02:00", "19 16:04:10"]


def test_a_run_that_a_person_asked_for_after_the_roll_is_the_nights_too(floor: Floor) -> None:
    worker = AgreementWorker(floor.core.agreement, ROLL)
    work(floor, worker, 10)
    floor.core.agreement.begin(Asked.PERSON)
    work(floor, worker, 300)
    assert begun(floor) == [("16 16:00:10", "agreed")]


class Failing(Agreement):
    """A comparison whose database fails once."""

    fails = True

    def _tell_progress(self, going: object) -> None:
        if self.fails:
            self.fails = False
            raise StoreUnavailable("The database is away.")


def test_a_run_that_could_not_go_on_is_tried_again_after_an_hour(floor: Floor) -> None:
    core = floor.core
    failing = Failing(core.store, core.reads, core.clock, core.ids, None)
    worker = AgreementWorker(failing, ROLL)
    with pytest.raises(StoreUnavailable):
        work(floor, worker, 130)
    work(floor, worker, 3700)
    assert begun(floor) == [("16 16:02:00", "broken"), ("16 17:02:01", "agreed")]
    with core.store.read() as uow:
        broken = uow.agreements.runs(2)[1]
    assert (broken.state, broken.problem) == (RunState.BROKEN, "The database is away.")


def test_a_run_of_another_process_is_waited_for(floor: Floor) -> None:
    core = floor.core
    other = Agreement(core.store, core.reads, core.clock, core.ids, None)
    other.begin(Asked.COMMAND)
    worker = AgreementWorker(core.agreement, ROLL)
    work(floor, worker, 130)
    assert begun(floor) == [("16 16:00:00", "running")]
    other.finish(lambda: None)
    work(floor, worker, 130)
    assert begun(floor) == [("16 16:00:00", "agreed")]


@pytest.mark.parametrize(
    ("now", "quiet"),
    [
        ("2026-11-16T22:15:00+00:00", "2026-11-16T22:15:00+00:00"),
        ("2026-11-16T22:14:59+00:00", "2026-11-15T22:15:00+00:00"),
        ("2026-11-01T20:00:00+00:00", "2026-10-31T21:15:00+00:00"),
        ("2026-11-01T22:15:00+00:00", "2026-11-01T22:15:00+00:00"),
    ],
)
def test_the_quiet_time_follows_the_roll_over_nights_and_daylight_saving(
    now: str, quiet: str
) -> None:
    assert last_quiet(datetime.fromisoformat(now), ROLL) == datetime.fromisoformat(quiet)
