"""The stand-in over HTTP and WebSockets; some answers are broken on purpose."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

import simple_websocket

from app.brokers.chaos.faults import Fault
from app.venue.plan import LASTS_S, Drawn
from app.venue.serving import Connection, Serving
from tests.venues.alpaca import routes, streams
from tests.venues.alpaca.account import AccountBook
from tests.venues.alpaca.house import House
from tests.venues.alpaca.limits import Limiter
from tests.venues.alpaca.lines import Line
from tests.venues.alpaca.words import (
    FORBIDDEN,
    TOO_MANY,
    UNPROCESSABLE,
    ApiError,
    Json,
    forbidden_keys,
    unauthorized,
)

_LARGEST_BODY: Final = 1024 * 1024
_HUGE_BYTES: Final = 12 * 1024 * 1024
_FILL_FIRST_S: Final = 0.2
_WRITES: Final = frozenset({"submit", "replace", "cancel"})
_HTML: Final = "<html><body><h1>504 Gateway Time-out</h1>{}</body></html>"
_LIMITED: Final = {"code": TOO_MANY, "message": "too many requests."}

Answer = tuple[int, Any]


class Server(Serving):
    """Serves whatever handler it is given."""

    def __init__(
        self, address: tuple[str, int], house: House, handler: type[BaseHTTPRequestHandler]
    ) -> None:
        super().__init__(address, handler)
        self.house = house
        self.limiter = Limiter()

    def cut(self) -> None:
        """End the streams."""
        self.house.updates.cut()
        self.house.tape.cut()


class Handler(Connection):
    """One connection of a client of Alpaca."""

    server: Server

    def do_GET(self) -> None:  # noqa: N802  the name that the library calls
        """Answer."""
        url = urlsplit(self.path)
        if url.path in streams.PLACES:
            self._stream(url.path)
            return
        body = self._read()
        self._headers: dict[str, str] = {}
        try:
            book = self._known()
            route = routes.find(self.command, url.path)
            self._within_limits(book, route.family)
        except ApiError as error:
            self._send(error.status, error.body)
            return
        query = {name: values[-1] for name, values in parse_qs(url.query).items()}
        self._trade(book, route, query, body)

    do_POST = do_PUT = do_PATCH = do_DELETE = do_GET  # noqa: N815

    @property
    def _house(self) -> House:
        return self.server.house

    def _known(self) -> AccountBook:
        book = self._house.accounts.get(self.headers.get("APCA-API-KEY-ID", ""))
        if book is None:
            raise unauthorized()
        if self.headers.get("APCA-API-SECRET-KEY", "") != book.terms.secret:
            raise forbidden_keys()
        return book

    def _within_limits(self, book: AccountBook, family: str) -> None:
        at = self._house.hours.now().timestamp()
        allowance = self.server.limiter.take(book.key, family, book.terms.rate_limit, at)
        self._headers = allowance.headers
        if not allowance.allowed:
            raise ApiError(429, _LIMITED)

    def _trade(
        self, book: AccountBook, route: routes.Route, query: dict[str, str], body: object
    ) -> None:
        house = self._house
        with house.lock:
            drawn = house.plan.draw(book.key, route.verb)
        own = {each.fault for each in (drawn.order, drawn.event) if each is not None}
        call = routes.Call(route.name, query, body, frozenset(own))
        if drawn.stream is not None:
            house.suffer(book.key, drawn.stream)

        def act() -> Answer:
            try:
                status, answer = route.answer(house, book, call)
            except ApiError as error:
                status, answer = error.status, error.body
            if route.verb in _WRITES:
                named = body.get("client_order_id") if isinstance(body, dict) else None
                now = house.hours.now()
                house.log.note(now, book.key, route.verb, named or route.name, drawn.names, status)
            return status, answer

        self.server.ending.wait(house.latency_s)
        self._break(act, drawn)

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
        if scripted.fault in _REFUSALS:
            status, answer = _REFUSALS[scripted.fault]
            timed = scripted.fault is Fault.LIMITED
            self._send(status, answer, {"Retry-After": f"{seconds:g}"} if timed else {})
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
        return read_json(self)

    def _send(self, status: int, answer: Any, headers: dict[str, str] | None = None) -> None:  # noqa: ANN401
        body = b"" if status == 204 else json.dumps(answer).encode()
        self._send_raw(status, body, "application/json; charset=UTF-8", headers=headers)

    def _send_raw(
        self,
        status: int,
        body: bytes,
        kind: str = "application/json",
        length: int | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        self.send_response(status)
        if body or status != 204:
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body) if length is None else length))
        for name, value in {**self._headers, **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
        if length is not None and length != len(body):
            self._drop()

    def _drop(self) -> None:
        """End the connection without another word."""
        self.close_connection = True
        cut(self.connection)

    def _stream(self, place: str) -> None:
        headers = {f"HTTP_{k.upper().replace('-', '_')}": v for k, v in self.headers.items()}
        self.connection.settimeout(None)
        self.close_connection = True
        try:
            made = simple_websocket.Server({**headers, "werkzeug.socket": self.connection})
        except simple_websocket.ConnectionError:
            return
        line = Line("", place, lambda: cut(self.connection))
        encode = streams.encoder(place, self.headers.get("Content-Type", ""))
        streams.Conversation(made, self._house, line, encode).hold(self.server.ending)
        self._drop()


def read_json(handler: BaseHTTPRequestHandler) -> object:
    """The JSON body of a request; None when there is none, or it is none."""
    said = handler.headers.get("Content-Length") or "0"
    length = min(int(said), _LARGEST_BODY) if said.isdecimal() else 0
    raw = handler.rfile.read(length) if length else b""
    try:
        return json.loads(raw) if raw else None
    except ValueError:
        return None


def cut(connection: socket.socket) -> None:
    """Close a connection in both directions, if it is not closed yet."""
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return


_REFUSALS: Final[dict[Fault, tuple[int, Json]]] = {
    Fault.UNAUTHORISED: (401, {"message": "unauthorized"}),
    Fault.LIMITED: (429, _LIMITED),
    Fault.LIMITED_UNTIMED: (429, _LIMITED),
    Fault.REFUSED: (422, {"code": UNPROCESSABLE, "message": "order is not accepted"}),
    Fault.UNSUCCESSFUL: (403, {"code": FORBIDDEN, "message": "account is restricted"}),
    Fault.ERROR_BEFORE: (504, {"message": "gateway timeout"}),
}
_BODIES: Final[dict[Fault, Callable[[], tuple[Any, ...]]]] = {
    Fault.ERROR_AFTER: lambda: (504, b'{"message": "gateway timeout"}'),
    Fault.HTML: lambda: (200, _HTML.format("").encode(), "text/html"),
    Fault.HTML_HUGE: lambda: (200, _HTML.format("<p>" * (_HUGE_BYTES // 3)).encode(), "text/html"),
    Fault.TRUNCATED: lambda: (200, b'{"id": "', "application/json", 900),
    Fault.EMPTY: lambda: (200, b""),
    Fault.NOT_UTF8: lambda: (200, b'{"message": "\xff\xfe\x80"}'),
}
