"""Replacements at Alpaca are new orders there, and remain one order of ours."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from app.clock import SystemClock
from app.domain.errors import BrokerRejected, BrokerUnknown
from app.domain.orders import Order, OrderEvent
from tests.support.alpaca import StandIn
from tests.support.alpaca_desk import Desk, desk
from tests.support.paper import SPY

D = Decimal


def resting(floor: Desk, quantity: str = "5") -> Order:
    """A buy at 600 that works, in a market at 680 with a spread."""
    floor.stand_in.price("SPY", "679.90", "680.10")
    sent = floor.order("buy", quantity, "limit", limit="600")
    floor.broker.submit(sent, SPY)
    floor.until(OrderEvent.ACCEPT, "sb-1")
    return sent


def changed(sent: Order, quantity: str, limit: str) -> Order:
    return replace(sent, quantity=D(quantity), limit_price=D(limit))


def replaced(floor: Desk, sent: Order, quantity: str, limit: str) -> None:
    """Replace the order, and hear that it was."""
    before = floor.events_of("sb-1").count(OrderEvent.REPLACE)
    floor.broker.replace(changed(sent, quantity, limit), SPY)
    while floor.events_of("sb-1").count(OrderEvent.REPLACE) == before:
        floor.hear_one()


def test_a_replacement_is_reported_and_answered_under_our_id(floor: Desk) -> None:
    sent = resting(floor)
    replaced(floor, sent, "7", "610")
    there = floor.broker.order("sb-1")
    assert there is not None
    assert (there.client_order_id, there.quantity, there.limit_price) == ("sb-1", D(7), D(610))
    assert floor.logged("sb-1.2")["status"] == "new"
    assert floor.broker.open_orders() == [there]


def test_what_filled_before_and_after_a_replacement_adds_up(floor: Desk) -> None:
    sent = resting(floor)
    floor.stand_in.price("SPY", "599", "599.50", ask_size="2")
    floor.until_filled("sb-1", "2")
    floor.stand_in.price("SPY", "679.90", "680.10")
    replaced(floor, sent, "7", "610")
    there = floor.broker.order("sb-1")
    assert there is not None
    assert (there.quantity, there.filled_quantity, there.state) == (D(7), D(2), "partially_filled")
    floor.stand_in.price("SPY", "604", "604.50")
    fills = floor.until_filled("sb-1", "7")
    assert [one.fill.quantity for one in fills] == [D(2), D(5)]
    done = floor.broker.order("sb-1")
    assert done is not None
    assert (done.state, done.filled_quantity) == ("filled", D(7))
    assert done.average_price == D("603.071428571428571429")


def test_a_chain_is_followed_and_cancelled_by_a_broker_that_did_not_make_it(
    alpaca: StandIn, floor: Desk
) -> None:
    sent = resting(floor)
    for quantity, limit in (("6", "601"), ("7", "602"), ("8", "603")):
        replaced(floor, sent, quantity, limit)
    with desk(alpaca) as later:
        there = later.broker.order("sb-1")
        assert there is not None
        assert (there.quantity, there.limit_price) == (D(8), D(603))
        assert [one.client_order_id for one in later.broker.open_orders()] == ["sb-1"]
        later.broker.cancel(sent)
        later.until(OrderEvent.CANCEL, "sb-1")
        assert later.broker.open_orders() == []


def test_a_fill_after_a_restart_is_told_and_listed_under_our_id(
    alpaca: StandIn, floor: Desk
) -> None:
    sent = resting(floor)
    replaced(floor, sent, "7", "610")
    with desk(alpaca) as later:
        alpaca.price("SPY", "604", "604.50")
        (fill,) = later.until_filled("sb-1")
        assert later.broker.fills(SystemClock().now() - timedelta(minutes=1)) == [fill]


def test_a_replacement_that_comes_too_late_is_refused_and_the_order_filled(floor: Desk) -> None:
    sent = resting(floor)
    floor.stand_in.tell("line", travel_ms=200)
    answer = floor.broker.replace(changed(sent, "7", "610"), SPY)
    assert answer.quantity == D(7)
    floor.stand_in.price("SPY", "599", "599.50")
    floor.until(OrderEvent.REFUSE_REPLACE, "sb-1")
    (fill,) = floor.until_filled("sb-1")
    assert fill.fill.quantity == D(5)
    assert OrderEvent.REJECT not in floor.events_of("sb-1")
    there = floor.broker.order("sb-1")
    assert there is not None
    assert (there.state, there.quantity, there.filled_quantity) == ("filled", D(5), D(5))


def test_an_order_that_was_replaced_by_hand_is_still_ours(alpaca: StandIn, floor: Desk) -> None:
    resting(floor)
    there = floor.broker.order("sb-1")
    assert there is not None
    answer = alpaca.rest("PATCH", f"/orders/{there.venue_order_id}", {"limit_price": "620"})
    alpaca.becomes(answer.json()["id"], "new")
    with desk(alpaca) as later:
        for each in (floor, later):
            (listed,) = each.broker.open_orders()
            assert (listed.client_order_id, listed.limit_price) == ("sb-1", D(620))
        alpaca.price("SPY", "604", "604.50")
        for each in (floor, later):
            (fill,) = each.until_filled("sb-1")
            assert fill.fill.quantity == D(5)
    # Our books have asked for no replacement.
    assert OrderEvent.REPLACE not in floor.events_of("sb-1")


def test_a_cancel_meets_the_order_that_stands_now(alpaca: StandIn, floor: Desk) -> None:
    sent = resting(floor)
    there = floor.broker.order("sb-1")
    assert there is not None
    answer = alpaca.rest("PATCH", f"/orders/{there.venue_order_id}", {"limit_price": "620"})
    alpaca.becomes(answer.json()["id"], "new")
    floor.broker.cancel(sent)
    assert alpaca.becomes(answer.json()["id"], "canceled")


def test_a_replacement_whose_answer_was_lost_is_unknown_and_found_as_it_is(floor: Desk) -> None:
    sent = resting(floor)
    floor.stand_in.next("error_after", verb="replace")
    with pytest.raises(BrokerUnknown):
        floor.broker.replace(changed(sent, "7", "610"), SPY)
    floor.until(OrderEvent.REPLACE, "sb-1")
    there = floor.broker.order("sb-1")
    assert there is not None
    assert (there.quantity, there.limit_price) == (D(7), D(610))


def test_the_id_of_a_replacement_that_was_rejected_is_not_used_again(floor: Desk) -> None:
    sent = resting(floor)
    floor.stand_in.tell("line", travel_ms=150)
    floor.broker.replace(changed(sent, "2", "610"), SPY)
    floor.stand_in.price("SPY", "599", "599.50", ask_size="2")
    floor.until(OrderEvent.REFUSE_REPLACE, "sb-1")
    floor.stand_in.price("SPY", "679.90", "680.10")
    floor.stand_in.tell("line", travel_ms=2)
    replaced(floor, sent, "6", "605")
    assert floor.logged("sb-1.2")["status"] == "rejected"
    assert floor.logged("sb-1.3")["status"] == "new"


def test_what_alpaca_never_had_cannot_be_replaced(floor: Desk) -> None:
    with pytest.raises(BrokerRejected) as refused:
        floor.broker.replace(floor.order("buy", "1", "limit", limit="600"), SPY)
    assert refused.value.code == "UNKNOWN_ORDER"


def test_either_leg_of_a_pair_can_be_replaced_and_both_stay_ours(
    alpaca: StandIn, floor: Desk
) -> None:
    floor.guard()
    profit, stop = floor.pair()
    while floor.events_of("sb-profit") == []:
        floor.hear_one()
    floor.broker.replace(replace(profit, limit_price=D(710)), SPY)
    floor.until(OrderEvent.REPLACE, "sb-profit")
    floor.broker.replace(replace(stop, stop_price=D(590)), SPY)
    floor.until(OrderEvent.REPLACE, "sb-stop")
    with desk(alpaca) as later:
        there = {one.client_order_id: one for one in later.broker.open_orders()}
        assert there["sb-profit"].limit_price == D(710)
        assert there["sb-stop"].stop_price == D(590)
        for name in ("sb-profit", "sb-stop"):
            assert later.broker.order(name) == there[name]
