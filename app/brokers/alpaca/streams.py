"""How Alpaca speaks on its two streams: of what happens to orders, and of prices.

Both are greeted with the keys; what is refused then, and later, is told in words for a trader.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any, Final

import msgpack

from app.brokers.alpaca.keys import Keys
from app.brokers.net.limits import Limits
from app.brokers.net.stream import Line
from app.brokers.net.text import clean
from app.domain.errors import BrokerAuth, BrokerError, BrokerLimited, BrokerUnavailable
from app.services.ports import Clock

#: The path of the stream of what happens to orders.
UPDATES_PATH: Final = "/stream"
#: Selects msgpack, which is read in a third of the time that JSON takes.
PACKED: Final = {"Content-Type": "application/msgpack"}
#: The channels of prices that are asked for; dailyBars would repeat what minutes tell.
CHANNELS: Final = ("trades", "quotes", "bars", "updatedBars")
#: Refusals of subscriptions, which end no connection.
SYMBOL_LIMIT: Final = 405
BAD_SUBSCRIPTIONS: Final = frozenset({400, 410})

_AUTH_FAILED: Final = 402
_CONNECTION_LIMIT: Final = 406
_SLOW: Final = 407
_NOT_SUBSCRIBED: Final = 409
#: Seconds until Alpaca may have seen that the other connection is gone.
_CONNECTION_LIMIT_S: Final = "5"
#: Messages that may come before an answer.
_MOST_BEFORE: Final = 100
_LISTEN: Final = {"action": "listen", "data": {"streams": ["trade_updates"]}}

Json = dict[str, Any]


class TradeUpdates:
    """The stream of what happens to an account's orders: JSON objects, in frames of any kind."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys

    def read(self, frame: bytes) -> Json:
        """Return the object that a frame holds; raises ValueError."""
        message = json.loads(frame)
        if not isinstance(message, dict):
            raise ValueError("a message is no object")  # noqa: TRY004  as json
        return message

    def greet(self, line: Line) -> Iterable[Json]:
        """Say whose orders we want to hear of; raises BrokerAuth and BrokerUnavailable."""
        keys = {"key_id": self._keys.key, "secret_key": self._keys.secret}
        line.say({"action": "authenticate", "data": keys})
        _check_authorization(_answer(line, "authorization"))
        line.say(_LISTEN)
        if "trade_updates" not in (_answer(line, "listening").get("streams") or ()):
            raise BrokerUnavailable("Alpaca does not stream what happens to this account's orders.")
        return ()

    def beat(self) -> object:
        """Ask again for what we listen to: Alpaca always answers with what that is."""
        return _LISTEN


def update_in(message: Json) -> Json | None:
    """Return what a message says of an order; None when it says nothing of any.

    Raises BrokerAuth when Alpaca says that the stream is no longer authorized.
    """
    data = message.get("data")
    if not isinstance(data, dict):
        return None
    if message.get("stream") == "authorization":
        _check_authorization(data)
    return data if message.get("stream") == "trade_updates" else None


def _check_authorization(data: Json) -> None:
    if data.get("status") != "authorized":
        raise BrokerAuth(
            "Alpaca refused the account's keys on its stream of orders. Enter them again on the"
            " Accounts page; paper and live accounts have different ones."
        )


def _answer(line: Line, stream: str) -> Json:
    """The next message of a stream of the stream."""
    for _ in range(_MOST_BEFORE):
        message = line.expect()
        if message.get("stream") == stream and isinstance(message.get("data"), dict):
            return dict(message["data"])
    raise BrokerUnavailable("Alpaca's stream of orders said anything but an answer.")


class MarketData:
    """A stream of prices: each message is a list of objects, in msgpack or in JSON."""

    def __init__(
        self, keys: Keys, limits: Limits, clock: Clock, listened: Callable[[], Iterable[str]]
    ) -> None:
        """``listened`` are the symbols that were asked for, as Alpaca writes them."""
        self._keys = keys
        self._limits = limits
        self._clock = clock
        self._listened = listened

    def read(self, frame: bytes) -> list[Json]:
        """Return the objects that a frame holds; raises ValueError.

        Instants are nanoseconds since 1970 in msgpack, text in JSON.
        """
        if frame.startswith(b"["):
            batch = json.loads(frame)
        else:
            try:
                batch = msgpack.unpackb(frame, timestamp=2)
            except msgpack.UnpackException as error:
                raise ValueError("a message is no msgpack") from error
        if not isinstance(batch, list) or not all(isinstance(each, dict) for each in batch):
            raise ValueError("a message is no list of objects")
        return batch

    def greet(self, line: Line) -> Iterable[list[Json]]:
        """Say who we are; raises BrokerAuth, BrokerLimited and BrokerUnavailable."""
        self._success(line, "connected")
        line.say({"action": "auth", "key": self._keys.key, "secret": self._keys.secret})
        self._success(line, "authenticated")
        return ()

    def beat(self) -> object:
        """Subscribe to something that we listen to: Alpaca answers with all that is subscribed."""
        return {"action": "subscribe", "trades": list(self._listened())[:1]}

    def refusal(self, error: Json) -> BrokerError:
        """Return what an error means that ends the connection."""
        code = error.get("code")
        if code == _CONNECTION_LIMIT:
            wait = self._limits.cool_down(_CONNECTION_LIMIT_S, self._clock.now())
            return BrokerLimited(
                "Alpaca allows one connection to its stream of prices at a time, and another"
                " program has it with these keys. Stop that program, or connect an account of"
                " another login; this server tries again by itself.",
                wait,
            )
        if code == _NOT_SUBSCRIBED:
            return BrokerAuth(
                "The Alpaca plan of this account does not include the prices of its feed. Choose"
                " the feed IEX in the account's settings, or subscribe to the other one at Alpaca."
            )
        if code == _AUTH_FAILED:
            return BrokerAuth("Alpaca refused the account's keys on its stream of prices.")
        if code == _SLOW:
            return BrokerUnavailable(
                "Alpaca ended its stream of prices, because this server read it too slowly."
            )
        said = clean(str(error.get("msg", code)))
        return BrokerUnavailable(f"Alpaca's stream of prices failed: {said}.")

    def _success(self, line: Line, said: str) -> None:
        """Wait until Alpaca says so."""
        for _ in range(_MOST_BEFORE):
            for each in line.expect():
                if each.get("T") == "error":
                    raise self.refusal(each)
                if each.get("T") == "success" and each.get("msg") == said:
                    return
        raise BrokerUnavailable("Alpaca's stream of prices said anything but an answer.")
