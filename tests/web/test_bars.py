"""Bars over HTTP: read, saved as CSV, imported from a file, and drawn on a page."""

from __future__ import annotations

import gzip
import io
import random
from datetime import timedelta

import pytest
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse, encode_multipart

from app.domain.errors import BrokerUnavailable
from app.domain.quotes import Bar, Quote, QuoteSource
from app.domain.quotes.reading import MOST_BYTES
from tests.support.bars import MINUTE, bar
from tests.support.world import START, World

HEAD = "time,open,high,low,close,volume\n"
LINES = (
    "2026-03-04T14:30:00Z,10,12.50,9,11,700\n"
    "2026-03-04T14:31:00Z,11,11,11,11,\n"
    "2026-03-04T14:33:00Z,11,13,10.0001,13,0.5\n"
)


def send(world: World, text: str | bytes, **more: str) -> TestResponse:
    program, fields = world.program(), {"symbol": "AAPL", "timeframe": "1m", **more}
    data = text if isinstance(text, bytes) else text.encode()
    boundary, body = encode_multipart({"file": FileStorage(io.BytesIO(data), "a.csv"), **fields})
    return program.client.post(
        "/api/bars/import",
        data=body,
        headers=program.headers,
        content_type=f"multipart/form-data; boundary={boundary}",
    )


def serve(world: World, bars: list[Bar]) -> None:
    world.data_house.connected = True
    world.data_house.days["AAPL"] = bars


def test_a_file_is_imported_and_saved_again_as_it_was(world: World) -> None:
    answer = send(world, gzip.compress((HEAD + LINES).encode()))
    assert answer.status_code == 201, answer.text
    assert answer.get_json() == {
        "symbol": "AAPL",
        "timeframe": "1m",
        "bars": 3,
        "new": 3,
        "equal": 0,
        "replaced": 0,
        "first": "2026-03-04T14:30:00.000Z",
        "last": "2026-03-04T14:33:00.000Z",
    }
    saved = world.program().get("/api/bars/AAPL.csv?limit=10")
    assert saved.mimetype == "text/csv"
    assert saved.headers["X-Complete"] == "false"
    assert send(world, saved.text).get_json()["equal"] == 3
    assert world.program().get("/api/bars/AAPL?limit=10", accept="text/csv").text == saved.text


def test_bars_say_where_they_came_from_and_what_may_be_missing(world: World) -> None:
    send(world, HEAD + LINES)
    told = (
        world.program().get("/api/bars/nasdaq:aapl?start=2026-03-04T14:31:00Z&limit=1").get_json()
    )
    assert told["bars"] == [
        {
            "time": "2026-03-04T14:31:00.000Z",
            "open": "11",
            "high": "11",
            "low": "11",
            "close": "11",
            "volume": None,
            "source": "csv",
        }
    ]
    assert (told["symbol"], told["timeframe"]) == ("AAPL", "1m")
    assert (told["complete"], told["coming"], told["next"]) == (
        False,
        False,
        "2026-03-04T14:32:00.000Z",
    )
    assert told["why"].startswith("No connected account")


def test_a_connected_data_service_is_asked_for_what_is_missing(world: World) -> None:
    serve(world, [bar(START - 3 * MINUTE, "10.5"), bar(START - MINUTE, "11")])
    for _ in range(2):
        told = world.program().get("/api/bars/AAPL?limit=100").get_json()
        assert [each["close"] for each in told["bars"]] == ["10.5", "11"]
        assert (told["complete"], told["why"], told["next"]) == (True, None, None)
    assert world.data_house.asked == ["bars AAPL 1m"]


def test_a_data_service_that_fails_leaves_what_is_known_and_says_why(world: World) -> None:
    send(world, HEAD + LINES)
    world.data_house.connected = True
    world.data_house.trouble = BrokerUnavailable("Alpaca cannot be reached.")
    told = world.program().get("/api/bars/AAPL").get_json()
    assert (len(told["bars"]), told["complete"]) == (3, False)
    assert told["why"] == "Alpaca cannot be reached."


def test_a_symbol_with_a_dot_or_a_slash_is_found(world: World) -> None:
    assert world.program().get("/api/bars/BRK.B").get_json()["symbol"] == "BRK.B"
    assert world.program().get("/api/bars/BTC/USD").get_json()["symbol"] == "BTCUSD"
    assert world.program().get("/api/bars/BRK.B.csv").mimetype == "text/csv"


@pytest.mark.parametrize(
    "path",
    [
        "NO-SUCH-SYMBOL",
        "AAPL?timeframe=2m",
        "AAPL?limit=0",
        "AAPL?limit=5001",
        "AAPL?start=yesterday",
        "AAPL?start=2026-03-04T14:31:00",
        "AAPL?start=2026-03-04T14:31:00Z&end=2026-03-04T14:31:00Z",
        "AAPL?start=0001-01-01T00:00:00Z",
        "AAPL?end=0001-01-01T00:00:00%2B14:00",
        "AAPL?color=red",
        "%00",
    ],
)
def test_what_cannot_be_asked_is_refused_in_words(world: World, path: str) -> None:
    answer = world.program().get(f"/api/bars/{path}")
    assert answer.status_code == 422, answer.text
    assert answer.get_json()["detail"]


@pytest.mark.parametrize(
    ("text", "more", "status", "words"),
    [
        (HEAD + "2026-03-04T14:30:00Z,2,2,3,1,1\n", {}, 422, "line 2, column high"),
        (HEAD + "2026-03-04T15:00:00Z,1,1,1,1,1\n", {}, 422, "not over yet"),
        (HEAD, {}, 422, "holds no bars"),
        (HEAD + LINES, {"timeframe": "2m"}, 422, "1m, 5m"),
        (HEAD + LINES, {"timeframe": "1h"}, 422, "line 2, column time"),
        (HEAD + LINES, {"symbol": ""}, 422, "whose bars"),
        (HEAD + LINES, {"symbol": "NO SUCH"}, 422, "not known"),
        (HEAD + LINES, {"replace": "perhaps"}, 422, "true or false"),
    ],
)
def test_what_cannot_be_imported_is_refused_in_words(
    world: World, text: str, more: dict[str, str], status: int, words: str
) -> None:
    answer = send(world, text, **more)
    assert answer.status_code == status
    assert words in answer.get_json()["detail"]


def test_a_contradiction_is_a_conflict_until_it_may_be_replaced(world: World) -> None:
    send(world, HEAD + LINES)
    other = HEAD + "2026-03-04T14:31:00Z,11,11,11,11,\n2026-03-04T14:33:00Z,1,13,1,13,1\n"
    refused = send(world, other)
    assert refused.status_code == 409
    assert "line 3, column open: 1 where 11 (csv) is kept" in refused.get_json()["detail"]
    assert send(world, other, replace="true").get_json()["replaced"] == 1


def test_a_file_that_is_too_large_is_refused_before_it_is_read(world: World) -> None:
    answer = send(world, random.Random(1).randbytes(MOST_BYTES + 100_000))
    assert answer.status_code == 413


def test_an_import_without_a_file_says_so(world: World) -> None:
    program = world.program()
    answer = program.client.post("/api/bars/import", data={"symbol": "A"}, headers=program.headers)
    assert answer.status_code == 422
    assert answer.get_json()["detail"] == "Choose the file to import."


def test_the_page_of_a_symbol_shows_its_last_price(world: World) -> None:
    browser = world.client("ann")
    assert "5000.25" not in browser.get("/market/ES").text
    world.quote("ES", "5000.25", "5000.75")
    page = browser.get("/market/CME_MINI:ES1!")
    assert page.status_code == 200
    assert "<h1>ESH2026</h1>" in page.text
    assert "5000.25" in page.text
    assert browser.get("/market/NO-SUCH-SYMBOL").status_code == 422


def test_minutes_are_built_of_the_prices_that_come(world: World) -> None:
    for second in (1, 30):
        at = START + timedelta(seconds=second)
        price = bar(at, str(10 + second)).close
        world.core.quotes.put(Quote("ESH2026", price, price, at, QuoteSource.STREAM))
    world.clock.advance(90)
    world.web.bars.live.step(world.clock.now())
    told = world.program().get("/api/bars/ES?limit=1").get_json()
    assert [(each["open"], each["close"], each["source"]) for each in told["bars"]] == [
        ("11", "40", "built")
    ]
