"""The contract of a broker: what a venue does not take, and what it lets wait."""

from __future__ import annotations

from decimal import Decimal

import pytest

from app.domain.errors import BrokerRejected
from app.domain.instruments import resolve
from tests.support.contract import Stage

D = Decimal


def test_10_an_order_that_the_venue_does_not_take_is_rejected_and_leaves_nothing(
    stage: Stage,
) -> None:
    with pytest.raises(BrokerRejected) as refused:
        stage.send(stage.order("buy", "1000000"))
    assert refused.value.code == "BUYING_POWER"
    assert "buying power" in refused.value.detail
    assert stage.broker.order("sb-1") is None
    assert stage.broker.positions() == []


def test_18_an_order_that_names_a_price_off_the_tick_is_rejected(stage: Stage) -> None:
    with pytest.raises(BrokerRejected) as refused:
        stage.send(stage.order("buy", "1", "limit", limit="490.001"))
    assert refused.value.code == "BAD_PRICE"
    assert "490.001" in refused.value.detail
    assert stage.broker.order("sb-1") is None


def test_37_a_symbol_that_the_venue_has_not_is_rejected_by_its_name(stage: Stage) -> None:
    unknown = resolve("ZZZZZ", stage.now().date())
    with pytest.raises(BrokerRejected) as refused:
        stage.send(stage.order("buy", "1", contract=unknown), unknown)
    assert "ZZZZZ" in refused.value.detail
    assert stage.venue.names() == []


def test_38_an_order_while_the_market_is_closed_waits_for_it_and_is_not_filled(
    stage: Stage,
) -> None:
    stage.venue.trade(going=False)
    assert not stage.send(stage.order("buy", "1", tif="day")).state.terminal
    stage.quiet()
    assert stage.told() == []
    assert stage.works() == [("sb-1", D(1))]
    stage.venue.trade(going=True)
    stage.fills(1, "sb-1")


def test_39_an_order_on_a_halted_symbol_waits_until_it_trades_again(stage: Stage) -> None:
    stage.venue.halt("SPY", halted=True)
    stage.send(stage.order("buy", "1"))
    stage.quiet()
    assert stage.told() == []
    assert stage.works() == [("sb-1", D(1))]
    stage.venue.halt("SPY", halted=False)
    stage.fills(1, "sb-1")


def test_40_a_pattern_day_trader_is_told_in_the_venues_own_words(stage: Stage) -> None:
    stage.venue.forbid_day_trading()
    with pytest.raises(BrokerRejected) as refused:
        stage.send(stage.order("buy", "1"))
    assert "pattern day trad" in refused.value.detail
    assert stage.broker.order("sb-1") is None


def test_41_a_refusal_is_told_in_words_without_markup_and_leaves_nothing(stage: Stage) -> None:
    stage.venue.fault("refused")
    with pytest.raises(BrokerRejected) as refused:
        stage.send(stage.order("buy", "1"))
    assert refused.value.detail
    assert "<" not in refused.value.detail
    assert len(refused.value.detail) <= 500
    assert stage.venue.names() == []
    stage.filled("buy", "1")


def test_42_an_order_that_is_rejected_after_it_was_taken_is_reported(stage: Stage) -> None:
    stage.venue.fault("late_reject")
    stage.send(stage.order("buy", "1"))
    stage.event("reject", "sb-1")
    stage.becomes("sb-1", "rejected")
    assert stage.told() == []
    assert stage.held() == 0
