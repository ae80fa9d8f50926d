"""Pairs of exits at Alpaca: one request, two orders of ours, and the end of one ends both."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from app.clock import SystemClock
from app.domain.errors import BrokerRejected, BrokerUnknown
from app.domain.orders import OrderEvent
from tests.support.alpaca import KEY, StandIn
from tests.support.alpaca_desk import Desk, desk
from tests.support.paper import SPY

D = Decimal


def test_a_pair_is_one_request_and_two_orders_under_our_ids(floor: Desk) -> None:
    profit, stop = floor.guard()
    there = floor.logged("sb-profit+sb-stop")
    assert (there["order_class"], there["type"], there["limit_price"]) == ("oco", "limit", "700")
    assert profit.venue_order_id == there["id"] != stop.venue_order_id
    assert (profit.client_order_id, profit.limit_price, profit.state) == (
        "sb-profit",
        D(700),
        "accepted",
    )
    assert (stop.client_order_id, stop.stop_price, stop.quantity) == ("sb-stop", D(600), D(5))


def test_both_are_listed_and_found_by_a_broker_that_did_not_send_them(
    alpaca: StandIn, floor: Desk
) -> None:
    sent = floor.guard()
    with desk(alpaca) as later:
        found = [later.broker.order(one.client_order_id) for one in sent]
        assert [one and one.venue_order_id for one in found] == [one.venue_order_id for one in sent]
        listed = {one.client_order_id: one.venue_order_id for one in later.broker.open_orders()}
        assert listed == {one.client_order_id: one.venue_order_id for one in sent}


def test_a_leg_is_found_also_when_the_pair_is_over(alpaca: StandIn, floor: Desk) -> None:
    floor.guard()
    alpaca.price("SPY", "599", "599")
    floor.until_filled("sb-stop")
    with desk(alpaca) as later:
        stop, profit = later.broker.order("sb-stop"), later.broker.order("sb-profit")
        assert stop is not None
        assert profit is not None
        assert (stop.state, stop.filled_quantity) == ("filled", D(5))
        assert (profit.state, profit.filled_quantity) == ("canceled", D(0))
        assert later.broker.order("sb-never") is None


def test_the_fill_of_one_is_told_with_the_end_of_the_other(floor: Desk) -> None:
    floor.guard()
    floor.stand_in.price("SPY", "701", "701")
    (fill,) = floor.until_filled("sb-profit")
    assert fill.fill.quantity == D(5)
    assert floor.events_of("sb-stop") == [OrderEvent.CANCEL]
    assert floor.broker.positions() == []


def test_when_the_stop_fills_the_take_profit_ends(floor: Desk) -> None:
    floor.guard()
    floor.stand_in.price("SPY", "599", "599")
    floor.until_filled("sb-stop")
    floor.until(OrderEvent.CANCEL, "sb-profit")
    assert OrderEvent.REPLACE not in floor.events_of("sb-profit")


@pytest.mark.parametrize("which", [0, 1])
def test_either_is_cancelled_and_the_end_of_both_is_told(floor: Desk, which: int) -> None:
    floor.guard()
    floor.broker.cancel(floor.pair()[which])
    floor.until(OrderEvent.CANCEL, "sb-profit")
    floor.until(OrderEvent.CANCEL, "sb-stop")
    assert floor.broker.open_orders() == []


def test_a_leg_that_fills_before_anything_was_asked_is_told_under_our_id(
    alpaca: StandIn, floor: Desk
) -> None:
    floor.guard()
    with desk(alpaca) as later:
        alpaca.price("SPY", "599", "599")
        (fill,) = later.until_filled("sb-stop")
        assert fill.fill.quantity == D(5)


def test_what_a_leg_filled_is_listed_under_our_id_after_a_restart(
    alpaca: StandIn, floor: Desk
) -> None:
    floor.guard()
    alpaca.price("SPY", "599", "599")
    (told,) = floor.until_filled("sb-stop")
    with desk(alpaca) as later:
        listed = later.broker.fills(SystemClock().now() - timedelta(minutes=1))
        assert [one.client_order_id for one in listed] == ["sb-entry", "sb-stop"]
        assert listed[1] == told


def test_a_pair_whose_answer_was_lost_is_adopted(floor: Desk) -> None:
    floor.bought("5")
    floor.stand_in.next("error_after", verb="submit")
    with pytest.raises(BrokerUnknown):
        floor.broker.submit_pair(*floor.pair(), SPY)
    there = floor.broker.order("sb-stop")
    assert there is not None
    profit, stop = floor.broker.submit_pair(*floor.pair(), SPY)
    assert (profit.client_order_id, stop) == ("sb-profit", there)
    assert len(floor.broker.open_orders()) == 2


def test_a_refused_pair_leaves_nothing(floor: Desk) -> None:
    with pytest.raises(BrokerRejected):
        floor.broker.submit_pair(*floor.pair(), SPY)
    assert floor.broker.order("sb-profit") is None
    assert floor.broker.order("sb-stop") is None


def test_a_trailing_stop_is_no_half_of_a_pair_and_nothing_is_sent(floor: Desk) -> None:
    profit = floor.order("sell", "5", "limit", limit="700", name="profit")
    trailing = floor.order("sell", "5", "trailing_stop", trail="3", name="stop")
    with pytest.raises(BrokerRejected) as refused:
        floor.broker.submit_pair(profit, trailing, SPY)
    assert "a limit order and a stop" in refused.value.detail
    assert floor.stand_in.tell("log")["orders"] == []


def test_after_a_part_of_one_has_filled_the_other_ends_with_the_rest(floor: Desk) -> None:
    floor.guard()
    floor.stand_in.price("SPY", "701", "701", bid_size="2")
    floor.until_filled("sb-profit")
    assert floor.events_of("sb-stop") == []
    stop = floor.broker.order("sb-stop")
    assert stop is not None
    assert stop.quantity == D(3)
    floor.stand_in.price("SPY", "701", "701")
    floor.until_filled("sb-profit", "5")
    assert floor.events_of("sb-stop") == [OrderEvent.CANCEL]


@pytest.mark.hardship
def test_a_leg_behind_hundreds_of_orders_is_found_and_searched_for_once(
    alpaca: StandIn, floor: Desk
) -> None:
    alpaca.tell("account", key=KEY, rate_limit=0)
    for number in range(505):
        alpaca.order("F", "1", type="limit", limit_price="1", client_order_id=f"sb-{number}")
    alpaca.tell("market", advance_s=3600)
    floor.guard()
    with desk(alpaca) as later:
        assert later.broker.order("sb-stop") is not None
        assert later.broker.order("sb-never") is None
        # Two pages would be refused.
        alpaca.next("error_before", verb="orders", skip=1, times=3)
        assert later.broker.order("sb-never-either") is None
