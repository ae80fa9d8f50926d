"""Paper orders and quotes that their stream stands by."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from app.domain.errors import BrokerRejected
from app.domain.quotes import Quote, QuoteSource
from tests.support.paper import ES, Stage, order


@pytest.fixture
def stage() -> Stage:
    return Stage()


def standing(stage: Stage, bid: str, ask: str, ago: float = 0) -> Quote:
    """A quote of so many seconds ago, which the stream stands by."""
    at = stage.clock.now() - timedelta(seconds=ago)
    quote = Quote(ES.symbol, Decimal(bid), Decimal(ask), at, QuoteSource.STREAM)
    stage.book.confirm(quote, stage.clock.now())
    return quote


def test_a_quote_that_stands_is_no_new_market(stage: Stage) -> None:
    stage.book.put(
        Quote(ES.symbol, Decimal(5000), Decimal(5001), stage.clock.now(), QuoteSource.STREAM)
    )
    stage.send(order("buy", "1", "limit", limit="5000"))
    known = stage.book.latest(ES.symbol)
    assert known is not None
    for _ in range(10):
        stage.clock.advance(5)
        stage.book.confirm(known, stage.clock.now())
        assert not stage.venue.step(stage.clock.now())
    assert not stage.fills


def test_liquidity_that_was_used_up_does_not_come_back_with_a_quote_that_stands() -> None:
    stage = Stage({"liquidity_per_quote": "1"})
    quote = standing(stage, "5000", "5001")
    stage.send(order("buy", "3", name="1"))
    stage.clock.advance(5)
    stage.book.confirm(quote, stage.clock.now())
    stage.venue.step(stage.clock.now())
    assert sum(fill.quantity for fill in stage.fills) == 1


def test_an_order_fills_at_a_quote_that_stands_for_minutes_and_at_none_of_last_night() -> None:
    stage = Stage()
    standing(stage, "5000", "5001", ago=600)
    stage.send(order("buy", "1", name="1"))
    assert [fill.price for fill in stage.fills] == [Decimal(5001)]
    night = Stage()
    standing(night, "5000", "5001", ago=36_000)
    with pytest.raises(BrokerRejected, match="no fresh price"):
        night.send(order("buy", "1", name="1"))


def test_what_is_held_keeps_its_worth_by_a_quote_that_stands(stage: Stage) -> None:
    quote = standing(stage, "5000", "5000")
    stage.send(order("buy", "1"))
    stage.clock.advance(36_000)
    assert stage.broker.equity() is None
    stage.book.confirm(quote, stage.clock.now())
    assert stage.broker.equity() is not None
