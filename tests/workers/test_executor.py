"""The executor: takes what waits, oldest first, keeps it leased, and gives back the rest."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import NoReturn

import pytest

from app.domain.errors import StoreUnavailable
from app.domain.inbox import Alert, AlertState
from app.domain.strategies import Strategy
from app.store.unit_of_work import SqlStore
from app.workers.executor import BATCH, Executor, InlineQueue
from tests.support.floor import Floor

LEASE = timedelta(seconds=30)


class Shelf:
    """A queue that only keeps what it is given."""

    def __init__(self) -> None:
        self.given: list[tuple[str, str]] = []
        self.full = 0

    def put(self, alert: Alert, account_id: str) -> None:
        self.given.append((alert.id, account_id))

    @property
    def busy(self) -> int:
        return self.full or len(self.given)


class TornStore(SqlStore):
    """A store whose database does not answer."""

    def __init__(self) -> None:
        pass

    def write(self) -> NoReturn:
        raise StoreUnavailable("The database did not answer.")


@pytest.fixture
def strategy(floor: Floor) -> Strategy:
    return floor.strategy()


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


def executor(
    floor: Floor, shelf: Shelf, name: str = "one", may_claim: Callable[[], bool] = lambda: True
) -> Executor:
    made = floor.core
    return Executor(made.store, made.decider, made.trader, shelf, name, LEASE, may_claim)


def posted(floor: Floor, strategy: Strategy, count: int) -> list[str]:
    answers = [floor.post(strategy, action="buy", quantity="1") for _ in range(count)]
    return [str(answer.body["alert_id"]) for answer in answers]


def test_alerts_are_taken_oldest_first_in_batches(
    floor: Floor, strategy: Strategy, shelf: Shelf
) -> None:
    ids = posted(floor, strategy, BATCH + 5)
    one = executor(floor, shelf)
    assert one.step(floor.clock.now())
    assert len(shelf.given) == BATCH
    assert not one.step(floor.clock.now())
    assert [alert_id for alert_id, _ in shelf.given] == ids
    assert {floor.alert(each).state for each in ids} == {AlertState.CLAIMED}
    assert floor.alert(ids[0]).claimed_by == "one"
    assert floor.alert(ids[0]).lease_until == floor.clock.now() + LEASE


def test_an_alert_goes_to_every_account_of_its_strategy(floor: Floor, shelf: Shelf) -> None:
    other = floor.account("other")
    strategy = floor.strategy(accounts=[floor.desk, other])
    ids = posted(floor, strategy, 1)
    executor(floor, shelf).step(floor.clock.now())
    assert sorted(shelf.given) == sorted([(ids[0], floor.desk.id), (ids[0], other.id)])


def test_c06_two_executors_never_hold_the_same_alert(
    floor: Floor, strategy: Strategy, shelf: Shelf
) -> None:
    posted(floor, strategy, 3)
    other = Shelf()
    executor(floor, shelf).step(floor.clock.now())
    executor(floor, other, "two").step(floor.clock.now())
    assert len(shelf.given) == 3
    assert other.given == []


def test_c06_when_a_lease_runs_out_another_executor_takes_over(
    floor: Floor, strategy: Strategy, shelf: Shelf
) -> None:
    ids = posted(floor, strategy, 1)
    executor(floor, Shelf()).step(floor.clock.now())
    floor.clock.advance(31)
    executor(floor, shelf, "two").step(floor.clock.now())
    assert [alert_id for alert_id, _ in shelf.given] == ids
    assert floor.alert(ids[0]).claimed_by == "two"


def test_what_is_in_hand_stays_leased_however_long_it_takes(
    floor: Floor, strategy: Strategy, shelf: Shelf
) -> None:
    ids = posted(floor, strategy, 1)
    one, two = executor(floor, shelf), Shelf()
    for _ in range(20):
        one.step(floor.clock.now())
        floor.clock.advance(8)
        executor(floor, two, "two").step(floor.clock.now())
    assert [alert_id for alert_id, _ in shelf.given] == ids
    assert two.given == []


def test_nothing_is_taken_while_the_hands_are_full(
    floor: Floor, strategy: Strategy, shelf: Shelf
) -> None:
    ids = posted(floor, strategy, 1)
    shelf.full = 5000
    assert not executor(floor, shelf).step(floor.clock.now())
    assert floor.alert(ids[0]).state is AlertState.RECEIVED


def test_claiming_stands_back_while_alerts_press_in_unless_the_hands_are_empty(
    floor: Floor, strategy: Strategy, shelf: Shelf
) -> None:
    ids = posted(floor, strategy, 1)
    one = executor(floor, shelf, may_claim=lambda: False)
    one.step(floor.clock.now())
    assert [alert_id for alert_id, _ in shelf.given] == ids
    posted(floor, strategy, 1)
    assert not one.step(floor.clock.now())
    assert len(shelf.given) == 1


def test_what_was_not_executed_is_given_back_at_a_stop(
    floor: Floor, strategy: Strategy, shelf: Shelf
) -> None:
    ids = posted(floor, strategy, 2)
    one = executor(floor, shelf)
    one.step(floor.clock.now())
    one.stop()
    assert {floor.alert(each).state for each in ids} == {AlertState.RECEIVED}


def test_a_start_takes_up_what_an_earlier_run_left_and_nothing_of_others(
    floor: Floor, strategy: Strategy, shelf: Shelf
) -> None:
    mine = posted(floor, strategy, 1)
    executor(floor, Shelf()).step(floor.clock.now())
    theirs = posted(floor, strategy, 1)
    executor(floor, Shelf(), "two").step(floor.clock.now())
    again = executor(floor, shelf)
    again.start()
    again.step(floor.clock.now())
    assert [alert_id for alert_id, _ in shelf.given] == mine
    assert floor.alert(theirs[0]).claimed_by == "two"


def test_an_alert_that_no_account_can_execute_ends_at_once(
    floor: Floor, strategy: Strategy, shelf: Shelf
) -> None:
    answer = floor.post(strategy, action="buy", quantity="1", account="elsewhere")
    executor(floor, shelf).step(floor.clock.now())
    ended = floor.alert(str(answer.body["alert_id"]))
    assert (ended.state, ended.code) == (AlertState.REFUSED, "UNKNOWN_ACCOUNT")
    assert shelf.given == []


def test_the_inline_queue_executes_at_once_and_keeps_nothing(
    floor: Floor, strategy: Strategy
) -> None:
    ids = posted(floor, strategy, 2)
    one = floor.core.executor()
    assert not one.step(floor.clock.now())
    assert {floor.alert(each).state for each in ids} == {AlertState.EXECUTED}
    assert InlineQueue(floor.core.trader).busy == 0


def test_f11_a_claim_whose_answer_was_lost_does_not_wait_for_its_lease(
    floor: Floor, strategy: Strategy, shelf: Shelf
) -> None:
    ids = posted(floor, strategy, 2)
    one = executor(floor, shelf)
    with floor.core.store.write() as uow:
        # Kept by the database, but the connection broke before it could say so.
        uow.alerts.claim("one", floor.clock.now(), floor.clock.now() + LEASE, 1)
    whole, torn = floor.core.store, TornStore()
    one._store = torn
    with pytest.raises(StoreUnavailable):
        one.step(floor.clock.now())
    one._store = whole
    one.step(floor.clock.now())
    assert [alert_id for alert_id, _ in shelf.given] == ids


def test_f10_a_lease_of_a_clock_that_was_set_back_since_has_run_out(
    floor: Floor, strategy: Strategy, shelf: Shelf
) -> None:
    ids = posted(floor, strategy, 1)
    later = floor.clock.now() + timedelta(hours=2)
    executor(floor, Shelf()).step(later)
    executor(floor, shelf, "two").step(floor.clock.now())
    assert [alert_id for alert_id, _ in shelf.given] == ids


class Torn(Shelf):
    """A shelf that breaks once, when it has taken some."""

    def __init__(self, takes: int) -> None:
        super().__init__()
        self.takes = takes

    def put(self, alert: Alert, account_id: str) -> None:
        self.takes -= 1
        if self.takes == -1:
            raise StoreUnavailable("The database did not answer.")
        super().put(alert, account_id)


def test_f19_what_a_step_claimed_and_never_handed_out_is_handed_out_by_the_next_one(
    floor: Floor, strategy: Strategy
) -> None:
    """Also by that of another runner, when the first one hangs there."""
    ids, shelf = posted(floor, strategy, 3), Torn(takes=1)
    one = executor(floor, shelf)
    with pytest.raises(StoreUnavailable):
        one.step(floor.clock.now())
    assert [given for given, _ in shelf.given] == ids[:1]
    one.step(floor.clock.now())
    assert [given for given, _ in shelf.given] == [ids[0], *ids]
