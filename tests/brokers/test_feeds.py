"""Feeds: a synthetic market at its pace, recorded quotes in virtual time and at any speed."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from app.brokers.feeds import ReplayFeed, SyntheticFeed
from app.domain.quotes import Quote, QuoteSource
from app.sim.synthetic import SyntheticMarket
from tests.support.paper import ES, NOON, SPY


def seconds(count: float) -> datetime:
    return NOON + timedelta(seconds=count)


RECORDED = [
    Quote("SPY", Decimal(bid), Decimal(bid + 1), seconds(bid * 60), QuoteSource.REPLAY)
    for bid in range(1, 5)
]


def test_a_synthetic_feed_quotes_every_market_when_its_time_has_come() -> None:
    put: list[Quote] = []
    feed = SyntheticFeed(
        [SyntheticMarket(ES, 1), SyntheticMarket(SPY, 1)], put.append, timedelta(seconds=1)
    )
    for moment in (0, 0.4, 0.9, 1.0, 1.5, 2.1):
        assert feed.step(seconds(moment)) is False
    assert [(quote.symbol, quote.at) for quote in put] == [
        (symbol, seconds(moment)) for moment in (0, 1, 2.1) for symbol in ("ESZ2026", "SPY")
    ]


def test_a_market_that_is_added_is_quoted_once_however_often_it_is_added() -> None:
    put: list[Quote] = []
    feed = SyntheticFeed([], put.append, timedelta(seconds=1))
    feed.add(SyntheticMarket(ES, 1))
    feed.add(SyntheticMarket(ES, 2))
    feed.step(NOON)
    assert put == [SyntheticMarket(ES, 1).next(NOON)]


def test_a_synthetic_feed_goes_on_after_the_clock_was_set_back() -> None:
    put: list[Quote] = []
    feed = SyntheticFeed([SyntheticMarket(ES, 1)], put.append, timedelta(seconds=1))
    feed.step(seconds(7200))
    feed.step(NOON)
    assert [quote.at for quote in put] == [seconds(7200), NOON]


def test_a_replay_puts_the_last_quote_at_or_before_the_instant() -> None:
    put: list[Quote] = []
    feed = ReplayFeed(RECORDED, put.append)
    assert feed.next_at == seconds(60)
    assert feed.advance_to(seconds(59)) is False
    assert feed.advance_to(seconds(60)) is True
    assert feed.advance_to(seconds(119)) is False
    assert feed.advance_to(seconds(190)) is True
    assert put == [RECORDED[0], RECORDED[2]]


def test_a_replay_ends_with_its_last_quote() -> None:
    put: list[Quote] = []
    feed = ReplayFeed(RECORDED, put.append)
    feed.advance_to(seconds(999))
    assert put == [RECORDED[3]]
    assert feed.next_at is None
    assert feed.advance_to(seconds(9999)) is False
