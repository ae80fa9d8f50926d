"""The venue over HTTP and a WebSocket: requests in, answers out, some of them broken on purpose."""

from __future__ import annotations

import hmac
import json
import queue
import socket
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import parse_qs, unquote, urlsplit

import simple_websocket

from app.brokers.chaos.faults import Fault
from app.domain.errors import (
    BrokerError,
    BrokerRejected,
    Conflict,
    InvalidInput,
    NotFound,
    SignalboxError,
)
from app.venue.house import House, Json
from app.venue.plan import LASTS_S, Drawn, Scripted, chances_in
from app.venue.record import judged
from app.venue.serving import Connection, Serving
from app.venue.streams import Listener

#: Seconds between two signs of life on a stream that has nothing to say.
HEARTBEAT_S: Final = 1.0
_LARGEST_BODY: Final = 1024 * 1024
_HUGE_BYTES: Final = 12 * 1024 * 1024
_FILL_FIRST_S: Final = 0.2
_HTML: Final = "<html><head><title>502</title></head><body><h1>Bad gateway</h1>{}</body></html>"
_WORDS: Final = "<p>Order <b>refused</b>:\x00 no <script>alert(1)</script>trading today.</p>"

#: (method, whether an order is named, the part after the account) -> the verb.
_VERBS: Final = {
    ("PUT", False, ""): "open",
    ("GET", False, ""): "account",
    ("GET", False, "positions"): "positions",
    ("GET", False, "fills"): "fills",
    ("GET", False, "orders"): "orders",
    ("POST", False, "orders"): "submit",
    ("GET", True, "orders"): "order",
    ("PATCH", True, "orders"): "replace",
    ("DELETE", True, "orders"): "cancel",
}

Answer = tuple[int, Json]


class VenueServer(Serving):
    """Serves one house to whoever knows the token."""

    def __init__(
        self,
        address: tuple[str, int],
        house: House,
        token: str,
        heartbeat_s: float = HEARTBEAT_S,
    ) -> None:
        super().__init__(address, VenueHandler)
        self.heartbeat_s = heartbeat_s
        self.house = house
        self.token = token

    def cut(self) -> None:
        """End the streams."""
        self.house.streams.cut()


class VenueHandler(Connection):
    """One connection."""

    server: VenueServer

    def do_GET(self) -> None:  # noqa: N802  the name that the library calls
        """Answer."""
        self._answer()

    do_POST = do_PUT = do_PATCH = do_DELETE = do_GET  # noqa: N815

    @property
    def _house(self) -> House:
        return self.server.house

    def _answer(self) -> None:
        url = urlsplit(self.path)
        parts = [unquote(each) for each in url.path.split("/") if each]
        if parts == ["ping"]:
            self._send(200, {"success": True})
            return
        given = self.headers.get("Authorization", "")
        if not hmac.compare_digest(given.encode(), f"Bearer {self.server.token}".encode()):
            self._read()
            self._send(401, {"code": "UNAUTHORISED", "message": "The token is wrong."})
            return
        query = {name: values[-1] for name, values in parse_qs(url.query).items()}
        if parts[:1] == ["stream"]:
            self._stream(query.get("account", ""))
        elif parts[:1] == ["accounts"] and len(parts) > 1:
            self._trade(parts[1:], query)
        else:
            self._control(parts, query)

    # --- the switches, which never fail -----------------------------------------------------------

    def _control(self, parts: list[str], query: dict[str, str]) -> None:
        body = self._read()
        house = self._house
        actions: dict[tuple[str, str], Callable[[], Json]] = {
            ("POST", "quotes"): lambda: house.put_quotes(body),
            ("POST", "faults"): lambda: self._script(body),
            ("GET", "faults"): self._faults,
            ("DELETE", "faults"): self._clear,
            ("GET", "log"): lambda: judged(house.log, query.get("account")),
        }
        action = actions.get((self.command, parts[0] if len(parts) == 1 else ""))
        self._send(*(_tried(action) if action else (404, {"message": "There is no such place."})))

    def _script(self, body: object) -> Json:
        """Take ``next`` (faults in order) and ``chances`` (of one account, with a seed)."""
        data = body if isinstance(body, dict) else {}
        faults = [Scripted.read(each) for each in data.get("next", ())]
        now = [Scripted.read(each) for each in data.get("now", ())]
        chances = chances_in(data.get("chances", {}))
        if "chances" in data:
            account_id = str(data.get("account_id", ""))
            self._house.plan.chances(account_id, chances, int(data.get("seed") or 1))
        self._house.plan.script(faults)
        for each in now:
            self._house.streams.suffer(each.account_id or "", each)
        return self._faults()

    def _faults(self) -> Json:
        plan, streams = self._house.plan, self._house.streams
        return {"drawn": plan.counts, "waiting": plan.waiting, "streams": streams.opened}

    def _clear(self) -> Json:
        self._house.plan.clear()
        return self._faults()

    # --- trading, which fails as it was told ------------------------------------------------------

    def _trade(self, parts: list[str], query: dict[str, str]) -> None:
        body = self._read()
        account_id, place = parts[0], (parts[1] if len(parts) > 1 else "")
        order_id = parts[2] if len(parts) > 2 else None
        verb = _VERBS.get((self.command, order_id is not None, place))
        if verb is None:
            self._send(404, {"message": "There is no such place."})
            return
        house = self._house
        drawn = house.plan.draw(account_id, verb)
        named = order_id or _named(body)
        if drawn.stream is not None:
            house.streams.suffer(account_id, drawn.stream)

        def act() -> Answer:
            done = _tried(lambda: self._act(account_id, verb, order_id, body, query, drawn))
            if verb in {"submit", "replace", "cancel"}:
                now = house.clock.now()
                house.log.note(now, account_id, verb, named, drawn.names, done[0])
            return done

        self._break(act, drawn)

    def _act(
        self,
        account_id: str,
        verb: str,
        order_id: str | None,
        body: object,
        query: dict[str, str],
        drawn: Drawn,
    ) -> Json:
        house = self._house
        data = body if isinstance(body, dict) else {}
        name = order_id or ""
        acts: dict[str, Callable[[], Json]] = {
            "open": lambda: house.open(account_id, data),
            "account": lambda: house.account(account_id),
            "positions": lambda: house.positions(account_id),
            "fills": lambda: house.fills(account_id, query.get("after")),
            "orders": lambda: house.open_orders(account_id),
            "submit": lambda: house.submit(account_id, data, drawn),
            "order": lambda: house.order(account_id, name),
            "replace": lambda: house.replace(account_id, data),
            "cancel": lambda: house.cancel(account_id, name),
        }
        return acts[verb]()

    def _break(self, act: Callable[[], Answer], drawn: Drawn) -> None:
        """Do what was asked, or not, and answer as the fault says."""
        scripted = drawn.request
        if scripted is None:
            status, answer = act()
            if drawn.order is not None and drawn.order.fault is Fault.FILL_FIRST:
                self.server.ending.wait(_FILL_FIRST_S)
            self._send(status, answer)
            return
        seconds = LASTS_S if scripted.seconds is None else scripted.seconds
        refusal = _REFUSALS.get(scripted.fault)
        if refusal is not None:
            timed = scripted.fault is Fault.LIMITED
            headers = {"Retry-After": f"{seconds:g}"} if timed else {}
            self._send(refusal[0], refusal[1], headers)
            return
        if scripted.fault not in {Fault.DROP_BEFORE, Fault.HANG_BEFORE}:
            act()
        if scripted.fault in {Fault.HANG_BEFORE, Fault.HANG_AFTER}:
            self.server.ending.wait(seconds)
        if scripted.fault in _BODIES:
            self._send_raw(*_BODIES[scripted.fault]())
        else:
            self._drop()

    # --- the wire ---------------------------------------------------------------------------------

    def _read(self) -> object:
        """The JSON body; None when there is none."""
        said = self.headers.get("Content-Length") or "0"
        length = min(int(said), _LARGEST_BODY) if said.isdecimal() else 0
        raw = self.rfile.read(length) if length else b""
        try:
            return json.loads(raw) if raw else None
        except ValueError:
            return None

    def _send(self, status: int, answer: Json, headers: dict[str, str] | None = None) -> None:
        self._send_raw(status, json.dumps(answer).encode(), "application/json", headers)

    def _send_raw(
        self,
        status: int,
        body: bytes,
        kind: str = "application/json",
        headers: dict[str, str] | None = None,
        length: int | None = None,
    ) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
        if length is not None and length != len(body):
            self._drop()

    def _drop(self) -> None:
        """End the connection without another word."""
        self.close_connection = True
        _cut(self.connection)

    def _stream(self, account_id: str) -> None:
        """Send the account's events for as long as the client listens."""
        headers = {f"HTTP_{k.upper().replace('-', '_')}": v for k, v in self.headers.items()}
        self.connection.settimeout(None)
        environ = {**headers, "werkzeug.socket": self.connection}
        try:
            stream = simple_websocket.Server(environ)
        except simple_websocket.ConnectionError:
            return
        finally:
            self.close_connection = True
        listener = Listener(account_id, lambda: _cut(self.connection))
        if not self._house.streams.join(listener):
            self._drop()
            return
        try:
            self._speak(stream, listener)
        except (simple_websocket.ConnectionClosed, OSError):
            self._drop()
        finally:
            self._house.streams.leave(listener)

    def _speak(self, stream: simple_websocket.Server, listener: Listener) -> None:
        stream.send(json.dumps({"kind": "hello"}))
        while stream.connected and not self.server.ending.is_set():
            try:
                text = listener.queue.get(timeout=self.server.heartbeat_s)
            except queue.Empty:
                text = json.dumps({"kind": "heartbeat"})
            if text is None:
                return
            if not listener.muted:
                stream.send(text)


def _tried(act: Callable[[], Json]) -> Answer:
    """What the house did, or the status and the words of its refusal."""
    try:
        return 200, {"success": True, **act()}
    except SignalboxError as error:
        statuses = ((BrokerRejected, 422), (InvalidInput, 400), (NotFound, 404), (Conflict, 409))
        status = next((number for kind, number in statuses if isinstance(error, kind)), 503)
        code = "UNAVAILABLE" if isinstance(error, BrokerError) and status == 503 else error.code
        return status, {"success": False, "code": code, "message": error.detail}


def _named(body: object) -> str | None:
    order = body.get("order") if isinstance(body, dict) else None
    found = order.get("client_order_id") if isinstance(order, dict) else None
    return found if isinstance(found, str) else None


def _cut(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return


_REFUSALS: Final[dict[Fault, Answer]] = {
    Fault.UNAUTHORISED: (401, {"code": "UNAUTHORISED", "message": "The session has ended."}),
    Fault.LIMITED: (429, {"code": "LIMITED", "message": "Too many requests."}),
    Fault.LIMITED_UNTIMED: (429, {"code": "LIMITED", "message": "Too many requests."}),
    Fault.REFUSED: (422, {"code": "MARKET_CLOSED", "message": _WORDS * 50}),
    Fault.UNSUCCESSFUL: (
        200,
        {"success": False, "code": "NOT_ALLOWED", "message": "The account may not trade now."},
    ),
    Fault.ERROR_BEFORE: (503, {"message": "Service unavailable."}),
}
_BODIES: Final[dict[Fault, Callable[[], tuple[Any, ...]]]] = {
    Fault.ERROR_AFTER: lambda: (502, _HTML.format("").encode(), "text/html"),
    Fault.HTML: lambda: (200, _HTML.format("<p>Maintenance</p>").encode(), "text/html"),
    Fault.HTML_HUGE: lambda: (200, _HTML.format("<p>" * (_HUGE_BYTES // 3)).encode(), "text/html"),
    Fault.TRUNCATED: lambda: (200, b'{"success": true, "client_or', "application/json", None, 900),
    Fault.EMPTY: lambda: (200, b""),
    Fault.NOT_UTF8: lambda: (200, b'{"success": true, "message": "\xff\xfe\x80"}'),
}
