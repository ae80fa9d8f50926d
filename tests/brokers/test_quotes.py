"""The quote book: ages, sources, and prices that are none."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from app.brokers.quotes import QuoteBook, Refused
from app.domain.quotes import Quote, QuoteSource
from tests.support.paper import NOON

STREAM, ALERT = QuoteSource.STREAM, QuoteSource.ALERT


class Told:
    """Remembers what the book took and what it did not."""

    def __init__(self) -> None:
        self.taken: list[Quote] = []
        self.refused: list[Refused] = []
        self.book = QuoteBook(
            timedelta(seconds=15),
            timedelta(minutes=15),
            lambda _, reason: self.refused.append(reason),
        )
        self.book.on_quote(self.taken.append)


def quote(
    bid: str = "100",
    ask: str = "100.25",
    *,
    symbol: str = "ESZ2026",
    source: QuoteSource = STREAM,
    after: float = 0,
    last: str | None = None,
) -> Quote:
    at = NOON + timedelta(seconds=after)
    return Quote(symbol, Decimal(bid), Decimal(ask), at, source, Decimal(last) if last else None)


def seconds(count: float) -> datetime:
    return NOON + timedelta(seconds=count)


def test_a_symbol_without_a_quote_is_unknown_and_never_zero() -> None:
    told = Told()
    assert told.book.latest("ESZ2026") is None
    assert told.book.fresh("ESZ2026", NOON) is None


def test_a_quote_is_fresh_until_it_is_too_old_and_stays_the_latest() -> None:
    told = Told()
    told.book.put(quote())
    assert told.book.fresh("ESZ2026", seconds(15)) == quote()
    assert told.book.fresh("ESZ2026", seconds(15.001)) is None
    assert told.book.latest("ESZ2026") == quote()


def test_the_price_of_an_alert_counts_longer_than_a_feeds() -> None:
    told = Told()
    told.book.put(quote(source=ALERT))
    assert told.book.fresh("ESZ2026", seconds(900)) is not None
    assert told.book.fresh("ESZ2026", seconds(901)) is None


def test_a_quote_from_far_in_the_future_is_not_fresh() -> None:
    told = Told()
    told.book.put(quote(after=3600))
    assert told.book.fresh("ESZ2026", NOON) is None


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (quote("NaN"), Refused.NOT_FINITE),
        (quote("100", "Infinity"), Refused.NOT_FINITE),
        (quote(last="NaN"), Refused.NOT_FINITE),
        (quote("100.5", "100.25"), Refused.CROSSED),
        (quote("0", "100.25"), Refused.NOT_POSITIVE),
        (quote("-1", "1"), Refused.NOT_POSITIVE),
        (quote("0", "0", symbol="???"), Refused.NOT_POSITIVE),
        (quote("1", "2", last="-1"), Refused.NOT_POSITIVE),
    ],
)
def test_what_is_no_price_is_refused_told_and_counted(bad: Quote, reason: Refused) -> None:
    told = Told()
    told.book.put(quote(symbol=bad.symbol, bid="99"))
    told.book.put(bad)
    assert told.refused == [reason]
    assert told.book.refusals == {reason: 1}
    assert told.book.latest(bad.symbol) == quote(symbol=bad.symbol, bid="99")
    assert len(told.taken) == 1


def test_crude_oil_may_trade_below_zero() -> None:
    told = Told()
    negative = quote("-37.64", "-37.60", symbol="CLK2020")
    told.book.put(negative)
    assert told.book.latest("CLK2020") == negative


def test_a_locked_market_is_a_market() -> None:
    told = Told()
    told.book.put(quote("100", "100"))
    assert told.taken == [quote("100", "100")]


def test_the_price_of_an_alert_is_taken_only_when_nothing_better_is_fresh() -> None:
    told = Told()
    told.book.put(quote())
    told.book.put(quote("90", "90", source=ALERT, after=10))
    assert told.refused == [Refused.BETTER_KNOWN]
    told.book.put(quote("90", "90", source=ALERT, after=16))
    assert told.book.latest("ESZ2026") == quote("90", "90", source=ALERT, after=16)
    told.book.put(quote("91", "91", source=ALERT, after=17))
    assert told.book.fresh("ESZ2026", seconds(17)) == quote("91", "91", source=ALERT, after=17)


def test_a_feed_replaces_the_price_of_an_alert_even_if_that_is_a_little_newer() -> None:
    told = Told()
    told.book.put(quote("90", "90", source=ALERT, after=2))
    told.book.put(quote(after=1))
    assert told.book.latest("ESZ2026") == quote(after=1)


def test_an_older_quote_does_not_replace_a_newer_one() -> None:
    told = Told()
    told.book.put(quote(after=5))
    told.book.put(quote("90", after=4))
    assert (told.refused, len(told.taken)) == ([Refused.OLDER], 1)


def test_a_clock_that_was_set_back_does_not_stop_the_market() -> None:
    told = Told()
    told.book.put(quote(after=7200))
    told.book.put(quote("90"))
    assert told.book.fresh("ESZ2026", NOON) == quote("90")


def test_a_subscriber_finds_the_quote_in_the_book() -> None:
    told = Told()
    seen: list[Quote | None] = []
    told.book.on_quote(lambda one: seen.append(told.book.latest(one.symbol)))
    told.book.put(quote())
    assert seen == [quote()]


# --- quotes that their stream stands by -----------------------------------------------------------


def test_a_quote_counts_while_its_stream_stands_by_it_and_keeps_its_own_instant() -> None:
    told = Told()
    one = quote()
    told.book.put(one)
    told.book.confirm(one, seconds(3600))
    assert told.book.fresh("ESZ2026", seconds(3615)) is one
    assert told.book.fresh("ESZ2026", seconds(3615.001)) is None
    assert one.at == NOON


def test_nobody_is_told_of_a_quote_that_still_stands() -> None:
    told = Told()
    one = quote()
    told.book.put(one)
    for second in range(0, 60, 5):
        told.book.confirm(one, seconds(second))
    assert told.taken == [one]


def test_what_the_stream_brings_replaces_what_it_stood_by_even_with_an_earlier_instant() -> None:
    told = Told()
    one, two = quote(), quote("101", "101.25", after=50)
    told.book.put(one)
    told.book.confirm(one, seconds(60))
    told.book.put(two)
    assert told.book.fresh("ESZ2026", seconds(60)) is two
    assert told.book.fresh("ESZ2026", seconds(70)) is None


def test_a_quote_that_stands_is_taken_where_none_is_known_and_told_once() -> None:
    told = Told()
    seed = quote(source=QuoteSource.SNAPSHOT, after=-86400)
    told.book.confirm(seed, NOON)
    told.book.confirm(seed, seconds(1))
    assert told.book.fresh("ESZ2026", seconds(1)) is seed
    assert told.taken == [seed]


def test_a_quote_that_stands_gives_way_to_a_newer_one_until_that_is_too_old() -> None:
    told = Told()
    seed, sent = quote(after=-86400), quote("90", "90", source=ALERT)
    told.book.put(sent)
    told.book.confirm(seed, seconds(899))
    assert told.book.fresh("ESZ2026", seconds(899)) is sent
    told.book.confirm(seed, seconds(901))
    assert told.book.fresh("ESZ2026", seconds(901)) is seed


def test_what_is_no_price_does_not_stand() -> None:
    told = Told()
    told.book.confirm(quote("0", "100.25"), NOON)
    assert told.book.latest("ESZ2026") is None


def test_a_quote_that_stands_is_firm_as_long_as_the_price_of_an_alert_would_be() -> None:
    told = Told()
    one, sent = quote(), quote("90", "90", source=ALERT, after=899)
    told.book.put(one)
    assert told.book.firm("ESZ2026", seconds(16)) is None
    told.book.confirm(one, seconds(899))
    told.book.put(sent)
    assert told.book.firm("ESZ2026", seconds(900)) is one
    told.book.confirm(one, seconds(901))
    assert told.book.firm("ESZ2026", seconds(901)) is None
    assert told.book.fresh("ESZ2026", seconds(901)) is one
    told.book.put(quote("90", "90", source=ALERT, after=901))
    assert told.book.firm("ESZ2026", seconds(901)) == quote("90", "90", source=ALERT, after=901)
