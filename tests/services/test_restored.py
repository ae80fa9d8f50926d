"""After a restore: what waited in the backup expires, what was begun is settled and not sent."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.domain.inbox import Alert, AlertState
from app.domain.orders import OrderState
from app.domain.strategies import Strategy
from app.services.restored import Leftover, end_leftovers, restored_at
from tests.support.floor import Floor
from tests.support.venue import Lost

CODE = "RESTORED_FROM_BACKUP"


@pytest.fixture
def strategy(floor: Floor) -> Strategy:
    """A strategy whose alerts never become stale."""
    return floor.strategy(max_age_s=None)


def put_back(floor: Floor) -> Leftover:
    """Do what the command does with the database that it puts back, a day later."""
    floor.clock.advance(24 * 3600)
    with floor.core.store.write() as uow:
        return end_leftovers(uow, floor.clock.now())


def lose(floor: Floor, *, kept: bool) -> None:
    """Let the venue lose its next answer, and answer no question either."""
    floor.broker.tells, floor.broker.deaf = False, True
    floor.broker.answers.append(Lost(kept=kept))


def waiting(floor: Floor, strategy: Strategy, **fields: object) -> Alert:
    answer = floor.post(strategy, **fields)
    return floor.alert(str(answer.body["alert_id"]))


def test_c21_alerts_that_waited_in_the_backup_expire_however_long_they_may_wait(
    floor: Floor, strategy: Strategy
) -> None:
    first = waiting(floor, strategy, action="buy", quantity="1")
    # One was claimed by a server that is gone now.
    with floor.core.store.write() as uow:
        now = floor.clock.now()
        uow.alerts.claim("gone", now, now + timedelta(days=900), 1)
    second = waiting(floor, strategy, action="exit")
    assert put_back(floor) == Leftover(expired=2, begun=0)
    floor.work()
    for each in (first, second):
        ended = floor.alert(each.id)
        assert (ended.state, ended.code) == (AlertState.EXPIRED, CODE)
        assert ended.lease_until is None
    assert floor.broker.sent == []
    told = [fact for fact in floor.facts if fact.code == CODE]
    assert [fact.alert_id for fact in told] == [first.id, second.id]
    assert all(fact.message.startswith("Breakout: alert expired.") for fact in told)


def test_c21_what_comes_after_the_restore_is_executed(floor: Floor, strategy: Strategy) -> None:
    put_back(floor)
    assert floor.send(strategy, action="buy", quantity="1").state is AlertState.EXECUTED


def test_c21_an_order_that_the_venue_took_after_the_backup_is_adopted_and_not_doubled(
    floor: Floor, strategy: Strategy
) -> None:
    lose(floor, kept=True)
    alert = waiting(floor, strategy, action="buy", quantity="2")
    floor.work()
    assert len(floor.broker.sent) == 1
    assert put_back(floor) == Leftover(expired=0, begun=1)
    floor.broker.deaf = False
    floor.wait(10)
    assert floor.alert(alert.id).state is AlertState.EXECUTED
    assert floor.held(strategy) == 2
    assert len(floor.broker.sent) == 1


@pytest.mark.parametrize("action", ["buy", "exit"])
def test_c21_an_order_that_the_venue_never_got_is_not_sent_from_an_old_backup(
    floor: Floor, strategy: Strategy, action: str
) -> None:
    if action == "exit":
        floor.hold(strategy, "2")
    held = len(floor.broker.held)
    lose(floor, kept=False)
    alert = waiting(floor, strategy, action=action, quantity="2")
    floor.work()
    put_back(floor)
    floor.broker.deaf = False
    floor.wait(10)
    ended = floor.alert(alert.id)
    assert (ended.state, ended.code) == (AlertState.EXPIRED, CODE)
    assert [order.state for order in floor.orders(alert)] == [OrderState.EXPIRED]
    assert len(floor.broker.held) == held


def test_c21_accounts_that_had_not_decided_do_nothing(floor: Floor) -> None:
    other = floor.account("other")
    strategy = floor.strategy(accounts=[floor.desk, other], max_age_s=None)
    lose(floor, kept=True)
    alert = waiting(floor, strategy, action="buy", quantity="1")
    floor.core.trader.advance(floor.alert(alert.id), floor.desk.id)
    put_back(floor)
    floor.broker.deaf = False
    floor.wait(10)
    assert floor.decision(alert, other).code == CODE
    assert floor.held(strategy, other) == 0
    assert floor.held(strategy) == 1
    assert floor.alert(alert.id).state is AlertState.EXECUTED


def test_a_database_that_was_never_put_back_says_so(floor: Floor) -> None:
    with floor.core.store.read() as uow:
        assert restored_at(uow) is None
