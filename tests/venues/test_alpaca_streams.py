"""The two streams of the stand-in for Alpaca: how they begin, what they say, when they refuse."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import msgpack
import pytest
import websocket

from tests.support.alpaca import StandIn
from tests.support.serving import eventually

pytestmark = pytest.mark.hardship

EMPTY: dict[str, list[str]] = {
    name: []
    for name in (
        "trades",
        "quotes",
        "bars",
        "updatedBars",
        "dailyBars",
        "statuses",
        "lulds",
        "corrections",
        "cancelErrors",
    )
}


@contextmanager
def closing(stream: websocket.WebSocket) -> Iterator[websocket.WebSocket]:
    try:
        yield stream
    finally:
        stream.shutdown()


def heard(stream: websocket.WebSocket, count: int) -> list[Any]:
    """The data of the next trade updates."""
    return [json.loads(stream.recv())["data"] for _ in range(count)]


def ended(stream: websocket.WebSocket) -> bool:
    """Whether the stream is over rather than silent."""
    try:
        return not stream.recv()
    except (websocket.WebSocketConnectionClosedException, ConnectionError):
        return True


def error(stream: websocket.WebSocket) -> int:
    """The code of the error that comes next."""
    (said,) = json.loads(stream.recv())
    assert said["T"] == "error"
    return int(said["code"])


def subscribe(stream: websocket.WebSocket, **channels: list[str]) -> Any:  # noqa: ANN401  JSON
    """Subscribe, and return the answer."""
    stream.send(json.dumps({"action": "subscribe", **channels}))
    (said,) = json.loads(stream.recv())
    return said


def authenticated(stream: websocket.WebSocket) -> bool:
    return bool(json.loads(stream.recv()) == [{"T": "success", "msg": "authenticated"}])


# --- trade updates --------------------------------------------------------------------------------


def test_trade_updates_come_as_json_in_binary_frames(alpaca: StandIn) -> None:
    with closing(alpaca.updates()) as stream:
        order = alpaca.order(qty="3")
        opcode, frame = stream.recv_data()
        assert opcode == websocket.ABNF.OPCODE_BINARY
        first = json.loads(frame)["data"]
        (second,) = heard(stream, 1)
    assert [first["event"], second["event"]] == ["new", "fill"]
    assert (second["price"], second["qty"], second["position_qty"]) == ("270.01", "3", "3")
    assert second["order"]["id"] == order["id"]
    assert second["order"]["status"] == "filled"
    assert first["event_id"] < second["event_id"]
    (listed,) = alpaca.get("/account/activities/FILL")
    assert listed["id"].endswith(f"::{second['execution_id']}")


@pytest.mark.parametrize("action", ["authenticate", "auth"])
def test_both_ways_to_say_who_one_is_are_understood(alpaca: StandIn, action: str) -> None:
    key, secret = alpaca.keys
    old = {"action": action, "data": {"key_id": key, "secret_key": secret}}
    new = {"action": action, "key": key, "secret": secret}
    with closing(alpaca.stream()) as stream:
        stream.send(json.dumps(old if action == "authenticate" else new))
        said = json.loads(stream.recv())
    assert said == {
        "stream": "authorization",
        "data": {"status": "authorized", "action": "authenticate"},
    }


def test_a_stream_with_wrong_keys_is_unauthorized_and_ends(alpaca: StandIn) -> None:
    with closing(alpaca.stream()) as stream:
        data = {"key_id": alpaca.keys[0], "secret_key": "guess"}
        stream.send(json.dumps({"action": "authenticate", "data": data}))
        assert json.loads(stream.recv())["data"]["status"] == "unauthorized"
        assert ended(stream)


def test_nothing_is_told_again_after_a_stream_was_dropped(alpaca: StandIn) -> None:
    with closing(alpaca.updates()) as stream:
        fault = {"fault": "stream_close", "account_id": alpaca.keys[0]}
        alpaca.tell("faults", now=[fault])
        assert ended(stream)
    missed = alpaca.becomes(alpaca.order()["id"], "filled")
    with closing(alpaca.updates()) as stream:
        told = alpaca.order()
        assert {one["order"]["id"] for one in heard(stream, 2)} == {told["id"]}
    assert len(alpaca.get("/account/activities/FILL", after=missed["created_at"])) == 2


def test_a_replacement_and_a_cancel_are_told_in_order(alpaca: StandIn) -> None:
    order = alpaca.order(type="limit", limit_price="200", time_in_force="gtc")
    alpaca.becomes(order["id"], "new")
    with closing(alpaca.updates()) as stream:
        new = alpaca.rest("PATCH", f"/orders/{order['id']}", {"limit_price": "201"}).json()
        assert [one["event"] for one in heard(stream, 3)] == ["pending_replace", "replaced", "new"]
        alpaca.rest("DELETE", f"/orders/{new['id']}")
        assert [one["event"] for one in heard(stream, 2)] == ["pending_cancel", "canceled"]


# --- market data ----------------------------------------------------------------------------------


def test_market_data_comes_in_arrays_of_what_was_subscribed(alpaca: StandIn) -> None:
    with closing(alpaca.data_stream()) as stream:
        assert authenticated(stream)
        said = subscribe(stream, trades=["AAPL"], quotes=["AAPL"], statuses=["*"])
        wanted = {"trades": ["AAPL"], "quotes": ["AAPL"], "statuses": ["*"]}
        assert said == {"T": "subscription", **EMPTY, **wanted}
        alpaca.price("MSFT", "501", last="501")
        alpaca.price("AAPL", "271", "271.02", last="271.01", size="5", bid_size="3")
        (quote,) = json.loads(stream.recv())
        (trade,) = json.loads(stream.recv())
        assert (quote["T"], quote["bp"], quote["bs"], quote["ap"]) == ("q", 271.0, 3, 271.02)
        assert (trade["T"], trade["S"], trade["p"], trade["s"]) == ("t", "AAPL", 271.01, 5)
        assert trade["t"].endswith("000Z")
        alpaca.tell("market", halt=["AAPL"])
        (status,) = json.loads(stream.recv())
        assert (status["T"], status["sc"]) == ("s", "H")
        stream.send(json.dumps({"action": "unsubscribe", "quotes": ["AAPL"]}))
        assert json.loads(stream.recv())[0]["quotes"] == []


def test_msgpack_is_spoken_to_those_who_ask_and_fragments_are_put_together(
    alpaca: StandIn,
) -> None:
    with closing(alpaca.stream("/v2/iex", **{"Content-Type": "application/msgpack"})) as stream:
        assert msgpack.unpackb(stream.recv())[0]["msg"] == "connected"
        key, secret = alpaca.keys
        packed = msgpack.packb({"action": "auth", "key": key, "secret": secret})
        stream.send(packed, websocket.ABNF.OPCODE_BINARY)
        assert msgpack.unpackb(stream.recv())[0]["msg"] == "authenticated"
        packed = msgpack.packb({"action": "subscribe", "trades": ["AAPL"]})
        stream.send_frame(websocket.ABNF(0, 0, 0, 0, websocket.ABNF.OPCODE_BINARY, 1, packed[:9]))
        stream.send_frame(websocket.ABNF(1, 0, 0, 0, websocket.ABNF.OPCODE_CONT, 1, packed[9:]))
        assert msgpack.unpackb(stream.recv())[0]["trades"] == ["AAPL"]
        alpaca.tell("burst", symbol="AAPL", count=3)
        trades = msgpack.unpackb(stream.recv())
        assert len(trades) == 3
        assert isinstance(trades[0]["t"], msgpack.Timestamp)
        assert trades[0]["t"].to_datetime() <= datetime.now(UTC)  # noqa: TID251  the venue's clock


def test_a_second_connection_to_an_endpoint_is_refused_until_the_first_ends(
    alpaca: StandIn,
) -> None:
    with closing(alpaca.data_stream()) as first:
        assert authenticated(first)
        with closing(alpaca.data_stream()) as second:
            assert error(second) == 406
        with closing(alpaca.data_stream("/v1beta3/crypto/us")) as other:
            assert authenticated(other)

    def again() -> bool:
        with closing(alpaca.data_stream()) as third:
            return authenticated(third)

    eventually(again)


def test_a_stream_says_by_number_what_is_wrong(alpaca: StandIn) -> None:
    with closing(alpaca.stream("/v2/iex")) as stream:
        stream.recv()
        stream.send("{")
        assert error(stream) == 400
        stream.send(json.dumps({"action": "subscribe", "trades": ["AAPL"]}))
        assert error(stream) == 401
        stream.send(json.dumps({"action": "auth", "key": "PK", "secret": "guess"}))
        assert error(stream) == 402
    with closing(alpaca.data_stream("/v2/sip")) as stream:
        assert error(stream) == 409
    with closing(alpaca.data_stream()) as stream:
        assert authenticated(stream)
        stream.send(json.dumps({"action": "auth", "key": "PK", "secret": "guess"}))
        assert error(stream) == 403
        assert subscribe(stream, trades=["BTC/USD"])["code"] == 410
        assert subscribe(stream, trades=[f"S{n}" for n in range(31)])["code"] == 405


def test_the_test_feed_has_its_own_symbol(alpaca: StandIn) -> None:
    with closing(alpaca.data_stream("/v2/test")) as stream:
        assert authenticated(stream)
        assert subscribe(stream, trades=["FAKEPACA"])["trades"] == ["FAKEPACA"]
        alpaca.price("FAKEPACA", "134", last="134")
        assert json.loads(stream.recv())[0]["p"] == 134.0


def test_bars_are_sent_and_their_history_fits_together(alpaca: StandIn) -> None:
    with closing(alpaca.data_stream()) as stream:
        assert authenticated(stream)
        subscribe(stream, bars=["*"])
        alpaca.tell("bar", symbol="AAPL", o=1, h=3, l=1, c=2, v=10, n=2, vw=1.5)
        (bar,) = json.loads(stream.recv())
        assert (bar["T"], bar["S"], bar["h"]) == ("b", "AAPL", 3)
    query = {"symbols": "AAPL,MSFT", "start": "2026-01-02T14:30:00Z", "end": "2026-01-02T20:59:00Z"}
    whole = alpaca.get("/stocks/bars", timeframe="1Min", **query)
    assert (len(whole["bars"]["AAPL"]), whole["next_page_token"]) == (390, None)
    paged: list[Any] = []
    token: dict[str, str] = {}
    while True:
        page = alpaca.get("/stocks/bars", timeframe="1Min", limit="300", **token, **query)
        paged += [one for bars in page["bars"].values() for one in bars]
        if page["next_page_token"] is None:
            break
        token = {"page_token": page["next_page_token"]}
    assert paged == [*whole["bars"]["AAPL"], *whole["bars"]["MSFT"]]
    hours = alpaca.get("/stocks/bars", timeframe="1Hour", **query)["bars"]["AAPL"]
    assert (hours[0]["t"], hours[0]["c"]) == (
        "2026-01-02T15:00:00Z",
        whole["bars"]["AAPL"][89]["c"],
    )


def test_a_burst_goes_on_without_losing_a_trade(alpaca: StandIn) -> None:
    with closing(alpaca.data_stream()) as stream:
        assert authenticated(stream)
        subscribe(stream, trades=["AAPL"])
        sent = alpaca.tell("burst", symbol="AAPL", count=20, seconds=0.5)["sent"]
        numbers: list[int] = []
        while len(numbers) < sent:
            numbers += [one["i"] for one in json.loads(stream.recv())]
    assert sent == 1000
    assert numbers == list(range(numbers[0], numbers[0] + sent))
