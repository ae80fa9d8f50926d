"""The synthetic market."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.instruments import resolve
from app.domain.quotes import Quote, QuoteSource
from app.sim.synthetic import SyntheticMarket
from tests.support.paper import NOON

SYMBOLS = ["ES1!", "ZN1!", "CL1!", "6E1!", "YM1!", "SPY", "F", "BTCUSD", "DOGEUSD"]


def market(symbol: str, seed: int = 1) -> SyntheticMarket:
    return SyntheticMarket(resolve(symbol, NOON.date()), seed)


def walk(of: SyntheticMarket, seconds: int = 300) -> list[Quote]:
    return [of.next(NOON + timedelta(seconds=second)) for second in range(seconds)]


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_quotes_are_on_the_tick_above_zero_and_not_crossed(symbol: str) -> None:
    tick = resolve(symbol, NOON.date()).instrument.tick_size
    for quote in walk(market(symbol)):
        assert quote.last in {quote.bid, quote.ask}
        assert 0 < quote.bid < quote.ask
        assert {quote.bid % tick, quote.ask % tick} == {0}
        assert quote.source is QuoteSource.SYNTHETIC


@given(st.decimals("0.000001", 10**6), st.integers(0, 9))
def test_any_anchor_gives_a_market_that_can_be_traded(price: Decimal, seed: int) -> None:
    coin = market("BTCUSD", seed)
    coin.anchor(price)
    for quote in walk(coin, 5):
        assert Decimal("0.01") <= quote.bid < quote.ask


def test_the_same_seed_gives_the_same_market_and_another_seed_another() -> None:
    assert walk(market("ES1!", 7)) == walk(market("ES1!", 7))
    assert walk(market("ES1!", 7)) != walk(market("ES1!", 8))
    assert [q.bid for q in walk(market("F", 7))] != [q.bid for q in walk(market("GM", 7))]


def test_index_futures_are_one_tick_wide_and_stocks_one_or_two_cents() -> None:
    assert {quote.ask - quote.bid for quote in walk(market("ES1!"))} == {Decimal("0.25")}
    widths = {quote.ask - quote.bid for quote in walk(market("SPY"))}
    assert widths == {Decimal("0.01"), Decimal("0.02")}


def test_an_index_future_moves_by_ticks_a_second_and_by_points_a_minute() -> None:
    bids = [quote.bid for quote in walk(market("ES1!"), 3600)]
    moves = [abs(after - before) for before, after in pairwise(bids)]
    assert max(moves) < 10
    assert sum(moves) / len(moves) < 2
    assert len(set(bids)) > 20


def test_an_anchor_moves_the_market_to_the_price() -> None:
    es = market("ES1!")
    walk(es, 10)
    es.anchor(Decimal("1676.75"))
    assert abs(es.next(NOON + timedelta(seconds=11)).bid - Decimal("1676.75")) < 5


def test_a_long_pause_or_a_clock_set_back_does_not_throw_the_price_away() -> None:
    es = market("ES1!")
    before = es.next(NOON).bid
    assert abs(es.next(NOON + timedelta(days=30)).bid - before) < 60
    assert abs(es.next(NOON).bid - before) < 60
