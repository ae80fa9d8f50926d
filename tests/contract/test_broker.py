"""The contract of a broker, in numbered cases: every adapter passes every one."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from app.domain.errors import BrokerRejected
from app.domain.orders import OrderType, Side
from app.domain.reports import FillReport
from tests.support.contract import Stage

D = Decimal


def test_01_a_market_order_fills_at_the_other_side_of_the_quote(stage: Stage) -> None:
    held = stage.send(stage.order("buy", "10"))
    assert (held.client_order_id, held.symbol, held.side) == ("sb-1", "SPY", Side.BUY)
    assert (held.quantity, held.filled_quantity, held.average_price) == (D(10), D(10), D("500.01"))
    (fill,) = stage.fills(1)
    assert (fill.side, fill.quantity, fill.price) == (Side.BUY, D(10), D("500.01"))
    assert fill.account_id == stage.account_id


def test_02_a_limit_order_rests_and_fills_at_its_price_or_better(stage: Stage) -> None:
    held = stage.send(stage.order("buy", "5", "limit", limit="499.50"))
    assert (held.state, held.filled_quantity) == ("accepted", D(0))
    stage.quote("499", "499.40")
    (fill,) = stage.fills(1)
    assert fill.price == D("499.40")
    assert stage.state("sb-1") == "filled"


def test_03_a_stop_order_waits_for_its_price(stage: Stage) -> None:
    stage.send(stage.order("sell", "5", "stop", stop="499"))
    assert stage.state("sb-1") == "accepted"
    stage.quote("498.90", "499")
    (fill,) = stage.fills(1)
    assert (fill.side, fill.price) == (Side.SELL, D("498.90"))


def test_04_the_same_id_twice_is_one_order(stage: Stage) -> None:
    sent = stage.order("buy", "10")
    first, again = stage.send(sent), stage.send(sent)
    assert first.venue_order_id == again.venue_order_id
    assert [one.quantity for one in stage.broker.positions()] == [D(10)]


def test_05_the_same_id_again_after_a_cancel_is_the_cancelled_order(stage: Stage) -> None:
    sent = stage.order("buy", "5", "limit", limit="490")
    stage.send(sent)
    stage.broker.cancel(sent)
    assert stage.send(sent).state == "canceled"
    assert stage.broker.open_orders() == []


def test_06_a_cancel_ends_a_working_order_and_is_reported(stage: Stage) -> None:
    sent = stage.order("buy", "5", "limit", limit="490")
    stage.send(sent)
    stage.broker.cancel(sent)
    assert stage.event("cancel", "sb-1").account_id == stage.account_id
    assert stage.state("sb-1") == "canceled"


def test_07_a_cancel_that_comes_too_late_is_rejected_with_words(stage: Stage) -> None:
    sent = stage.order("buy", "5")
    stage.send(sent)
    with pytest.raises(BrokerRejected) as refused:
        stage.broker.cancel(sent)
    assert refused.value.detail
    assert stage.state("sb-1") == "filled"


def test_08_a_cancel_of_an_order_that_the_venue_never_had_is_rejected(stage: Stage) -> None:
    with pytest.raises(BrokerRejected):
        stage.broker.cancel(stage.order("buy", "5", name="never"))


def test_09_an_order_that_the_venue_never_had_is_none(stage: Stage) -> None:
    assert stage.broker.order("sb-never") is None


def test_10_an_order_that_the_venue_does_not_take_is_rejected_and_leaves_nothing(
    stage: Stage,
) -> None:
    with pytest.raises(BrokerRejected) as refused:
        stage.send(stage.order("buy", "1000000"))
    assert refused.value.code == "BUYING_POWER"
    assert "buying power" in refused.value.detail
    assert stage.broker.order("sb-1") is None
    assert stage.broker.positions() == []


def test_11_open_orders_are_those_that_work_in_order_of_arrival(stage: Stage) -> None:
    for name, limit in (("a", "490"), ("b", "480"), ("c", "470")):
        stage.send(stage.order("buy", "1", "limit", limit=limit, name=name))
    stage.broker.cancel(stage.order("buy", "1", "limit", limit="480", name="b"))
    there = stage.broker.open_orders()
    assert [one.client_order_id for one in there] == ["sb-a", "sb-c"]
    assert [(one.type, one.limit_price) for one in there] == [
        (OrderType.LIMIT, D(490)),
        (OrderType.LIMIT, D(470)),
    ]


def test_12_fills_after_an_instant_are_those_and_none_before(stage: Stage) -> None:
    stage.send(stage.order("buy", "1", name="early"))
    time.sleep(0.05)
    later = stage.now()
    stage.send(stage.order("buy", "2", name="late"))
    names = [r.client_order_id for r in stage.broker.fills(later - timedelta(hours=1))]
    assert names == ["sb-early", "sb-late"]
    assert [r.client_order_id for r in stage.broker.fills(later)] == ["sb-late"]


def test_13_each_fill_is_heard_once_and_is_the_one_that_is_listed(stage: Stage) -> None:
    for name in "abcde":
        stage.send(stage.order("buy", "1", name=name))
    heard = stage.fills(5)
    time.sleep(0.1)
    assert len(stage.fills(5)) == 5
    listed = stage.broker.fills(stage.now() - timedelta(minutes=1))
    told = [one.fill for one in listed if isinstance(one, FillReport)]
    assert [(f.venue_fill_id, f.price, f.quantity) for f in told] == [
        (f.venue_fill_id, f.price, f.quantity) for f in heard
    ]


def test_14_positions_are_net_and_signed_and_flat_ones_are_not_listed(stage: Stage) -> None:
    stage.send(stage.order("sell", "3", name="a"))
    (held,) = stage.broker.positions()
    assert (held.symbol, held.quantity, held.average_price) == ("SPY", D(-3), D(500))
    stage.send(stage.order("buy", "3", name="b"))
    assert stage.broker.positions() == []


def test_15_a_working_order_can_be_replaced_where_the_venue_can(stage: Stage) -> None:
    if not stage.broker.capabilities.replace:
        pytest.skip("The venue replaces nothing.")
    sent = stage.order("buy", "5", "limit", limit="490")
    stage.send(sent)
    changed = replace(sent, quantity=D(7), limit_price=D(491))
    assert stage.broker.replace(changed, stage.contract).quantity == D(7)
    (there,) = stage.broker.open_orders()
    assert (there.quantity, there.limit_price) == (D(7), D(491))


def test_16_the_account_says_its_money(stage: Stage) -> None:
    stage.send(stage.order("buy", "10"))
    money = stage.broker.account()
    assert money.cash == D(100_000)
    assert money.equity == D("99999.95")
    assert money.buying_power is not None
    assert money.buying_power < money.equity


def test_17_money_is_exact_to_the_last_place(stage: Stage) -> None:
    for name, ask in (("a", "500.01"), ("b", "500.02"), ("c", "500.04")):
        stage.quote("500", ask)
        stage.send(stage.order("buy", "1", name=name))
    (held,) = stage.broker.positions()
    assert held.average_price == D("500.023333333333333333")


def test_18_an_order_that_names_a_price_off_the_tick_is_rejected(stage: Stage) -> None:
    with pytest.raises(BrokerRejected) as refused:
        stage.send(stage.order("buy", "1", "limit", limit="490.001"))
    assert refused.value.code == "BAD_PRICE"
