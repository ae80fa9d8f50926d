"""The storm desk: what a storm leaves behind is seen, judged broken or put away."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from app.domain.errors import Conflict
from app.domain.safety.storms import Storm, StormState, Wish
from app.services.storms import StormDesk
from tests.support.floor import Floor, floor, floor_folder, floor_template
from tests.support.storming import Launches

__all__ = ["floor", "floor_folder", "floor_template"]


@pytest.fixture
def launches() -> Launches:
    return Launches()


def desk_of(floor: Floor, launches: Launches) -> StormDesk:
    """The desk of a server that has just started."""
    made = floor.core
    return StormDesk(
        made.store, floor.clock, made.ids, made.accounts, made.strategies, made.halts, launches
    )


def begun(floor: Floor, desk: StormDesk) -> Storm:
    return desk.begin(None, floor.paper.id, Wish())


def judged(floor: Floor, storm: Storm) -> None:
    with floor.core.store.write() as uow:
        uow.storms.save(replace(storm, state=StormState.PASSED, report={"lost": 0}))


def stands(floor: Floor, storm: Storm) -> tuple[StormState, object]:
    with floor.core.store.read() as uow:
        found = uow.storms.get(storm.id)
    assert found is not None
    return found.state, found.report.get("problem")


def archived(floor: Floor, launches: Launches) -> list[bool]:
    run = launches.runs[-1]
    made = [floor.core.strategies.get(None, each) for each in run.strategies]
    return [each.archived_at is not None for each in made]


def test_strategies_go_to_the_archive_once_the_verdict_is_there(
    floor: Floor, launches: Launches
) -> None:
    desk = desk_of(floor, launches)
    storm = begun(floor, desk)
    desk.step(floor.clock.now())
    assert archived(floor, launches) == [False] * 4
    judged(floor, storm)
    launches.runs[0].said = "The storm's process ended with exit code 0."
    desk.step(floor.clock.now())
    assert archived(floor, launches) == [True] * 4
    assert stands(floor, storm) == (StormState.PASSED, None)


def test_a_process_that_ended_without_a_verdict_is_a_broken_storm(
    floor: Floor, launches: Launches
) -> None:
    desk = desk_of(floor, launches)
    storm = begun(floor, desk)
    launches.runs[0].said = "It ended with exit code 1."
    desk.step(floor.clock.now())
    assert stands(floor, storm) == (StormState.BROKEN, "It ended with exit code 1.")
    assert archived(floor, launches) == [True] * 4
    begun(floor, desk)


def test_a_storm_that_a_crash_left_running_is_broken_after_the_start(
    floor: Floor, launches: Launches
) -> None:
    storm = begun(floor, desk_of(floor, launches))
    desk_of(floor, launches).step(floor.clock.now())
    state, problem = stands(floor, storm)
    assert state is StormState.BROKEN
    assert str(problem).startswith("The server stopped")
    assert archived(floor, launches) == [True] * 4


def test_a_storm_that_ended_before_a_crash_is_put_away_after_the_start(
    floor: Floor, launches: Launches
) -> None:
    storm = begun(floor, desk_of(floor, launches))
    judged(floor, storm)
    desk_of(floor, launches).step(floor.clock.now())
    assert archived(floor, launches) == [True] * 4


def test_what_another_server_ran_meanwhile_is_put_away_too(
    floor: Floor, launches: Launches
) -> None:
    desk = desk_of(floor, launches)
    desk.step(floor.clock.now())
    storm = begun(floor, desk_of(floor, launches))
    judged(floor, storm)
    desk.step(floor.clock.now())
    assert archived(floor, launches) == [False] * 4
    floor.clock.advance(20)
    desk.step(floor.clock.now())
    assert archived(floor, launches) == [True] * 4


def test_what_a_broken_storm_left_open_is_closed_before_it_is_put_away(
    floor: Floor, launches: Launches
) -> None:
    desk = desk_of(floor, launches)
    begun(floor, desk)
    run = launches.runs[0]
    strategy = floor.core.strategies.get(None, run.strategies[0])
    floor.keys[strategy.id] = run.keys[0]
    floor.send(strategy, symbol="ZVZZT", action="buy", quantity="2", price="20")
    assert held(floor, strategy.id) == Decimal(2)
    run.said = "It ended with exit code 1."
    desk.step(floor.clock.now())
    assert archived(floor, launches) == [False, True, True, True]
    floor.work()
    assert held(floor, strategy.id) == Decimal(0)
    desk.step(floor.clock.now())
    assert archived(floor, launches) == [True] * 4
    assert floor.core.halts.stops(None) == []


def held(floor: Floor, strategy_id: str) -> Decimal:
    with floor.core.store.read() as uow:
        books = uow.positions.open(strategy_id=strategy_id)
    return sum((each.quantity for each in books.values()), Decimal(0))


def test_a_process_that_cannot_be_started_leaves_no_storm_running(
    floor: Floor, launches: Launches
) -> None:
    desk = desk_of(floor, launches)
    launches.fails = OSError(12, "Cannot allocate memory")
    with pytest.raises(Conflict, match="could not be started"):
        begun(floor, desk)
    launches.fails = None
    begun(floor, desk)
    with floor.core.store.read() as uow:
        states = [each.state for each in uow.storms.latest(5)]
    assert sorted(states) == [StormState.BROKEN, StormState.RUNNING]
