"""What an account has at risk already, and what an order therefore meets."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.domain.orders import Side
from app.propfirm import Proposal, Stake, exposed
from tests.propfirm.making import D

BUY = Proposal("NQ", Side.BUY, D(1), D(20000), D("0.25"), D(20), stop=D(19980))
LONG = Stake("NQZ2026", D(2), D(20000), D("0.25"), D(20), fee=D(3))
OTHER = Stake("ESZ2026", D(-1), D(5000), D("0.25"), D(50), stop=D(5010), fee=D(3))


@pytest.mark.parametrize(
    ("stop", "loss"),
    [
        (None, "16"),
        ("19990", "406"),
        ("19999.9", "16"),
        ("20010", "16"),
    ],
)
def test_a_position_loses_to_its_stop_and_at_least_a_tick(stop: str | None, loss: str) -> None:
    assert replace(LONG, stop=None if stop is None else D(stop)).loss == D(loss)


def test_a_short_position_loses_when_the_price_rises() -> None:
    assert OTHER.loss == D(503)


def test_what_has_no_stop_goes_down_with_the_order_to_the_orders_stop() -> None:
    met = exposed(BUY, "NQZ2026", [LONG, OTHER])
    assert (met.proposal.held, met.open_risk) == (D(2), D(503 + 6))


def test_what_has_a_stop_of_its_own_is_lost_there() -> None:
    met = exposed(BUY, "NQZ2026", [replace(LONG, stop=D(19900))])
    assert (met.proposal.held, met.open_risk) == (D(0), D(2 * (100 * 20 + 3)))


def test_what_is_held_falls_to_a_limit_below_the_market_before_the_order_is_filled() -> None:
    below = replace(BUY, price=D(19900), stop=D(19880))
    assert exposed(below, "NQZ2026", [LONG]).open_risk == D(2 * (100 * 20 + 3))
    above = replace(BUY, price=D(20100), stop=D(19980))
    assert exposed(above, "NQZ2026", [LONG]).open_risk == D(6)


def test_what_lies_the_other_way_makes_no_room_and_is_lost_too() -> None:
    short = replace(LONG, quantity=D(-2), stop=D(20010))
    met = exposed(BUY, "NQZ2026", [short])
    assert (met.proposal.held, met.open_risk, met.contracts) == (D(0), D(406), D(0))


def test_contracts_are_the_most_that_may_come_to_be_held_in_each_product() -> None:
    stakes = [LONG, replace(LONG, quantity=D(-5)), OTHER, replace(OTHER, quantity=D(3))]
    assert exposed(BUY, "NQZ2026", stakes).contracts == D(2 + 3)
    assert exposed(replace(BUY, side=Side.SELL), "NQZ2026", stakes).contracts == D(5 + 3)
    assert exposed(BUY, "CLF2027", stakes).contracts == D(5 + 3)
