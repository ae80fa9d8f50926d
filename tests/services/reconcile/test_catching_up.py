"""Catching up: what venues did while nobody listened is booked at the start, once."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.domain.inbox import Alert
from app.domain.orders import OrderEvent, OrderState
from app.domain.strategies import Strategy
from tests.support.floor import Floor, restarted


@pytest.fixture
def strategy(floor: Floor) -> Strategy:
    return floor.strategy()


@pytest.fixture
def resting(floor: Floor, strategy: Strategy) -> Alert:
    """An accepted order for 4 that has not filled."""
    floor.broker.fills_at_once = False
    return floor.send(strategy, action="buy", quantity="4")


def order_of(floor: Floor, alert: Alert) -> tuple[OrderState, object, object]:
    """State, filled quantity and average price of the alert's order."""
    order = floor.orders(alert)[0]
    return order.state, order.filled_quantity, order.average_price


def test_c12_fills_that_happened_while_the_server_was_down_are_booked_with_the_venues_time(
    floor: Floor, strategy: Strategy, resting: Alert
) -> None:
    floor.broker.tells = False
    floor.clock.advance(60)
    at = floor.clock.now()
    floor.broker.fill(floor.orders(resting)[0].client_order_id, "4", "4999")
    floor.clock.advance(3600)
    again = restarted(floor)
    assert again.held(strategy) == 4
    with again.core.store.read() as uow:
        assert [fill.at for fill in uow.fills.of_book(again.book(strategy))] == [at]
    assert order_of(again, resting)[:2] == (OrderState.FILLED, 4)
    again.core.close()


def test_an_order_that_the_venue_ended_while_the_server_was_down_is_ended(
    floor: Floor, strategy: Strategy, resting: Alert
) -> None:
    floor.broker.tells = False
    floor.broker.end(floor.orders(resting)[0].client_order_id, OrderEvent.EXPIRE, "End of day.")
    again = restarted(floor)
    assert order_of(again, resting)[0] is OrderState.EXPIRED
    assert again.orders(resting)[0].reason == "End of day."
    again.core.close()


def test_c14_what_still_works_at_the_venue_goes_on_working(
    floor: Floor, strategy: Strategy, resting: Alert
) -> None:
    floor.broker.tells = False
    floor.broker.fill(floor.orders(resting)[0].client_order_id, "1")
    again = restarted(floor)
    assert order_of(again, resting)[:2] == (OrderState.PARTIALLY_FILLED, 1)
    again.broker.tells = True
    again.broker.fill(again.orders(resting)[0].client_order_id)
    again.work()
    assert again.held(strategy) == 4
    again.core.close()


def test_a_venue_that_does_not_answer_at_the_start_is_named(floor: Floor, resting: Alert) -> None:
    floor.broker.deaf = True
    assert floor.core.reconciler.run() == (floor.desk.id,)
    assert order_of(floor, resting)[0] is OrderState.ACCEPTED


def test_an_order_that_the_venue_does_not_know_is_left_for_a_person(
    floor: Floor, resting: Alert
) -> None:
    floor.broker.held.clear()
    assert floor.core.reconciler.run() == ()
    assert order_of(floor, resting)[0] is OrderState.ACCEPTED


def test_fills_of_other_orders_are_not_asked_into_the_books(
    floor: Floor, strategy: Strategy, resting: Alert
) -> None:
    other = floor.strategy("Other")
    floor.broker.fills_at_once = True
    floor.send(other, action="buy", quantity="1")
    told = len(floor.facts)
    floor.core.reconciler.run()
    assert len(floor.facts) == told
    assert floor.held(strategy) == 0
    assert timedelta(0) == floor.clock.now() - floor.orders(resting)[0].updated_at
