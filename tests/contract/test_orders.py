"""The contract of a broker: how each kind of order fills, waits and ends."""

from __future__ import annotations

from decimal import Decimal

import pytest

from app.domain.instruments import resolve
from app.domain.orders import Side
from tests.support.contract import Stage

D = Decimal


def test_01_a_market_order_fills_at_the_other_side_of_the_quote(stage: Stage) -> None:
    taken = stage.send(stage.order("buy", "10"))
    assert (taken.client_order_id, taken.symbol, taken.side) == ("sb-1", "SPY", Side.BUY)
    (fill,) = stage.fills(1)
    assert (fill.side, fill.quantity, fill.price) == (Side.BUY, D(10), D("500.01"))
    assert (fill.account_id, fill.symbol) == (stage.account_id, "SPY")
    held = stage.becomes("sb-1", "filled")
    assert (held.quantity, held.filled_quantity, held.average_price) == (D(10), D(10), D("500.01"))
    assert held.venue_order_id == taken.venue_order_id


def test_02_a_limit_order_rests_and_fills_at_its_price_or_better(stage: Stage) -> None:
    stage.send(stage.order("buy", "5", "limit", limit="499.50"))
    assert stage.rests("sb-1").filled_quantity == 0
    stage.quote("499", "499.40")
    (fill,) = stage.fills(1)
    assert fill.price == D("499.40")
    stage.becomes("sb-1", "filled")


def test_03_a_stop_order_waits_for_its_price(stage: Stage) -> None:
    stage.send(stage.order("sell", "5", "stop", stop="499"))
    stage.rests("sb-1")
    stage.quote("498.90", "499")
    (fill,) = stage.fills(1)
    assert (fill.side, fill.price) == (Side.SELL, D("498.90"))


def test_19_a_stop_limit_order_fills_no_worse_than_its_limit(stage: Stage) -> None:
    stage.send(stage.order("sell", "5", "stop_limit", stop="499", limit="498.95"))
    stage.rests("sb-1")
    stage.quote("498.50", "498.60")
    stage.quiet()
    assert stage.told() == []
    stage.quote("498.97", "499.10")
    (fill,) = stage.fills(1)
    assert fill.price == D("498.97")


def test_20_a_trailing_stop_follows_the_best_price_and_never_back(stage: Stage) -> None:
    stage.filled("buy", "5", name="entry")
    stage.send(stage.order("sell", "5", "trailing_stop", trail="2"))
    stage.rests("sb-1")
    stage.quote("510", "510.01")
    stage.quote("508.50", "508.51")
    stage.quiet()
    assert stage.told("sb-1") == []
    stage.quote("507.99", "508")
    (fill,) = stage.fills(1, "sb-1")
    assert (fill.side, fill.price) == (Side.SELL, D("507.99"))


def test_21_an_order_that_is_for_now_or_never_is_cancelled_where_it_finds_no_price(
    stage: Stage,
) -> None:
    stage.send(stage.order("buy", "5", "limit", limit="490", tif="ioc"))
    stage.event("cancel", "sb-1")
    assert stage.becomes("sb-1", "canceled").filled_quantity == 0
    assert stage.told() == []


def test_22_an_order_that_is_for_now_takes_what_is_there_and_leaves_the_rest(thin: Stage) -> None:
    thin.send(thin.order("buy", "10", "limit", limit="500.01", tif="ioc"))
    thin.event("cancel", "sb-1")
    (fill,) = thin.fills(1)
    assert (fill.quantity, fill.price) == (D(4), D("500.01"))
    assert thin.becomes("sb-1", "canceled").filled_quantity == 4
    assert thin.held() == 4


def test_23_a_day_order_ends_with_its_session_and_one_that_is_good_till_cancelled_does_not(
    stage: Stage,
) -> None:
    stage.send(stage.order("buy", "5", "limit", limit="490", tif="day", name="day"))
    stage.send(stage.order("buy", "5", "limit", limit="490", tif="gtc", name="gtc"))
    for name in ("sb-day", "sb-gtc"):
        stage.rests(name)
    stage.venue.end_session()
    assert stage.event("expire", "sb-day").account_id == stage.account_id
    stage.becomes("sb-day", "expired")
    assert stage.works() == [("sb-gtc", D(5))]


def test_24_a_part_of_a_share_can_be_bought_where_the_venue_sells_parts(stage: Stage) -> None:
    if not stage.broker.capabilities.fractional:
        pytest.skip("The venue sells whole units only.")
    stage.send(stage.order("buy", "0.125", tif="day"))
    (fill,) = stage.fills(1)
    assert fill.quantity == D("0.125")
    assert stage.held() == D("0.125")


def test_25_what_a_price_does_not_offer_works_on_and_fills_at_later_ones(thin: Stage) -> None:
    thin.send(thin.order("buy", "10", "limit", limit="500.01"))
    thin.fills(1)
    assert thin.becomes("sb-1", "partially_filled").filled_quantity == 4
    thin.quote("499.90", "499.99")
    thin.fills(2)
    thin.quote("499.80", "499.89")
    fills = thin.fills(3)
    assert [(one.quantity, one.price) for one in fills] == [
        (D(4), D("500.01")),
        (D(4), D("499.99")),
        (D(2), D("499.89")),
    ]
    held = thin.becomes("sb-1", "filled")
    assert (held.filled_quantity, held.average_price) == (D(10), D("499.978"))


def test_69_a_pair_of_currencies_goes_by_our_own_name_of_it(stage: Stage) -> None:
    bitcoin = resolve("BTCUSD", stage.now().date())
    stage.venue.price(bitcoin.symbol, "95000", "95001")
    sent = stage.order("buy", "0.01", contract=bitcoin, name="coin")
    assert stage.send(sent, bitcoin).symbol == "BTCUSD"
    (fill,) = stage.fills(1, "sb-coin")
    assert (fill.symbol, fill.quantity, fill.price) == ("BTCUSD", D("0.01"), D(95001))
    assert [one.symbol for one in stage.broker.positions()] == ["BTCUSD"]
    (listed,) = stage.listed()
    assert listed.fill.symbol == "BTCUSD"
