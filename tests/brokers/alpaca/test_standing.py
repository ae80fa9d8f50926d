"""Quotes that stand while their stream lives, and prices of before the stream."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from app.domain.quotes import Quote, QuoteSource
from tests.support.alpaca import StandIn, inner_stand_in
from tests.support.alpaca_house import House

pytestmark = pytest.mark.hardship

COUNTS_S = 1.5


@pytest.fixture
def world() -> Iterator[ExitStack]:
    with ExitStack() as made:
        yield made


@pytest.fixture
def alpaca(tmp_path: Path, world: ExitStack) -> StandIn:
    made = world.enter_context(inner_stand_in(tmp_path))
    made.tell("market", session="open")
    return made


@pytest.fixture
def house(alpaca: StandIn) -> Iterator[House]:
    made = House(alpaca, quotes_count_s=COUNTS_S)
    made.opened(made.account())
    yield made
    made.close()


def known(house: House, symbol: str = "AAPL") -> Callable[[], Quote | None]:
    return lambda: house.book.fresh(symbol, house.clock.now())


def streamed(house: House) -> Quote:
    """The one quote that the stream told of AAPL."""
    house.needed.append("AAPL")
    house.turns(known(house))
    house.stand_in.price("AAPL", "271", "271.02")
    house.turns(lambda: house.quotes[-1].bid == 271)
    return house.quotes[-1]


def test_a_quote_counts_as_long_as_the_stream_lives_and_nobody_is_told_of_it_again(
    house: House,
) -> None:
    quote = streamed(house)
    told = len(house.quotes)
    until = house.clock.monotonic() + 3 * COUNTS_S
    while house.clock.monotonic() < until:
        house.venue.step(house.clock.now())
        assert known(house)() == quote
        time.sleep(0.02)
    assert quote.age(house.clock.now()) > timedelta(seconds=2 * COUNTS_S)
    assert len(house.quotes) == told


def test_a_quote_is_too_old_soon_after_the_stream_died(house: House, world: ExitStack) -> None:
    streamed(house)
    house.turns(lambda: house.quotes[-1].age(house.clock.now()) > timedelta(seconds=COUNTS_S))
    assert known(house)() is not None
    world.close()
    house.turns(lambda: known(house)() is None)
    assert house.book.latest("AAPL") is not None


def test_a_quote_is_too_old_soon_after_nobody_needs_it(house: House) -> None:
    house.needed.append("MSFT")
    streamed(house)
    house.needed.remove("AAPL")
    house.turns(lambda: known(house)() is None)
    assert known(house, "MSFT")() is not None


def test_a_symbol_has_a_price_before_the_stream_tells_one(house: House) -> None:
    house.stand_in.price("AAPL", "271", "271.02", last="271.01")
    house.stand_in.price("BTC/USD", "95000", "95010")
    house.needed += ["AAPL", "MSFT", "BTCUSD"]
    house.turns(lambda: all(known(house, each)() for each in house.needed))
    quote = known(house)()
    assert quote is not None
    assert (quote.source, quote.mark) == (QuoteSource.SNAPSHOT, Decimal("271.01"))


def test_the_price_of_before_the_stream_is_asked_for_again_after_the_connection_ended(
    house: House,
) -> None:
    house.needed += ["AAPL", "MSFT"]
    house.turns(lambda: all(known(house, each)() for each in house.needed))
    key = next(iter(house.keys.values())).key
    house.stand_in.tell("faults", now=[{"fault": "stream_mute", "account_id": key, "seconds": 30}])
    house.stand_in.price("AAPL", "280", "280.02")
    house.turns(lambda: house.quotes[-1].bid == 280)
    assert house.quotes[-1].source is QuoteSource.SNAPSHOT


def test_a_question_that_fails_holds_up_no_price_of_the_stream(house: House) -> None:
    house.stand_in.tell("faults", next=[{"fault": "error_before", "times": 20}])
    house.needed.append("AAPL")

    def told() -> object:
        house.stand_in.price("AAPL", "271", "271.02")
        return known(house)()

    house.turns(told)


def test_a_price_that_is_newer_in_the_book_is_left_there(house: House) -> None:
    now = house.clock.now()
    sent = Quote("AAPL", Decimal(5), Decimal(5), now + timedelta(seconds=60), QuoteSource.ALERT)
    house.book.put(sent)
    house.needed += ["AAPL", "MSFT"]
    house.turns(known(house, "MSFT"))
    assert known(house)() == sent
