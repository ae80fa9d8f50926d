"""Prices as they stream in: what is kept of them, what is counted, and what is no price."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from app.brokers.alpaca.prices import Prices
from app.domain.errors import BrokerUnavailable, StoreUnavailable
from app.domain.quotes import Quote, QuoteSource

#: 2026-03-04 15:00:00 UTC in nanoseconds.
AT = 1_772_636_400_000_000_000
SECOND = 1_000_000_000


def trade(price: object, at: object = AT, symbol: str = "AAPL") -> dict[str, Any]:
    return {"T": "t", "S": symbol, "p": price, "t": at}


def quote(bid: object, ask: object, at: object = AT, symbol: str = "AAPL") -> dict[str, Any]:
    return {"T": "q", "S": symbol, "bp": bid, "ap": ask, "t": at}


class Taken:
    """Prices that were taken, and the quotes that came of them."""

    def __init__(self) -> None:
        self.quotes: list[Quote] = []
        self.failing: set[str] = set()
        self.prices = Prices(self.put, lambda theirs: None if theirs == "OTHER" else theirs)

    def put(self, quote: Quote) -> None:
        if quote.symbol in self.failing:
            raise StoreUnavailable("The disk is full.")
        self.quotes.append(quote)

    def after(self, *messages: dict[str, Any]) -> list[Quote]:
        self.prices.take(messages)
        self.prices.hand_on()
        return self.quotes


@pytest.fixture
def taken() -> Taken:
    return Taken()


def test_of_many_prices_the_newest_of_each_symbol_is_handed_on_and_all_are_counted(
    taken: Taken,
) -> None:
    made = taken.after(trade(1.5), trade(1.6), trade(1.7), trade(9, symbol="MSFT"), quote(1.6, 1.8))
    assert {one.symbol: one.last for one in made} == {"AAPL": Decimal("1.7"), "MSFT": Decimal(9)}
    assert taken.prices.received == {"t": 4, "q": 1}


def test_a_quote_is_as_old_as_the_newest_of_what_it_is_made_of(taken: Taken) -> None:
    (made,) = taken.after(trade(1.7, AT + 2 * SECOND), quote(1.6, 1.8, AT + SECOND))
    assert made.at == datetime(2026, 3, 4, 15, 0, 2, tzinfo=UTC)


def test_instants_in_text_are_read_to_the_microsecond(taken: Taken) -> None:
    (made,) = taken.after(trade(1.7, "2026-03-04T15:00:00.123456789Z"))
    assert made.at == datetime(2026, 3, 4, 15, 0, 0, 123456, tzinfo=UTC)


def test_a_trade_alone_is_bid_and_ask(taken: Taken) -> None:
    (made,) = taken.after(trade(270.01))
    assert (made.bid, made.ask, made.mark) == (Decimal("270.01"),) * 3


@pytest.mark.parametrize(("bid", "ask"), [(0, 5), (5, 0), (6, 5)])
def test_a_quote_without_both_sides_gives_way_to_the_last_trade(
    taken: Taken, bid: int, ask: int
) -> None:
    assert taken.after(quote(bid, ask)) == []
    (made,) = taken.after(trade(5.5))
    assert (made.bid, made.ask) == (Decimal("5.5"), Decimal("5.5"))


def test_nothing_is_handed_on_twice(taken: Taken) -> None:
    taken.after(trade(1.5))
    taken.prices.hand_on()
    assert len(taken.quotes) == 1


def test_what_was_forgotten_is_not_joined_with_what_comes_later(taken: Taken) -> None:
    taken.after(quote(1, 2))
    taken.prices.forget(["AAPL"])
    made = taken.after(trade(9))[-1]
    assert (made.bid, made.ask) == (Decimal(9), Decimal(9))


def test_what_nobody_asked_for_is_counted_and_dropped(taken: Taken) -> None:
    assert taken.after(trade(1.5, symbol="OTHER")) == []
    assert taken.prices.received == {"t": 1}


@pytest.mark.parametrize(
    "bad",
    [
        {"T": "t", "S": "AAPL"},
        trade("much"),
        trade(None),
        trade(1.5, "yesterday"),
        trade(1.5, 10**30),
        trade(1.5, "2026-03-04T15:00:00"),
        {"T": "b", "S": "AAPL", "o": 1},
    ],
)
def test_what_cannot_be_read_is_counted_and_stops_nothing(
    taken: Taken, bad: dict[str, Any]
) -> None:
    made = taken.after(bad, trade(9, symbol="MSFT"))
    assert [one.symbol for one in made] == ["MSFT"]
    assert taken.prices.received["unreadable"] == 1


def test_a_message_of_another_form_is_the_end_of_the_connection(taken: Taken) -> None:
    with pytest.raises(BrokerUnavailable):
        taken.prices.take([{"S": "AAPL"}])


def test_what_is_no_price_is_given_back(taken: Taken) -> None:
    told = {"T": "subscription", "trades": ["AAPL"]}
    assert taken.prices.take([trade(1), told]) == [told]


def test_a_listener_that_fails_keeps_no_other_symbol_from_being_told(taken: Taken) -> None:
    taken.failing = {"AAPL"}
    taken.prices.take([trade(1), trade(2, symbol="MSFT"), trade(3, symbol="SPY")])
    with pytest.raises(StoreUnavailable):
        taken.prices.hand_on()
    taken.prices.hand_on()
    assert {one.symbol for one in taken.quotes} == {"MSFT", "SPY"}


def seed(bid: str, ask: str, last: str) -> Quote:
    at = datetime(2026, 3, 3, 21, 0, tzinfo=UTC)
    return Quote("AAPL", Decimal(bid), Decimal(ask), at, QuoteSource.SNAPSHOT, Decimal(last))


def test_the_last_quote_stands_until_another_one_comes_or_it_is_forgotten(taken: Taken) -> None:
    assert taken.prices.standing(["AAPL"]) == []
    (made,) = taken.after(quote(1.6, 1.7))
    assert taken.prices.standing(["AAPL", "MSFT"]) == [made]
    later = taken.after(quote(1.7, 1.8))[-1]
    assert taken.prices.standing(["AAPL"]) == [later]
    taken.prices.forget(["AAPL"])
    assert taken.prices.standing(["AAPL"]) == []


def test_a_price_of_before_the_stream_stands_until_the_stream_tells_one(taken: Taken) -> None:
    before = seed("1.5", "1.6", "1.55")
    taken.prices.seed("AAPL", before)
    assert taken.prices.standing(["AAPL"]) == [before]
    (made,) = taken.after(trade(1.7))
    assert (made.bid, made.ask) == (Decimal("1.7"), Decimal("1.7"))
    taken.prices.seed("AAPL", before)
    assert taken.prices.standing(["AAPL"]) == [made]


def test_the_last_trade_of_before_the_stream_marks_its_first_quote(taken: Taken) -> None:
    taken.prices.seed("AAPL", seed("1.5", "1.6", "1.55"))
    (made,) = taken.after(quote(1.0, 2.5))
    assert (made.bid, made.ask, made.mark) == (Decimal(1), Decimal("2.5"), Decimal("1.55"))


def test_an_empty_quote_of_the_stream_is_the_last_trade_of_before_it(taken: Taken) -> None:
    taken.prices.seed("AAPL", seed("1.5", "1.6", "1.55"))
    (made,) = taken.after(quote(0, 0))
    assert made.mark == Decimal("1.55")


def test_sides_far_apart_without_any_trade_are_no_price(taken: Taken) -> None:
    assert taken.after(quote(1.0, 2.5)) == []
