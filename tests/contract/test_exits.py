"""The contract of a broker: two exits of one position, of which the end of one ends the other."""

from __future__ import annotations

from decimal import Decimal

import pytest

from app.domain.errors import BrokerUnknown
from app.domain.orders import OrderType
from tests.support.contract import Stage

D = Decimal


def test_30_of_two_exits_the_one_that_fills_ends_the_other(stage: Stage) -> None:
    _guarded(stage)
    stage.quote("510", "510.01")
    (fill,) = stage.fills(1, "sb-profit")
    assert (fill.quantity, fill.price) == (D(5), D(510))
    stage.event("cancel", "sb-stop")
    assert stage.becomes("sb-stop", "canceled").filled_quantity == 0
    assert (stage.held(), stage.works()) == (D(0), [])


def test_31_of_two_exits_the_stop_too_ends_the_other(stage: Stage) -> None:
    _guarded(stage)
    stage.quote("494.90", "494.91")
    (fill,) = stage.fills(1, "sb-stop")
    assert (fill.quantity, fill.price) == (D(5), D("494.90"))
    stage.event("cancel", "sb-profit")
    assert stage.becomes("sb-profit", "canceled").filled_quantity == 0
    assert (stage.held(), stage.works()) == (D(0), [])


def test_32_two_exits_are_each_found_and_listed_under_their_own_ids(stage: Stage) -> None:
    _guarded(stage)
    profit, stop = stage.broker.order("sb-profit"), stage.broker.order("sb-stop")
    assert profit is not None
    assert stop is not None
    assert (profit.type, profit.limit_price) == (OrderType.LIMIT, D(509))
    assert (stop.type, stop.stop_price) == (OrderType.STOP, D(495))
    assert sorted(stage.works()) == [("sb-profit", D(5)), ("sb-stop", D(5))]


def test_33_two_exits_are_still_each_known_to_a_broker_that_did_not_send_them(
    stage: Stage,
) -> None:
    _guarded(stage)
    stage.restart()
    assert sorted(stage.works()) == [("sb-profit", D(5)), ("sb-stop", D(5))]
    stage.quote("494.90", "494.91")
    stage.fills(1, "sb-stop")
    stage.becomes("sb-profit", "canceled")
    assert stage.held() == 0


def test_63_two_exits_that_are_sent_twice_are_two_orders(stage: Stage) -> None:
    _guarded(stage)
    _send_exits(stage, "5")
    assert sorted(stage.works()) == [("sb-profit", D(5)), ("sb-stop", D(5))]
    stage.quote("494.90", "494.91")
    stage.fills(1, "sb-stop")
    assert stage.held() == 0


def test_64_of_two_exits_that_fill_in_part_never_more_is_sold_than_is_held(thin: Stage) -> None:
    thin.send(thin.order("buy", "6", "limit", limit="500.01", name="entry"))
    thin.fills(1)
    thin.quote("500", "500.01")
    thin.fills(2)
    _send_exits(thin, "6")
    thin.quote("510", "510.01")
    (first,) = thin.fills(1, "sb-profit")
    thin.quote("494.90", "494.91")
    (second,) = thin.fills(1, "sb-stop")
    assert (first.quantity, second.quantity) == (D(4), D(2))
    thin.quiet()
    assert thin.held() == 0
    assert thin.works() == []


def test_65_a_pair_whose_answer_was_lost_is_unknown_and_is_found_whole(stage: Stage) -> None:
    if not stage.broker.capabilities.pairs:
        pytest.skip("The venue takes no pairs: two exits are two orders.")
    stage.filled("buy", "5", name="entry")
    stage.venue.fault("error_after")
    with pytest.raises(BrokerUnknown):
        _send_exits(stage, "5")
    assert sorted(stage.works()) == [("sb-profit", D(5)), ("sb-stop", D(5))]
    _send_exits(stage, "5")
    assert len(stage.works()) == 2


def test_66_a_pair_is_cancelled_by_either_of_it(stage: Stage) -> None:
    if not stage.broker.capabilities.pairs:
        pytest.skip("The venue takes no pairs: two exits are two orders.")
    _guarded(stage)
    stage.broker.cancel(stage.order("sell", "5", "stop", stop="495", name="stop"))
    for name in ("sb-profit", "sb-stop"):
        stage.event("cancel", name)
        stage.becomes(name, "canceled")
    assert stage.works() == []
    assert stage.held() == 5


def _guarded(stage: Stage) -> None:
    """A position of 5 with a take-profit at 509 and a stop at 495."""
    stage.filled("buy", "5", name="entry")
    _send_exits(stage, "5")


def _send_exits(stage: Stage, quantity: str) -> None:
    stage.exits(
        stage.order("sell", quantity, "limit", limit="509", name="profit"),
        stage.order("sell", quantity, "stop", stop="495", name="stop"),
    )
