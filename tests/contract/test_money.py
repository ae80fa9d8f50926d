"""The contract of a broker: positions with their sign, and money to the last place."""

from __future__ import annotations

from decimal import Decimal

from app.domain.errors import BrokerRejected
from tests.support.contract import Stage

D = Decimal
#: What the average price of a position may be off at a venue that rounds it.
ROUNDED = D("1e-9")


def test_14_positions_are_net_and_signed_and_flat_ones_are_not_listed(stage: Stage) -> None:
    stage.filled("sell", "3", name="a")
    (held,) = stage.broker.positions()
    assert (held.symbol, held.quantity, held.average_price) == ("SPY", D(-3), D(500))
    stage.filled("buy", "3", name="b")
    assert stage.broker.positions() == []


def test_16_the_account_says_its_money(stage: Stage) -> None:
    before = stage.broker.account()
    assert (before.cash, before.equity) == (D(100_000), D(100_000))
    stage.filled("buy", "10")
    after = stage.broker.account()
    assert after.equity == D("99999.95")
    assert before.buying_power is not None
    assert after.buying_power is not None
    assert after.buying_power < before.buying_power


def test_17_money_is_exact_to_the_last_place(stage: Stage) -> None:
    prices = {"a": "500.01", "b": "500.02", "c": "500.04"}
    for name, ask in prices.items():
        stage.quote("500", ask)
        stage.filled("buy", "1", name=name)
    assert [fill.price for fill in stage.told()] == [D(price) for price in prices.values()]
    (held,) = stage.broker.positions()
    assert held.average_price is not None
    assert abs(held.average_price - D("500.023333333333333333")) <= ROUNDED


def test_34_a_reversal_closes_and_then_opens_the_other_side(stage: Stage) -> None:
    stage.filled("buy", "2", name="long")
    stage.filled("sell", "2", name="close")
    stage.filled("sell", "3", name="short")
    (held,) = stage.broker.positions()
    assert (held.quantity, held.average_price) == (D(-3), D(500))


def test_35_one_order_across_zero_is_done_as_a_whole_or_refused_as_a_whole(stage: Stage) -> None:
    stage.filled("buy", "2", name="long")
    try:
        stage.filled("sell", "5", name="flip")
    except BrokerRejected:
        outcome = ["sb-long"], D(2)
    else:
        outcome = ["sb-long", "sb-flip"], D(-3)
    assert (stage.venue.names(), stage.held()) == outcome


def test_36_a_short_position_is_covered_and_its_loss_is_money(stage: Stage) -> None:
    stage.filled("sell", "4", name="short")
    stage.quote("502", "502.50")
    stage.filled("buy", "4", name="cover")
    assert stage.held() == 0
    assert stage.broker.account().equity == D(99_990)
