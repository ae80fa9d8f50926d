"""A lost answer is asked for, adopted or sent again under its id: never two orders."""

from __future__ import annotations

import pytest

from app.domain.errors import (
    BrokerUnavailable,
)
from app.domain.events import FactKind
from app.domain.inbox import AlertState
from app.domain.orders import OrderEvent, OrderState
from tests.support.floor import Floor
from tests.support.venue import Lost


def test_c09_an_order_whose_answer_was_lost_is_found_and_adopted(floor: Floor) -> None:
    strategy = floor.strategy()
    floor.broker.tells = False
    floor.broker.answers.append(Lost(kept=True))
    alert = floor.send(strategy, action="buy", quantity="2")
    assert alert.state is AlertState.EXECUTED
    assert floor.held(strategy) == 2
    assert len(floor.broker.sent) == len(floor.broker.held) == 1
    kinds = [fact.kind for fact in floor.facts if fact.order_id]
    assert kinds[:3] == [
        FactKind.ORDER_SUBMITTED,
        FactKind.ORDER_UNKNOWN,
        FactKind.ORDER_ACCEPTED,
    ]


@pytest.mark.parametrize("state", [OrderState.CANCELED, OrderState.REJECTED, OrderState.EXPIRED])
def test_c09_an_order_that_ended_meanwhile_is_adopted_as_it_ended(
    floor: Floor, state: OrderState
) -> None:
    events = {
        OrderState.CANCELED: OrderEvent.CANCEL,
        OrderState.REJECTED: OrderEvent.REJECT,
        OrderState.EXPIRED: OrderEvent.EXPIRE,
    }
    strategy = floor.strategy()
    floor.broker.fills_at_once = floor.broker.tells = False
    floor.broker.deaf = True
    floor.broker.answers.append(Lost(kept=True))
    alert = floor.send(strategy, action="buy", quantity="2")
    floor.broker.end(floor.broker.sent[0].client_order_id, events[state])
    floor.broker.deaf = False
    floor.wait(1)
    assert floor.alert(alert.id).state.terminal
    assert [order.state for order in floor.orders(alert)] == [state]


def test_c08_what_the_venue_never_got_is_sent_again_after_the_grace_under_the_same_id(
    floor: Floor,
) -> None:
    strategy = floor.strategy()
    floor.broker.answers.append(Lost(kept=False))
    alert = floor.send(strategy, action="buy", quantity="2")
    floor.wait(4)
    assert len(floor.broker.sent) == 1
    assert [order.state for order in floor.orders(alert)] == [OrderState.UNKNOWN]
    floor.wait(2)
    assert len(floor.broker.sent) == 2
    assert len({order.client_order_id for order in floor.broker.sent}) == 1
    assert len(floor.broker.held) == 1
    assert floor.alert(alert.id).state is AlertState.EXECUTED
    assert floor.held(strategy) == 2


def test_an_answer_lost_again_and_again_never_makes_two_orders(floor: Floor) -> None:
    strategy = floor.strategy()
    floor.broker.answers.extend([Lost(kept=False)] * 3)
    alert = floor.send(strategy, action="buy", quantity="2")
    floor.wait(25)
    assert len(floor.broker.sent) == 4
    assert len(floor.broker.held) == 1
    assert floor.alert(alert.id).state is AlertState.EXECUTED
    assert floor.broker.position == floor.held(strategy) == 2


def test_a_second_try_that_does_not_reach_the_venue_ends_the_alert(floor: Floor) -> None:
    strategy = floor.strategy()
    floor.broker.answers.extend([Lost(kept=False), BrokerUnavailable("No route.")])
    alert = floor.send(strategy, action="buy", quantity="2")
    floor.wait(7)
    ended = floor.alert(alert.id)
    assert (ended.state, ended.code) == (AlertState.FAILED, "VENUE_UNAVAILABLE")


def test_f02_while_nothing_is_known_nothing_is_sent_and_later_alerts_wait(floor: Floor) -> None:
    strategy = floor.strategy()
    floor.broker.deaf = True
    floor.broker.answers.append(Lost(kept=False))
    first = floor.send(strategy, action="buy", quantity="2")
    second = floor.send(strategy, action="buy", quantity="1")
    floor.wait(60)
    assert len(floor.broker.sent) == 1
    assert {floor.alert(each.id).state for each in (first, second)} == {AlertState.CLAIMED}
    floor.broker.deaf = False
    floor.wait(1)
    assert [floor.alert(each.id).state for each in (first, second)] == [AlertState.EXECUTED] * 2
    assert floor.held(strategy) == 3


def test_c07_an_entry_that_became_too_old_meanwhile_expires_and_is_not_sent(floor: Floor) -> None:
    strategy = floor.strategy(max_age_s=30)
    floor.broker.deaf = True
    floor.broker.answers.append(Lost(kept=False))
    alert = floor.send(strategy, action="buy", quantity="2")
    floor.wait(40)
    floor.broker.deaf = False
    floor.wait(1)
    ended = floor.alert(alert.id)
    assert (ended.state, ended.code) == (AlertState.EXPIRED, "EXPIRED_BEFORE_SENDING")
    assert [order.state for order in floor.orders(alert)] == [OrderState.EXPIRED]
    assert len(floor.broker.sent) == 1


def test_c07_an_exit_is_sent_again_however_late_it_is(floor: Floor) -> None:
    strategy = floor.strategy(max_age_s=30)
    floor.hold(strategy, "2")
    floor.broker.deaf = True
    floor.broker.answers.append(Lost(kept=False))
    alert = floor.send(strategy, action="exit")
    floor.wait(600, step=60)
    floor.broker.deaf = False
    floor.wait(1)
    assert floor.alert(alert.id).state is AlertState.EXECUTED
    assert floor.held(strategy) == 0


def test_f22_an_entry_whose_answer_was_lost_is_not_sent_again_once_trading_is_halted(
    floor: Floor,
) -> None:
    strategy = floor.strategy()
    floor.broker.answers.append(Lost(kept=False))
    alert = floor.send(strategy, action="buy", quantity="2")
    report = floor.halt()
    assert "unknown" in report.problems[0]
    floor.wait(10)
    ended = floor.alert(alert.id)
    assert (ended.state, ended.code) == (AlertState.FAILED, "TRADING_HALTED")
    assert len(floor.broker.sent) == 1


def test_b1_an_exit_that_was_lost_is_not_sent_again_once_its_stop_closed_the_position(
    floor: Floor,
) -> None:
    strategy = floor.strategy(stop_loss={"value": "20", "unit": "ticks"})
    floor.hold(strategy, "2")
    floor.broker.answers.append(Lost(kept=False))
    alert = floor.send(strategy, action="exit")
    floor.broker.fill(floor.working(strategy)[0].client_order_id)
    floor.wait(8)
    ended = floor.alert(alert.id)
    assert (ended.state, ended.code) == (AlertState.EXPIRED, "NOTHING_LEFT_TO_CLOSE")
    assert floor.held(strategy) == floor.broker.position == 0
    assert len(floor.broker.sent) == 3


def test_b1_a_stop_that_was_lost_is_not_sent_again_once_the_position_is_gone(floor: Floor) -> None:
    strategy = floor.strategy(stop_loss={"value": "20", "unit": "ticks"})
    floor.broker.answers.extend([None, Lost(kept=False)])
    floor.hold(strategy, "2")
    assert [order.state for order in floor.working(strategy)] == [OrderState.UNKNOWN]
    floor.send(strategy, action="exit")
    floor.wait(8)
    assert floor.held(strategy) == floor.broker.position == 0
    assert (floor.working(strategy), floor.broker.working) == ([], [])
    assert [order.type.value for order in floor.broker.sent] == ["market", "stop", "market"]
