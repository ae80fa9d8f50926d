"""The two protocols over a WebSocket: trade updates, and market data in JSON or msgpack."""

from __future__ import annotations

import json
import queue
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

import msgpack
import simple_websocket

from tests.venues.alpaca.house import House
from tests.venues.alpaca.lines import Line, Lines
from tests.venues.alpaca.market.tape import CHANNELS, CRYPTO, STOCKS, TEST, carries
from tests.venues.alpaca.words import Json

#: How long a client may take to say who it is, in seconds.
AUTH_S: Final = 10.0
TRADING: Final = "/stream"
PLACES: Final = frozenset({TRADING, TEST, CRYPTO, *STOCKS})
_POLL_S: Final = 0.5
#: How many symbols the free plan may subscribe to on one channel.
_FREE_SYMBOLS: Final = 30

Encode = Callable[[Any], bytes | str]
_ERRORS: Final = {
    400: "invalid syntax",
    401: "not authenticated",
    402: "auth failed",
    403: "already authenticated",
    404: "auth timeout",
    405: "symbol limit exceeded",
    406: "connection limit exceeded",
    409: "insufficient subscription",
    410: "invalid subscribe action for this feed",
}


class Conversation:
    """One client on one endpoint, from its first word to its last."""

    def __init__(
        self, socket: simple_websocket.Server, house: House, line: Line, encode: Encode
    ) -> None:
        self._socket = socket
        self._house = house
        self._encode = encode
        self.line = line
        self.ended = threading.Event()

    @property
    def lines(self) -> Lines:
        """The streams among which this one is."""
        return self._house.updates if self.line.place == TRADING else self._house.tape

    def hold(self, ending: threading.Event) -> None:
        """Speak until one of both ends it."""
        writer = threading.Thread(target=self._write, daemon=True)
        writer.start()
        try:
            self._converse(ending)
        except simple_websocket.ConnectionClosed:
            return
        finally:
            self.lines.leave(self.line)
            self.say(None)
            writer.join(2)
            self.ended.set()

    def say(self, message: object) -> None:
        """Queue an answer; None ends the conversation once what waits has been sent."""
        try:
            self.line.queue.put(message, timeout=1)
        except queue.Full:
            self.line.cut()

    def subscribe(self, answer: object, wanted: dict[str, set[str]]) -> None:
        """Answer, and from then on send what is wanted."""
        with self._house.lock:
            self.say(answer)
            self.line.wanted = wanted

    def _converse(self, ending: threading.Event) -> None:
        talk = _Trading(self) if self.line.place == TRADING else _Data(self)
        if not talk.begin():
            return
        waited = 0.0
        while not ending.is_set():
            raw = self._socket.receive(timeout=_POLL_S)
            if raw is None:
                waited += _POLL_S
                if not self.line.key and waited >= AUTH_S:
                    talk.too_late()
                    return
            elif not talk.hear(raw):
                return

    def _write(self) -> None:
        while True:
            message = self.line.queue.get()
            if message is None:
                return
            if self.line.muted:
                continue
            try:
                self._socket.send(self._encode(message))
            except (simple_websocket.ConnectionClosed, OSError):
                return

    def known(self, key: object, secret: object) -> bool:
        """Whether these are the keys of an account."""
        book = self._house.accounts.get(str(key))
        return book is not None and book.terms.secret == secret

    def claim(self) -> bool:
        """Take the account's one connection to this market data endpoint."""
        return self._house.tape.claim(self.line)

    def plan(self) -> str:
        """The data plan of the account."""
        return self._house.accounts[self.line.key].terms.plan


class _Trading:
    """The trading stream: binary frames that hold JSON."""

    def __init__(self, with_whom: Conversation) -> None:
        self._with = with_whom

    def begin(self) -> bool:
        return True

    def too_late(self) -> None:
        self._authorization("unauthorized")

    def hear(self, raw: bytes | str) -> bool:
        """Answer one message; False ends the stream."""
        try:
            message = json.loads(raw)
        except ValueError:
            return True
        action = message.get("action") if isinstance(message, dict) else None
        if action in {"authenticate", "auth"}:
            return self._authenticate(message)
        if action == "listen":
            return self._listen(message.get("data") or {})
        return True

    def _authenticate(self, message: Json) -> bool:
        data = message.get("data") or {}
        key = data.get("key_id") or message.get("key")
        secret = data.get("secret_key") or message.get("secret")
        if not self._with.known(key, secret):
            self._authorization("unauthorized")
            return False
        self._with.line.key = str(key)
        if not self._with.lines.join(self._with.line):
            return False
        self._authorization("authorized")
        return True

    def _authorization(self, status: str) -> None:
        data = {"status": status, "action": "authenticate"}
        self._with.say({"stream": "authorization", "data": data})

    def _listen(self, data: Json) -> bool:
        if not self._with.line.key:
            self._authorization("unauthorized")
            return False
        known = [one for one in data.get("streams") or [] if one == "trade_updates"]
        answer = {"stream": "listening", "data": {"streams": known}}
        self._with.subscribe(answer, {"streams": set(known)})
        return True


class _Data:
    """A market data stream: every message is an array."""

    def __init__(self, with_whom: Conversation) -> None:
        self._with = with_whom

    def begin(self) -> bool:
        self._with.say([{"T": "success", "msg": "connected"}])
        return True

    def too_late(self) -> None:
        self._error(404)

    def hear(self, raw: bytes | str) -> bool:
        """Answer one message; False ends the stream."""
        try:
            message = msgpack.unpackb(raw) if isinstance(raw, bytes) else json.loads(raw)
        except (ValueError, msgpack.UnpackException):
            self._error(400)
            return True
        action = message.get("action") if isinstance(message, dict) else None
        if action == "auth":
            return self._authenticate(message)
        if action not in {"subscribe", "unsubscribe"}:
            self._error(400)
        elif not self._with.line.key:
            self._error(401)
        else:
            self._subscribe(message, wanted=action == "subscribe")
        return True

    def _authenticate(self, message: Json) -> bool:
        line = self._with.line
        if line.key:
            self._error(403)
            return True
        key = message.get("key")
        if not self._with.known(key, message.get("secret")):
            self._error(402)
            return False
        line.key = str(key)
        if line.place == "/v2/sip" and self._with.plan() == "free":
            self._error(409)
            return False
        if not self._with.claim():
            self._error(406)
            return False
        self._with.say([{"T": "success", "msg": "authenticated"}])
        return True

    def _subscribe(self, message: Json, *, wanted: bool) -> None:
        line = self._with.line
        after = {channel: set(names) for channel, names in line.wanted.items()}
        for channel in CHANNELS:
            names = {str(one) for one in message.get(channel) or []}
            if any(one != "*" and not carries(line.place, one) for one in names):
                self._error(410)
                return
            before = after.get(channel, set())
            after[channel] = before | names if wanted else before - names
        symbols = set().union(*(after[one] for one in ("trades", "quotes")))
        if self._with.plan() == "free" and len(symbols) > _FREE_SYMBOLS:
            self._error(405)
            return
        listed = {channel: sorted(after.get(channel, ())) for channel in CHANNELS}
        self._with.subscribe([{"T": "subscription", **listed}], after)

    def _error(self, code: int) -> None:
        self._with.say([{"T": "error", "code": code, "msg": _ERRORS[code]}])


def encoder(place: str, content_type: str) -> Encode:
    """How an endpoint writes to a client that sent this Content-Type."""
    if place == TRADING:
        return lambda message: json.dumps(message).encode()
    if content_type == "application/msgpack":
        return lambda message: bytes(msgpack.packb(message, datetime=True))
    return lambda message: json.dumps(message, default=nanoseconds)


def nanoseconds(at: object) -> str:
    """An instant of market data: nine digits of the second."""
    if not isinstance(at, datetime):
        raise TypeError(f"{at!r} is no instant")
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f") + "000Z"
