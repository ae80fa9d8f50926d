"""Market hours and prices over HTTP, in the frame of every page, and as live events."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from app.domain.errors import BrokerRejected, BrokerUnavailable
from app.domain.quotes import Bar, MarketHours, Quote, QuoteSource
from app.services.market import MarketWatch
from tests.support.world import START, World

PRICE = Decimal("270.5")


def connected(world: World) -> None:
    """A venue that opens a data service is connected."""
    house = world.data_house
    close, after = START + timedelta(hours=6), START + timedelta(hours=23, minutes=30)
    house.says = MarketHours(START, is_open=True, next_open=after, next_close=close)
    house.connected = True
    at = START - timedelta(seconds=2)
    bid, ask = PRICE - Decimal("0.01"), PRICE + Decimal("0.01")
    house.quotes["AAPL"] = Quote("AAPL", bid, ask, at, QuoteSource.SNAPSHOT, PRICE)
    midnight, old = START.replace(hour=5), Decimal(250)
    house.days["AAPL"] = [
        Bar("AAPL", midnight - timedelta(days=1), old, old, old, old, Decimal(10)),
        Bar("AAPL", midnight, Decimal(260), Decimal(272), Decimal(259), PRICE, Decimal("10.5")),
    ]


def test_without_a_venue_the_status_comes_from_the_calendar(world: World) -> None:
    answer = world.program().get("/api/market-status")
    assert answer.status_code == 200
    assert answer.get_json() == {
        "is_open": True,
        "session": "regular",
        "next_open": "2026-03-05T14:30:00.000Z",
        "next_close": "2026-03-04T21:00:00.000Z",
        "as_of": "2026-03-04T15:00:00.000Z",
        "source": "calendar",
        "problem": None,
        "markets": [
            {
                "name": "us_stocks",
                "title": "US stocks",
                "is_open": True,
                "session": "regular",
                "next_open": "2026-03-05T14:30:00.000Z",
                "next_close": "2026-03-04T21:00:00.000Z",
            },
            {
                "name": "cme_futures",
                "title": "CME futures",
                "is_open": True,
                "session": "regular",
                "next_open": "2026-03-04T23:00:00.000Z",
                "next_close": "2026-03-04T22:00:00.000Z",
            },
            {
                "name": "crypto",
                "title": "Crypto",
                "is_open": True,
                "session": "regular",
                "next_open": None,
                "next_close": None,
            },
        ],
    }


def test_with_a_venue_the_status_is_its_word(world: World) -> None:
    connected(world)
    answer = world.program().get("/api/market-status").get_json()
    assert (answer["source"], answer["as_of"]) == ("venue", "2026-03-04T15:00:00.000Z")


def test_a_venue_that_is_silent_makes_no_failure(world: World) -> None:
    connected(world)
    world.data_house.trouble = BrokerUnavailable("The venue did not answer in time.")
    answer = world.program().get("/api/market-status")
    assert answer.status_code == 200
    assert (answer.get_json()["source"], answer.get_json()["is_open"]) == ("calendar", True)
    assert answer.get_json()["problem"] == "The venue did not answer in time."


def test_the_price_of_a_symbol_has_its_age_and_its_day(world: World) -> None:
    connected(world)
    answer = world.program().get("/api/market-data/AAPL")
    assert answer.status_code == 200
    assert answer.get_json() == {
        "symbol": "AAPL",
        "name": "AAPL",
        "kind": "stock",
        "bid": "270.49",
        "ask": "270.51",
        "last": "270.5",
        "mark": "270.5",
        "as_of": "2026-03-04T14:59:58.000Z",
        "source": "snapshot",
        "day": {
            "at": "2026-03-04T05:00:00.000Z",
            "open": "260",
            "high": "272",
            "low": "259",
            "close": "270.5",
            "volume": "10.5",
        },
        "previous_close": "250",
        "change": "20.5",
        "change_percent": "8.2",
        "problem": None,
        "age_s": 2.0,
    }


def test_a_pair_may_be_written_with_its_slash(world: World) -> None:
    price = Decimal(95000)
    world.core.quotes.put(Quote("BTCUSD", price, price, START, QuoteSource.STREAM))
    for written in ("BTC/USD", "BTC-USD", "BTCUSD"):
        answer = world.program().get(f"/api/market-data/{written}")
        assert (answer.get_json()["symbol"], answer.get_json()["mark"]) == ("BTCUSD", "95000")


def test_what_is_no_symbol_is_not_found(world: World) -> None:
    answer = world.program().get("/api/market-data/TOOLONGNAME")
    assert (answer.status_code, answer.get_json()["error_code"]) == (404, "UNKNOWN_SYMBOL")
    assert "is not known" in answer.get_json()["detail"]


def test_what_the_venue_does_not_list_is_not_found(world: World) -> None:
    connected(world)
    words = "Alpaca knows no symbol ZZZZ."
    world.data_house.trouble = BrokerRejected(words, code="UNKNOWN_SYMBOL")
    answer = world.program().get("/api/market-data/ZZZZ")
    assert (answer.status_code, answer.get_json()["detail"]) == (404, words)


def test_where_nobody_has_a_price_it_is_said_and_when_to_ask_again(world: World) -> None:
    answer = world.program().get("/api/market-data/AAPL")
    assert (answer.status_code, answer.get_json()["error_code"]) == (503, "NO_MARKET_DATA")
    assert "connect an account" in answer.get_json()["detail"]
    assert answer.headers["Retry-After"]


def test_a_page_shows_the_markets_and_waits_for_no_venue(world: World) -> None:
    connected(world)
    page = world.client().get("/dashboard").text
    assert 'id="market"' in page
    assert "US stocks" in page
    assert world.data_house.asked == []


def test_everybody_who_looks_is_told_when_the_market_closes(world: World) -> None:
    browser = world.client()
    socket = world.socketio.test_client(world.app, flask_test_client=browser.client)
    socket.emit("subscribe", {"channels": ["market", "log"]})
    watch = MarketWatch(world.web.hours, world.core.store, world.live.markets)
    world.clock.advance(6 * 3600 - 1)
    watch.look(world.clock.now())
    socket.get_received()
    world.clock.advance(1)
    watch.look(world.clock.now())
    world.live.step(world.clock.now())
    events = {each["name"]: each["args"][0] for each in socket.get_received()}
    assert events["market_status_changed"] == {
        "market": "us_stocks",
        "is_open": False,
        "session": "post",
        "next_open": "2026-03-05T14:30:00.000Z",
        "next_close": "2026-03-05T21:00:00.000Z",
        "room": "market",
        "seq": 1,
        "ts": "2026-03-04T21:00:00.000Z",
        "v": 1,
    }
    line = events["log_entry"]
    assert (line["type"], line["message"]) == ("MarketClosed", "US stocks: the market closed.")
