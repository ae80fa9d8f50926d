"""The price of a symbol: the quote book first, then a venue that is asked seldom."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from app.brokers.quotes import QuoteBook
from app.clock import VirtualClock
from app.domain.errors import BrokerRejected, BrokerUnavailable, NotFound
from app.domain.quotes import Bar, Quote, QuoteSource
from app.services.market import MarketData, MarketDesk
from app.services.market.desk import FAILED_S, GOOD_S, MOST
from tests.support.data_house import DataHouse

NOON = datetime(2026, 3, 4, 16, 0, tzinfo=UTC)
#: Midnight in New York of that day.
TODAY = datetime(2026, 3, 4, 5, 0, tzinfo=UTC)


def quote(price: str, at: datetime = NOON, source: QuoteSource = QuoteSource.SNAPSHOT) -> Quote:
    return Quote("AAPL", Decimal(price), Decimal(price), at, source)


def day(close: str, days_ago: int) -> Bar:
    low, high = Decimal(close) - 1, Decimal(close) + 1
    return Bar("AAPL", TODAY - timedelta(days=days_ago), low, high, low, Decimal(close), Decimal(9))


class Stage:
    """A desk with a quote book and a venue that knows AAPL."""

    def __init__(self, *, connected: bool = True) -> None:
        self.clock = VirtualClock(NOON)
        self.house = DataHouse(connected=connected)
        self.house.quotes["AAPL"] = quote("110")
        self.house.days["AAPL"] = [day("90", 2), day("100", 1), day("109", 0)]
        self.book = QuoteBook(timedelta(seconds=15), timedelta(seconds=900), lambda *_: None)
        self.desk = MarketDesk(self.book, self.house, self.clock)

    def data(self, text: str = "AAPL") -> MarketData:
        return self.desk.data(text)


def test_a_venue_tells_the_price_the_day_and_the_close_before() -> None:
    found = Stage().data()
    assert (found.quote.mark, found.previous_close) == (Decimal(110), Decimal(100))
    assert (found.change, found.change_percent) == (Decimal(10), Decimal("10.00"))
    assert found.day is not None
    assert found.day.close == Decimal(109)


def test_before_the_day_has_a_bar_the_last_close_is_the_previous_one() -> None:
    stage = Stage()
    stage.house.days["AAPL"].pop()
    found = stage.data()
    assert (found.day, found.previous_close) == (None, Decimal(100))


def test_a_symbol_without_history_has_no_change() -> None:
    stage = Stage()
    stage.house.days.clear()
    found = stage.data()
    assert (found.day, found.previous_close, found.change, found.change_percent) == (None,) * 4


def test_the_quote_book_comes_first_while_its_quote_is_fresh() -> None:
    stage = Stage()
    stage.book.put(quote("111.5", source=QuoteSource.STREAM))
    assert stage.data().quote.mark == Decimal("111.5")
    stage.clock.advance(16)
    stage.house.quotes["AAPL"] = quote("112", stage.clock.now())
    stage.clock.advance(GOOD_S)
    assert stage.data().quote.mark == Decimal(112)


def test_of_two_stale_quotes_the_newer_is_shown() -> None:
    stage = Stage()
    stage.house.quotes["AAPL"] = quote("110", NOON - timedelta(hours=2))
    stage.book.put(quote("111", NOON - timedelta(hours=1), QuoteSource.STREAM))
    assert stage.data().quote.mark == Decimal(111)


def test_the_venue_is_asked_once_within_the_time_that_its_answer_is_good() -> None:
    stage = Stage()
    stage.data()
    stage.clock.advance(GOOD_S - 1)
    stage.data("NASDAQ:AAPL")
    assert stage.house.asked == ["latest AAPL", "bars AAPL 1d"]
    stage.clock.advance(1)
    stage.data()
    assert len(stage.house.asked) == 4


def test_what_a_venue_does_not_answer_is_said_beside_what_is_known() -> None:
    stage = Stage()
    stage.data()
    stage.house.trouble = BrokerUnavailable("The venue did not answer in time.")
    stage.clock.advance(GOOD_S)
    found = stage.data()
    assert (found.quote.mark, found.problem) == (Decimal(110), "The venue did not answer in time.")
    stage.house.trouble = None
    stage.clock.advance(FAILED_S)
    assert stage.data().problem is None


def test_without_any_price_it_is_said_why() -> None:
    stage = Stage()
    stage.house.trouble = BrokerUnavailable("The venue cannot be reached.")
    with pytest.raises(BrokerUnavailable, match="The venue cannot be") as found:
        stage.data()
    assert found.value.detail.startswith("No price of AAPL is known.")
    assert found.value.code == "NO_MARKET_DATA"


def test_without_a_venue_it_is_said_what_to_do() -> None:
    with pytest.raises(BrokerUnavailable, match="connect an account at a venue") as caught:
        Stage(connected=False).data()
    assert caught.value.code == "NO_MARKET_DATA"


def test_what_the_venue_does_not_serve_comes_from_the_book_alone() -> None:
    stage = Stage()
    price = Decimal(5000)
    stage.book.put(Quote("ESH2026", price, price, NOON, QuoteSource.ALERT, price))
    assert stage.data("ES1!").quote.mark == price
    assert stage.house.asked == []


@pytest.mark.parametrize("text", ["???", "TOOLONGNAME", "CME:AAPL"])
def test_what_is_no_symbol_is_not_found(text: str) -> None:
    with pytest.raises(NotFound) as caught:
        Stage().data(text)
    assert caught.value.code == "UNKNOWN_SYMBOL"


def test_a_symbol_that_the_venue_does_not_know_is_not_found() -> None:
    stage = Stage()
    words = "Alpaca knows no symbol ZZZZ: look for its spelling there."
    stage.house.trouble = BrokerRejected(words, code="UNKNOWN_SYMBOL")
    for _ in range(2):
        with pytest.raises(NotFound, match="knows no symbol ZZZZ") as caught:
            stage.data("ZZZZ")
        assert caught.value.code == "UNKNOWN_SYMBOL"
    assert stage.house.asked == ["latest ZZZZ"]


def test_a_price_from_an_alert_counts_where_the_venue_knows_no_such_symbol() -> None:
    stage = Stage()
    stage.house.trouble = BrokerRejected("No such symbol.", code="UNKNOWN_SYMBOL")
    stage.book.put(quote("7", source=QuoteSource.ALERT))
    assert stage.data().quote.source is QuoteSource.ALERT


def test_while_one_asks_another_gets_the_last_answer() -> None:
    stage = Stage()
    stage.data()
    stage.clock.advance(GOOD_S)
    stage.house.quotes["AAPL"] = quote("120", stage.clock.now())
    seen: list[MarketData] = []

    def second() -> None:
        other = threading.Thread(target=lambda: seen.append(stage.data()))
        other.start()
        other.join(5)

    stage.house.meanwhile = second
    assert stage.data().quote.mark == 120
    assert {found.quote.mark for found in seen} == {Decimal(110)}
    assert stage.house.asked.count("latest AAPL") == 2


def test_the_first_two_who_ask_get_the_same_answer_to_one_question() -> None:
    stage = Stage()
    seen: list[MarketData] = []
    other = threading.Thread(target=lambda: seen.append(stage.data()))

    def second() -> None:
        stage.house.meanwhile = None
        other.start()

    stage.house.meanwhile = second
    first = stage.data()
    other.join(5)
    assert seen == [first]
    assert stage.house.asked == ["latest AAPL", "bars AAPL 1d"]


def test_not_every_symbol_that_was_ever_asked_is_remembered() -> None:
    stage = Stage()
    stage.data()
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    for symbol in [f"Z{one}{two}" for one in letters for two in letters][:MOST]:
        stage.house.quotes[symbol] = quote("1")
        stage.data(symbol)
    stage.house.asked.clear()
    stage.data("ZAB")
    assert stage.house.asked == []
    stage.data()
    assert stage.house.asked == ["latest AAPL", "bars AAPL 1d"]
