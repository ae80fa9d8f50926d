"""A venue that takes no more requests: what it did not take is sent again, and only so long."""

from __future__ import annotations

from app.domain.errors import BrokerLimited
from app.domain.inbox import AlertState
from app.domain.orders import OrderState
from tests.support.floor import Floor, restarted


def limited(seconds: float = 3.0) -> BrokerLimited:
    return BrokerLimited("The venue takes no more requests.", seconds)


def test_f03_an_order_that_met_a_limit_is_sent_again_after_the_wait_under_the_same_id(
    floor: Floor,
) -> None:
    strategy = floor.strategy()
    floor.broker.answers.extend([limited(3), limited(2)])
    alert = floor.send(strategy, action="buy", quantity="2")
    assert [order.state for order in floor.orders(alert)] == [OrderState.SUBMITTING]
    floor.wait(2.5, step=0.5)
    assert len(floor.broker.sent) == 1
    floor.wait(1, step=0.5)
    assert len(floor.broker.sent) == 2
    floor.wait(2, step=0.5)
    assert len(floor.broker.sent) == 3
    assert len({order.client_order_id for order in floor.broker.sent}) == 1
    # It was certainly not taken, so nobody had to ask for it.
    assert floor.broker.asked == []
    assert floor.alert(alert.id).state is AlertState.EXECUTED
    assert floor.held(strategy) == 2


def test_f03_an_entry_that_became_too_old_while_it_waited_is_not_sent(floor: Floor) -> None:
    strategy = floor.strategy(max_age_s=10)
    floor.broker.answers.append(limited(20))
    alert = floor.send(strategy, action="buy", quantity="2")
    floor.wait(30)
    ended = floor.alert(alert.id)
    assert (ended.state, ended.code) == (AlertState.EXPIRED, "EXPIRED_BEFORE_SENDING")
    assert len(floor.broker.sent) == 1


def test_f03_an_order_that_is_never_taken_ends_as_failed_with_the_reason(floor: Floor) -> None:
    strategy = floor.strategy()
    floor.broker.answers.extend([limited(20)] * 9)
    alert = floor.send(strategy, action="buy", quantity="2")
    floor.wait(90)
    ended = floor.alert(alert.id)
    assert (ended.state, ended.code) == (AlertState.FAILED, "VENUE_LIMITED")
    assert [order.state for order in floor.orders(alert)] == [OrderState.DENIED]
    assert len(floor.broker.sent) < 9


def test_f03_a_wait_that_is_too_long_is_not_begun(floor: Floor) -> None:
    strategy = floor.strategy()
    floor.broker.answers.append(limited(600))
    alert = floor.send(strategy, action="buy", quantity="2")
    assert (alert.state, alert.code) == (AlertState.FAILED, "VENUE_LIMITED")


def test_f03_what_waited_for_a_limit_is_asked_for_after_a_restart_and_sent_once(
    floor: Floor,
) -> None:
    strategy = floor.strategy()
    floor.broker.answers.append(limited(30))
    alert = floor.send(strategy, action="buy", quantity="2")
    again = restarted(floor)
    again.wait(10)
    assert again.alert(alert.id).state is AlertState.EXECUTED
    assert len(again.broker.held) == 1
    assert again.held(strategy) == 2


def test_f03_a_stop_that_met_a_limit_is_sent_again_under_the_same_id(floor: Floor) -> None:
    strategy = floor.strategy()
    floor.quote("5000")
    floor.broker.answers.append(None)
    floor.broker.answers.append(limited(3))
    floor.send(strategy, action="buy", quantity="1", stop_loss="4990")
    floor.wait(10)
    stops = [order for order in floor.broker.sent if order.role.protective]
    assert len(stops) == 2
    assert len({order.client_order_id for order in stops}) == 1
    assert [order.client_order_id for order in floor.broker.working] == [stops[0].client_order_id]
