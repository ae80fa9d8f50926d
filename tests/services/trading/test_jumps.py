"""The clock of the machine jumps: nothing doubles, nothing stale goes out, nothing hangs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from app.domain.errors import BrokerUnavailable
from app.domain.inbox import AlertState
from app.domain.orders import OrderRole, OrderState
from app.domain.strategies import Strategy
from tests.support.floor import ES, OPENING, Floor, open_floor
from tests.support.jumping import JumpingClock
from tests.support.venue import Lost, ScriptedVenue

JUMPS = [-2, 2, 24, -24]


@pytest.fixture
def clock() -> JumpingClock:
    return JumpingClock(OPENING)


@pytest.fixture
def floor(floor_folder: Path, clock: JumpingClock) -> Iterator[Floor]:
    made = open_floor(floor_folder, clock, ScriptedVenue(clock))
    yield made
    made.core.close()


@pytest.fixture
def strategy(floor: Floor) -> Strategy:
    return floor.strategy()


@pytest.mark.parametrize("hours", JUMPS)
def test_f10_an_order_of_unknown_fate_is_settled_after_the_grace_whatever_the_clock_did(
    floor: Floor, clock: JumpingClock, strategy: Strategy, hours: float
) -> None:
    floor.hold(strategy, "2")
    floor.broker.answers.append(Lost(kept=False))
    alert = floor.send(strategy, action="exit")
    clock.jump(hours)
    floor.wait(4)
    assert len(floor.broker.sent) == 2, "the venue had no time to show it yet"
    floor.wait(8)
    assert floor.alert(alert.id).state is AlertState.EXECUTED
    assert floor.held(strategy) == 0
    assert len(floor.broker.held) == 2


@pytest.mark.parametrize("hours", JUMPS)
def test_f10_an_entry_from_before_the_jump_is_not_sent_after_it(
    floor: Floor, clock: JumpingClock, strategy: Strategy, hours: float
) -> None:
    floor.broker.answers.append(Lost(kept=False))
    alert = floor.send(strategy, action="buy", quantity="1")
    clock.jump(hours)
    floor.wait(12)
    ended = floor.alert(alert.id)
    assert (ended.state, ended.code) == (AlertState.EXPIRED, "EXPIRED_BEFORE_SENDING")
    assert [order.state for order in floor.orders(alert)] == [OrderState.EXPIRED]
    assert floor.broker.held == {}


@pytest.mark.parametrize("hours", JUMPS)
def test_f10_a_reversal_over_the_jump_closes_and_does_not_hold_up_what_comes_after(
    floor: Floor, clock: JumpingClock, strategy: Strategy, hours: float
) -> None:
    floor.hold(strategy, "1")
    floor.broker.fills_at_once = False
    floor.send(strategy, action="sell", quantity="2")
    clock.jump(hours)
    floor.wait(2)
    floor.broker.fills_at_once = True
    for order in floor.broker.working:
        floor.broker.fill(order.client_order_id)
    floor.wait(2)
    assert floor.held(strategy) == 0
    after = floor.send(strategy, action="buy", quantity="1")
    floor.wait(2)
    assert floor.alert(after.id).state is AlertState.EXECUTED
    assert floor.held(strategy) == 1


@pytest.mark.parametrize("hours", [-2, 2])
def test_f10_a_stop_that_did_not_reach_the_venue_is_tried_again_soon_over_the_jump(
    floor: Floor, clock: JumpingClock, hours: float
) -> None:
    strategy = floor.strategy()
    floor.quote("5000")
    floor.broker.answers.extend([None, BrokerUnavailable("Nobody there.")])
    floor.send(strategy, action="buy", quantity="1", stop_loss="20 ticks")
    clock.jump(hours)
    floor.wait(10)
    guards = [order for order in floor.working(strategy) if order.role is OrderRole.STOP_LOSS]
    assert len(guards) == 1


@pytest.mark.parametrize("hours", JUMPS)
def test_f10_alerts_that_are_claimed_again_over_the_jump_are_executed_once_and_in_order(
    floor: Floor, clock: JumpingClock, strategy: Strategy, hours: float
) -> None:
    floor.broker.fills_at_once = False
    waiting = [floor.post(strategy, action="buy", quantity="1") for _ in range(3)]
    floor.executor.step(clock.now())
    clock.jump(hours)
    floor.executor.step(clock.now())
    floor.broker.fills_at_once = True
    floor.wait(5)
    ids = [str(answer.body["alert_id"]) for answer in waiting]
    states = {floor.alert(each).state for each in ids}
    assert states <= {AlertState.EXECUTED, AlertState.EXPIRED}
    assert len(floor.broker.sent) == len(floor.broker.held) <= 3
    assert floor.held(strategy) == len(floor.broker.held)


@pytest.mark.parametrize("hours", JUMPS)
def test_f10_no_price_from_before_the_jump_values_anything_after_it(
    floor: Floor, clock: JumpingClock, strategy: Strategy, hours: float
) -> None:
    floor.quote("5000")
    clock.jump(hours)
    assert floor.core.quotes.fresh(ES, clock.now()) is None
    floor.quote("5010")
    fresh = floor.core.quotes.fresh(ES, clock.now())
    assert fresh is not None
    assert fresh.bid == 5010


@pytest.mark.parametrize("there", [24, -2, 2, 8])
def test_f10_the_days_figures_are_right_again_when_the_clock_is(
    floor: Floor, clock: JumpingClock, strategy: Strategy, there: float
) -> None:
    def today() -> Decimal | None:
        floor.quote("5010")
        recorder.tick(clock.now())
        return recorder.summary(None).today_pnl

    recorder = floor.core.recorder
    floor.quote("5000")
    recorder.tick(clock.now())
    floor.hold(strategy, "1")
    clock.advance(1)
    before = today()
    assert before is not None
    clock.jump(there)
    clock.advance(1)
    today()
    clock.jump(-there)
    clock.advance(1)
    assert today() == before


def test_f10_ids_go_on_in_their_order_when_the_clock_is_set_back(
    floor: Floor, clock: JumpingClock, strategy: Strategy
) -> None:
    first = floor.send(strategy, action="buy", quantity="1")
    clock.jump(-2)
    second = floor.send(strategy, action="buy", quantity="1")
    assert second.id > first.id
    assert second.received_at - first.received_at == timedelta(hours=-2)
    assert floor.held(strategy) == 2
