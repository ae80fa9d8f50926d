"""The streams of Alpaca: how they begin, what they tell, and what becomes of them in trouble."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from decimal import Decimal

import pytest

from app.brokers.alpaca.keys import Keys
from app.brokers.net.stream import Stream
from app.domain.quotes import QuoteSource
from tests.support.alpaca import StandIn
from tests.support.alpaca_streams import IDLE_S, Fed, Told, credential, updates
from tests.support.serving import eventually

pytestmark = pytest.mark.hardship

WRONG = Keys("PKWRONG123456", "no-such-secret")
Start = Callable[..., Fed]


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def orders(alpaca: StandIn, told: Told) -> Iterator[Stream]:
    stream = updates(alpaca, told)
    told.comes_up()
    yield stream
    stream.close()


@pytest.fixture
def fed(alpaca: StandIn) -> Iterator[Start]:
    made: list[Fed] = []

    def start(path: str = "/v2/iex", **more: object) -> Fed:
        made.append(Fed(alpaca, path, **more))  # type: ignore[arg-type]
        return made[-1]

    yield start
    for each in made:
        each.feed.close()


def suffer(alpaca: StandIn, fault: str, **more: object) -> None:
    alpaca.tell("faults", now=[{"fault": fault, "account_id": alpaca.keys[0], **more}])


# --- what happens to orders -----------------------------------------------------------------------


def test_what_happens_to_orders_is_told_after_the_stream_has_caught_up(
    alpaca: StandIn, told: Told, orders: Stream
) -> None:
    assert orders.up
    assert told.caught_up == 1
    alpaca.order()
    eventually(lambda: "fill" in told.events())


@pytest.mark.parametrize("fault", ["stream_close", "stream_mute", "stream_half_open"])
def test_a_stream_of_orders_that_ends_or_falls_silent_is_made_anew_and_catches_up(
    alpaca: StandIn, told: Told, orders: Stream, fault: str
) -> None:
    suffer(alpaca, fault, seconds=30)
    told.comes_up(2)
    assert told.caught_up == 2
    expected = "closed" if fault == "stream_close" else f"said nothing for {IDLE_S:g} s"
    assert expected in told.down()
    alpaca.order()
    eventually(lambda: "fill" in told.events())


def test_a_quiet_account_is_no_silence(told: Told, orders: Stream) -> None:
    time.sleep(IDLE_S * 2)
    assert told.ups() == [True]


def test_keys_that_are_refused_are_tried_once_and_the_reason_names_no_key(
    alpaca: StandIn, told: Told
) -> None:
    opened = alpaca.tell("faults")["streams"]["trading"]
    stream = updates(alpaca, told, WRONG)
    told.goes_down("refused the account's keys")
    time.sleep(1.5)
    assert stream.refused
    assert told.links == [(False, told.down())]
    assert WRONG.key not in told.down()
    assert alpaca.tell("faults")["streams"]["trading"] == opened
    stream.close()


def test_a_closed_stream_ends_within_a_second_and_tells_nothing_more(
    alpaca: StandIn, told: Told, orders: Stream
) -> None:
    reader = orders._reader
    assert reader is not None
    orders.close()
    reader.join(1.0)
    assert not reader.is_alive()
    alpaca.becomes(alpaca.order()["id"], "filled")
    assert told.events() == []
    assert told.ups() == [True]


# --- prices ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("packed", [True, False], ids=["msgpack", "json"])
def test_the_newest_quote_and_trade_become_one_quote(
    alpaca: StandIn, fed: Start, packed: bool
) -> None:
    prices = fed(packed=packed)
    prices.follow("AAPL")
    alpaca.price("AAPL", "271.10", "271.14", last="271.13")
    prices.received("t", 1)
    prices.received("q", 1)
    prices.prices.hand_on()
    (quote,) = prices.quotes
    assert (quote.symbol, quote.source) == ("AAPL", QuoteSource.STREAM)
    assert (quote.bid, quote.ask, quote.last) == tuple(
        Decimal(each) for each in ("271.1", "271.14", "271.13")
    )
    assert quote.at.tzinfo is not None


def test_every_trade_of_a_burst_is_counted_and_one_quote_is_handed_on(
    alpaca: StandIn, fed: Start
) -> None:
    prices = fed()
    prices.follow("AAPL")
    alpaca.tell("burst", symbol="AAPL", count=20, seconds=1)
    prices.received("t", 2000)
    prices.prices.hand_on()
    prices.prices.hand_on()
    assert len(prices.quotes) == 1


def test_bars_of_a_minute_are_handed_on_as_they_end_and_as_they_are_changed(
    alpaca: StandIn, fed: Start
) -> None:
    prices = fed()
    prices.follow("AAPL")
    for kind, close in (("b", "272"), ("u", "272.5")):
        alpaca.tell("bar", kind=kind, symbol="AAPL", o=270, h=273, l="269.5", c=close, v=1200)
        prices.received(kind, 1)
    prices.prices.hand_on()
    first, second = prices.bars
    assert (first.open, first.high, first.close) == (Decimal(270), Decimal(273), Decimal(272))
    assert (second.low, second.close) == (Decimal("269.5"), Decimal("272.5"))
    assert second.volume == Decimal(1200)


def test_crypto_pairs_come_under_our_names(alpaca: StandIn, fed: Start) -> None:
    prices = fed("/v1beta3/crypto/us")
    prices.follow("BTC/USD")
    alpaca.price("BTC/USD", "95000", "95010")
    prices.received("q", 1)
    prices.prices.hand_on()
    assert [one.symbol for one in prices.quotes] == ["BTCUSD"]


def test_what_is_no_longer_needed_is_left_and_its_prices_are_forgotten(
    alpaca: StandIn, fed: Start
) -> None:
    prices = fed()
    prices.follow("AAPL", "MSFT")
    alpaca.price("AAPL", "271", "271.02")
    prices.received("q", 1)
    prices.follow("MSFT")
    alpaca.price("AAPL", "272", "272.02")
    alpaca.price("MSFT", "500", "500.02")
    prices.received("q", 2)
    prices.prices.hand_on()
    assert [one.symbol for one in prices.quotes] == ["MSFT"]


@pytest.mark.parametrize("fault", ["stream_close", "stream_mute", "stream_half_open"])
def test_prices_stream_again_after_the_connection_ended_or_fell_silent(
    alpaca: StandIn, fed: Start, fault: str
) -> None:
    prices = fed()
    prices.follow("AAPL")
    suffer(alpaca, fault, seconds=30)
    prices.told.comes_up(2)
    eventually(lambda: prices.feed.subscribed == {"AAPL"} or None)
    alpaca.price("AAPL", "271", "271.02")
    prices.received("q", 1)


def test_what_the_free_plan_does_not_stream_is_said_and_the_most_important_is_streamed(
    alpaca: StandIn, fed: Start
) -> None:
    alpaca.tell("account", key=alpaca.keys[0], plan="free")
    symbols = [f"S{first}{second}" for first in "ABCDEFG" for second in "ABCDE"]
    prices = fed()
    prices.told.comes_up()
    prices.feed.want(symbols)
    eventually(lambda: prices.feed.subscribed == set(symbols[:30]) or None)
    assert prices.feed.left_out == tuple(symbols[30:])
    assert prices.feed.problem == (
        "The Alpaca plan of this account streams 30 symbols at a time, positions first: prices of"
        " SGA, SGB, SGC, SGD, SGE are missing. A larger data plan streams all."
    )
    prices.feed.want(symbols[5:])
    eventually(lambda: prices.feed.subscribed == set(symbols[5:]) or None)
    assert prices.feed.problem is None


def test_a_symbol_that_cannot_be_subscribed_keeps_no_other_from_being_streamed(
    alpaca: StandIn, fed: Start
) -> None:
    prices = fed()
    prices.told.comes_up()
    prices.feed.want(["BTC/USD", "AAPL"])
    eventually(lambda: prices.feed.subscribed == {"AAPL"} or None)


def test_a_second_connection_waits_five_seconds_and_says_who_has_the_first(
    alpaca: StandIn, fed: Start
) -> None:
    first = fed()
    first.told.comes_up()
    opened = alpaca.tell("faults")["streams"]["data"]
    second = fed()
    second.told.goes_down("allows one connection")
    time.sleep(1.5)
    assert second.told.ups() == [False]
    assert "another program has it" in (second.feed.problem or "")
    first.feed.close()
    began = time.monotonic()
    second.told.comes_up()
    assert time.monotonic() - began > 2
    assert second.feed.problem is None
    assert alpaca.tell("faults")["streams"]["data"] == opened + 1


def test_all_streams_of_a_credential_leave_a_venue_alone_that_wants_to_be(
    alpaca: StandIn, fed: Start
) -> None:
    shared = credential(alpaca)
    wait = shared.limits.cool_down("1.5", shared.clock.now())
    began = time.monotonic()
    prices = fed(shared=shared)
    prices.told.goes_down("asked us to wait")
    prices.told.comes_up()
    assert time.monotonic() - began >= wait - 0.05


@pytest.mark.parametrize(
    ("path", "keys", "words"),
    [
        ("/v2/iex", WRONG, "refused the account's keys on its stream of prices"),
        ("/v2/sip", None, "does not include the prices of its feed"),
    ],
)
def test_a_refused_stream_of_prices_says_why_and_rests(
    alpaca: StandIn, fed: Start, path: str, keys: Keys | None, words: str
) -> None:
    alpaca.tell("account", key=alpaca.keys[0], plan="free")
    prices = fed(path, keys=keys)
    prices.told.goes_down(words)
    time.sleep(1.0)
    assert prices.feed.refused
    assert len(prices.told.links) == 1
    assert words in (prices.feed.problem or "")


def test_a_stream_that_is_closed_before_it_is_up_tells_nothing(alpaca: StandIn, fed: Start) -> None:
    prices = fed()
    prices.feed.close()
    reader = prices.feed._stream._reader
    assert reader is not None
    reader.join(2.0)
    assert not reader.is_alive()
    assert prices.told.links == []
