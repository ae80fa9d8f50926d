"""Connections: refused without a sign-in, rooms that do not leak, and nothing lost on the way."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from flask_socketio import SocketIOTestClient

from app.domain.quotes import Quote, QuoteSource
from app.web.sockets import BEHIND, HOPELESS, MOST_SYMBOLS
from tests.support.world import World

ALL = ["pnl", "strategies", "positions", "trades", "log"]


def connect(world: World, name: str = "ann", **more: Any) -> SocketIOTestClient:  # noqa: ANN401
    """A socket of a signed-in user."""
    browser = world.client(name)
    return world.socketio.test_client(world.app, flask_test_client=browser.client, **more)


def join(socket: SocketIOTestClient, *channels: str, **more: object) -> dict[str, Any]:
    """Subscribe and return what ``subscribed`` says."""
    socket.emit("subscribe", {"channels": list(channels), **more})
    (answer,) = (each for each in socket.get_received() if each["name"] == "subscribed")
    payload: dict[str, Any] = answer["args"][0]
    return payload


def events(socket: SocketIOTestClient, name: str) -> list[dict[str, Any]]:
    return [each["args"][0] for each in socket.get_received() if each["name"] == name]


def test_a_connection_without_a_sign_in_is_refused(world: World) -> None:
    assert not world.socketio.test_client(world.app).is_connected()
    wrong = world.socketio.test_client(world.app, auth={"token": "nonsense"})
    assert not wrong.is_connected()
    header = {"Authorization": "Bearer nonsense"}
    assert not world.socketio.test_client(world.app, headers=header).is_connected()


def test_a_program_connects_with_its_token(world: World) -> None:
    secret = world.program().secret
    assert world.socketio.test_client(world.app, auth={"token": secret}).is_connected()
    header = {"Authorization": f"Bearer {secret}"}
    assert world.socketio.test_client(world.app, headers=header).is_connected()


def test_who_connects_is_told_the_status(world: World) -> None:
    (status,) = events(connect(world), "status")
    assert status["connected"] is True
    assert "ann" in status["message"]
    assert status["ts"] == "2026-03-04T15:00:00.000Z"


def test_a_subscription_says_what_was_joined_and_how_far_each_room_is(world: World) -> None:
    first = connect(world)
    join(first, "log")
    _, key = world.strategy()
    world.fill(key, "buy", "1", "5000")
    world.live.step(world.clock.now())
    second = connect(world)
    answer = join(second, "log", "nonsense", "log")
    assert (answer["channels"], answer["unknown"]) == (["log"], ["nonsense"])
    assert answer["seq"]["log"]["log_entry"] == len(events(first, "log_entry"))


def test_a_fill_reaches_its_user_live_and_nobody_else(world: World) -> None:
    strategy, key = world.strategy("ann")
    ann, bob = connect(world, "ann"), connect(world, "bob")
    join(ann, *ALL)
    join(bob, *ALL)
    world.fill(key, "buy", "2", "5000")
    world.live.step(world.clock.now())
    received = ann.get_received()
    names = [each["name"] for each in received]
    assert {"log_entry", "trade_executed", "position_update", "pnl_update"} <= set(names)
    (trade,) = (each["args"][0] for each in received if each["name"] == "trade_executed")
    assert (trade["side"], trade["quantity"], trade["price"]) == ("buy", "2", "5000")
    others = bob.get_received()
    assert {each["name"] for each in others} <= {"pnl_update", "strategy_pnl_update"}
    assert strategy.id not in str(others)
    assert world.account_id("ann") not in str(others)


def test_nobody_joins_the_room_of_anothers_strategy(world: World) -> None:
    strategy, key = world.strategy("ann")
    bob = connect(world, "bob")
    room = f"strategy:{strategy.id}"
    user = world.user("ann").id
    answer = join(bob, room, f"account:{world.account_id('ann')}", f"{user}/log", f"../{user}/log")
    assert f"{user}/log" not in answer["channels"]
    world.fill(key, "buy", "2", "5000")
    world.live.step(world.clock.now())
    assert bob.get_received() == []


def test_the_sequence_of_a_room_has_no_gap(world: World) -> None:
    _, key = world.strategy()
    socket = connect(world)
    join(socket, "log", "pnl")
    for price in ("5000", "5001", "5002"):
        world.fill(key, "buy", "1", price)
        world.live.step(world.clock.now())
    received = socket.get_received()
    for name in ("log_entry", "pnl_update"):
        numbers = [each["args"][0]["seq"] for each in received if each["name"] == name]
        assert numbers == list(range(1, len(numbers) + 1)), name
        assert len(numbers) >= 3


def test_after_a_reconnect_what_was_missed_is_sent(world: World) -> None:
    _, key = world.strategy()
    world.fill(key, "buy", "1", "5000")
    log = world.program().get("/api/log?limit=1000").get_json()["items"]
    middle = sorted(line["fact"] for line in log)[2]
    socket = connect(world)
    socket.emit("subscribe", {"channels": ["log"], "last_fact": middle})
    missed = events(socket, "log_entry")
    assert [line["fact"] for line in missed] == sorted(
        line["fact"] for line in log if line["fact"] > middle
    )
    assert all(line["missed"] is True and "seq" not in line for line in missed)


def test_a_subscription_that_makes_no_sense_is_answered(world: World) -> None:
    socket = connect(world)
    nonsense: list[object] = [None, [], "log", {"channels": "log"}, {"channels": [1, None, {}]}, 7]
    for wanted in nonsense:
        socket.emit("subscribe", wanted)
        (answer,) = events(socket, "subscribed")
        assert answer["channels"] == [], wanted
    for last in (True, -1, "7", 1.5, None):
        socket.emit("subscribe", {"channels": ["log"], "last_fact": last})
        assert events(socket, "log_entry") == []
    assert socket.is_connected()


def test_who_left_gets_nothing_more(world: World) -> None:
    socket = connect(world)
    join(socket, *ALL)
    socket.disconnect()
    _, key = world.strategy()
    world.fill(key, "buy", "1", "5000")
    assert world.live.step(world.clock.now()) is True
    assert not socket.is_connected()


class Slow:
    """Stands in for the queue of a client that does not read."""

    def __init__(self, size: int) -> None:
        self.size = size

    def qsize(self) -> int:
        return self.size


def stall(world: World, socket: SocketIOTestClient, waiting: int) -> None:
    """Make the server believe that so many packets wait for the client."""
    server: Any = world.socketio.server  # type: ignore[attr-defined]

    class Socket:
        queue = Slow(waiting)

    server.eio.sockets[vars(socket)["eio_sid"]] = Socket()


def test_f14_a_slow_client_is_spared_what_only_the_newest_matters_of(world: World) -> None:
    _, key = world.strategy()
    socket = connect(world)
    join(socket, *ALL)
    stall(world, socket, BEHIND + 1)
    world.fill(key, "buy", "1", "5000")
    world.live.step(world.clock.now())
    names = {each["name"] for each in socket.get_received()}
    assert "log_entry" in names
    assert "trade_executed" in names
    assert "pnl_update" not in names


def test_f14_a_client_that_never_reads_is_let_go(world: World) -> None:
    _, key = world.strategy()
    socket = connect(world)
    join(socket, *ALL)
    stall(world, socket, HOPELESS + 1)
    world.fill(key, "buy", "1", "5000")
    world.live.step(world.clock.now())
    assert not socket.is_connected()


def put(world: World, symbol: str, price: str, seconds: float = 0) -> None:
    """Put a price of a stream."""
    at = world.clock.now() + timedelta(seconds=seconds)
    amount = Decimal(price)
    world.core.quotes.put(Quote(symbol, amount, amount, at, QuoteSource.STREAM))


def test_whoever_watches_a_symbol_is_told_its_last_price_and_each_that_follows(
    world: World,
) -> None:
    put(world, "AAPL", "190")
    socket = connect(world)
    socket.get_received()
    socket.emit("subscribe", {"channels": ["symbol:AAPL", "symbol:MSFT"]})
    first = events(socket, "quote")
    assert [(each["symbol"], each["mark"], "seq" in each) for each in first] == [
        ("AAPL", "190", False)
    ]
    put(world, "AAPL", "191", 1)
    put(world, "TSLA", "300", 1)
    world.live.tell_prices(world.clock.now())
    assert [(each["mark"], each["seq"]) for each in events(socket, "quote")] == [("191", 1)]


def test_prices_belong_to_nobody(world: World) -> None:
    sockets = [connect(world), connect(world, "bob")]
    for socket in sockets:
        assert join(socket, "symbol:AAPL")["channels"] == ["symbol:AAPL"]
    put(world, "AAPL", "190")
    world.live.tell_prices(world.clock.now())
    assert [len(events(socket, "quote")) for socket in sockets] == [1, 1]


def test_a_symbol_is_watched_until_the_last_who_watches_it_is_gone(world: World) -> None:
    first, second = connect(world), connect(world, "bob")
    join(first, "symbol:AAPL", "symbol:MSFT")
    join(second, "symbol:AAPL")
    assert world.live.watched() == {"AAPL", "MSFT"}
    first.emit("unsubscribe", {"channels": ["symbol:MSFT", "symbol:TSLA", "pnl"]})
    assert world.live.watched() == {"AAPL"}
    first.disconnect()
    assert world.live.watched() == {"AAPL"}
    second.disconnect()
    assert world.live.watched() == set()


def test_who_has_left_a_channel_is_told_nothing_more_of_it(world: World) -> None:
    socket = connect(world)
    join(socket, "symbol:AAPL")
    socket.emit("unsubscribe", {"channels": ["symbol:AAPL"]})
    put(world, "AAPL", "190")
    world.live.tell_prices(world.clock.now())
    assert events(socket, "quote") == []


def test_one_connection_watches_so_many_symbols_and_no_more(world: World) -> None:
    socket = connect(world)
    names = [f"symbol:A{chr(65 + n // 26)}{chr(65 + n % 26)}" for n in range(MOST_SYMBOLS + 2)]
    told = join(socket, *names, "pnl", "symbol:es")
    assert told["channels"] == [*names[:MOST_SYMBOLS], "pnl"]
    assert told["too_many"] == names[MOST_SYMBOLS:]
    assert told["unknown"] == ["symbol:es"]
    socket.emit("unsubscribe", {"channels": names[:1]})
    assert join(socket, names[-1], names[1])["channels"] == [names[-1], names[1]]
