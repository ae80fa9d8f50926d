"""Hundreds of orders over a line that breaks: each is there once, and each fill is told once."""

from __future__ import annotations

from collections import Counter

import pytest

from app.domain.errors import BrokerLimited, BrokerUnavailable, BrokerUnknown
from app.domain.orders import Order
from tests.support.alpaca import KEY
from tests.support.alpaca_desk import Desk
from tests.support.paper import SPY
from tests.support.serving import eventually

pytestmark = pytest.mark.hardship

ORDERS = 200
CHANCES = {
    "error_after": 0.08,
    "error_before": 0.04,
    "drop_after": 0.08,
    "drop_before": 0.04,
    "truncated": 0.04,
    "html": 0.04,
    "lost_event": 0.05,
    "doubled": 0.05,
}


def settled(floor: Desk, sent: Order) -> int:
    """Send an order until it is certainly there; how often it was sent."""
    for attempt in range(1, 50):
        try:
            floor.broker.submit(sent, SPY)
        except BrokerLimited:
            continue
        except (BrokerUnknown, BrokerUnavailable):
            if _there(floor, sent.client_order_id):
                return attempt
        else:
            return attempt
    raise AssertionError(f"{sent.client_order_id} never arrived.")


def _there(floor: Desk, name: str) -> bool:
    """Whether the venue has the order, asked until it answers."""
    while True:
        try:
            return floor.broker.order(name) is not None
        except BrokerUnavailable:
            continue


def test_nothing_is_lost_and_nothing_is_doubled(floor: Desk) -> None:
    floor.stand_in.tell("account", key=KEY, rate_limit=0, cash="100000000")
    floor.stand_in.tell("faults", chances=CHANCES, seed=7)
    names = [f"sb-{number}" for number in range(ORDERS)]
    attempts = [settled(floor, floor.order("buy", "1", name=name[3:])) for name in names]
    floor.stand_in.tell("faults", chances={}, clear=True)
    log = eventually(
        lambda: found if len((found := floor.stand_in.tell("log"))["fills"]) >= ORDERS else None
    )
    assert sum(attempts) > ORDERS
    assert Counter(one["client_order_id"] for one in log["orders"]) == Counter(names)
    floor.broker.catch_up()
    told = Counter(one.client_order_id for name in names for one in floor.fills_of(name))
    assert told == Counter(names)
    (position,) = floor.broker.positions()
    assert position.quantity == ORDERS
