"""Socket.IO: who may connect, which rooms they are in, and what a slow client is spared."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable
from typing import Any, Final

from flask import Flask, request
from flask_socketio import SocketIO, disconnect, emit, join_room, leave_room
from socketio.exceptions import ConnectionRefusedError as Refused

from app.domain.errors import Unauthorised
from app.domain.safety.switches import TradingState
from app.domain.users import User
from app.web import wire
from app.web.auth import bearer, signed_in
from app.web.deps import WebDeps
from app.web.live import LATEST_WINS, VERSION, Live, known, room_of, symbol_of
from app.web.shapes import prices
from app.web.wire import Json

#: Packets waiting for a client before it is spared events of which only the newest matters.
BEHIND: Final = 20
#: Packets waiting for a client before it is let go; it comes back and catches up.
HOPELESS: Final = 1000
#: Log entries sent after a reconnect; what is older is read with GET /api/log.
MOST_MISSED: Final = 500
#: Symbols whose prices one client may watch at a time.
MOST_SYMBOLS: Final = 30
_LARGEST_MESSAGE: Final = 65_536

Wsgi = Callable[..., Iterable[bytes]]


class Sockets:
    """The outlet of live events: everybody who is connected, each in rooms of their own user."""

    def __init__(self, socketio: SocketIO) -> None:
        # The library's types do not know the server that it wraps.
        self._socketio: Any = socketio
        self._users: Counter[str] = Counter()
        self._sids: dict[str, str] = {}
        self._symbols: dict[str, set[str]] = {}
        self._watched: Counter[str] = Counter()

    def enter(self, sid: str, user_id: str) -> None:
        """Note that a user connected."""
        self._sids[sid] = user_id
        self._users[user_id] += 1

    def leave(self, sid: str) -> None:
        """Note that a connection ended."""
        user_id = self._sids.pop(sid, None)
        if user_id is not None:
            self._users -= Counter({user_id: 1})
        self.forgo(sid, self._symbols.get(sid, set()).copy())
        self._symbols.pop(sid, None)

    def watch(self, sid: str, symbol: str) -> bool:
        """Note that a connection watches a symbol; False when it watches too many already."""
        mine = self._symbols.setdefault(sid, set())
        if symbol in mine:
            return True
        if len(mine) >= MOST_SYMBOLS:
            return False
        mine.add(symbol)
        self._watched[symbol] += 1
        return True

    def forgo(self, sid: str, symbols: Collection[str]) -> None:
        """Note that a connection watches these symbols no more."""
        gone = self._symbols.get(sid, set()).intersection(symbols)
        self._symbols.get(sid, set()).difference_update(gone)
        self._watched -= Counter(gone)

    def watched(self) -> Collection[str]:
        """Return the symbols whose prices somebody watches."""
        return self._watched.keys()

    def user_of(self, sid: str) -> str | None:
        """Return the user behind a connection."""
        return self._sids.get(sid)

    def flush(self) -> None:
        """Let every connection write what waits for it."""
        self._socketio.sleep(0)

    def users(self) -> Collection[str]:
        """Return the users who are connected."""
        return self._users.keys()

    def occupied(self, room: str) -> bool:
        """Whether anybody is in the room."""
        return room in self._socketio.server.manager.rooms.get("/", {})

    def emit(self, event: str, payload: Json, room: str) -> None:
        """Send the event to the room, but to nobody who is too far behind to want it."""
        late = [sid for sid in self._members(room) if self._late(sid, event)]
        self._socketio.emit(event, payload, to=room, skip_sid=late)

    def _members(self, room: str) -> list[str]:
        manager = self._socketio.server.manager
        return [sid for sid, _ in manager.get_participants("/", room)]

    def _late(self, sid: str, event: str) -> bool:
        waiting = self._waiting(sid)
        if waiting > HOPELESS:
            self._socketio.server.disconnect(sid)
            return True
        return waiting > BEHIND and event in LATEST_WINS

    def _waiting(self, sid: str) -> int:
        server = self._socketio.server
        socket = server.eio.sockets.get(server.manager.eio_sid_from_sid(sid, "/"))
        return 0 if socket is None else int(socket.queue.qsize())


def create_socketio(app: Flask, web: WebDeps) -> tuple[SocketIO, Live]:
    """Return the Socket.IO server in front of ``app`` and the live layer that speaks through it."""
    plain = app.wsgi_app
    socketio = SocketIO(
        async_mode=web.settings.async_mode,
        manage_session=False,
        max_http_buffer_size=_LARGEST_MESSAGE,
    )
    sockets = Sockets(socketio)
    live = Live(
        sockets,
        web.recorder.positions,
        lambda: web.storage.pending or web.halts.state() is not TradingState.ACTIVE,
        lambda: web.storage.trouble,
    )
    _connections(socketio, sockets, web)
    _subscriptions(socketio, sockets, live, web)
    socketio.init_app(app)
    app.wsgi_app = _split(app.wsgi_app, plain)  # type: ignore[method-assign]
    return socketio, live


def _split(sockets: Wsgi, plain: Wsgi) -> Wsgi:
    """Send only socket traffic through the socket middleware, which costs each request a little."""

    def serve(environ: dict[str, object], start_response: object) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        socket = isinstance(path, str) and path.startswith("/socket.io/")
        return (sockets if socket else plain)(environ, start_response)

    return serve


def _connections(socketio: SocketIO, sockets: Sockets, web: WebDeps) -> None:
    @socketio.on("connect")
    def connect(auth: object = None) -> None:
        user = _visitor(auth)
        if user is None:
            raise Refused("Sign in, or connect with an API token.")
        sockets.enter(_sid(), user.id)
        emit(
            "status",
            {
                "connected": True,
                "message": f"Connected as {user.name}",
                "ts": wire.iso(web.clock.now()),
                "v": VERSION,
            },
        )

    @socketio.on("disconnect")
    def gone(_reason: object = None) -> None:
        sockets.leave(_sid())


def _visitor(auth: object) -> User | None:
    token = auth.get("token") if isinstance(auth, dict) else None
    try:
        return bearer(f"Bearer {token}") if token else _of_request()
    except Unauthorised:
        return None


def _of_request() -> User | None:
    header = request.headers.get("Authorization")
    return bearer(header) if header else signed_in()


def _subscriptions(socketio: SocketIO, sockets: Sockets, live: Live, web: WebDeps) -> None:
    @socketio.on("subscribe")
    def subscribe(wanted: object = None) -> None:
        user_id = sockets.user_of(_sid())
        if user_id is None:
            disconnect()
            return
        names, today = _names(wanted), web.clock.now().date()
        found = [name for name in names if known(name, today)]
        joined = [name for name in found if _joins(sockets, _sid(), name)]
        for name in joined:
            join_room(room_of(user_id, name))
        emit(
            "subscribed",
            {
                "channels": joined,
                "unknown": [name for name in names if name not in found],
                "too_many": [name for name in found if name not in joined],
                "seq": {name: live.sequence(room_of(user_id, name)) for name in joined},
                "ts": wire.iso(web.clock.now()),
                "v": VERSION,
            },
        )
        _catch_up(web, user_id, wanted)
        _tell_prices(web, joined)

    @socketio.on("unsubscribe")
    def unsubscribe(unwanted: object = None) -> None:
        user_id = sockets.user_of(_sid())
        if user_id is None:
            disconnect()
            return
        names = _names(unwanted)
        for name in names:
            leave_room(room_of(user_id, name))
        sockets.forgo(_sid(), [symbol_of(name) or "" for name in names])


def _names(wanted: object) -> list[str]:
    """The channels that a message names, each once."""
    asked = wanted.get("channels") if isinstance(wanted, dict) else None
    return list(dict.fromkeys(map(str, asked))) if isinstance(asked, list) else []


def _joins(sockets: Sockets, sid: str, name: str) -> bool:
    symbol = symbol_of(name)
    return symbol is None or sockets.watch(sid, symbol)


def _catch_up(web: WebDeps, user_id: str, wanted: object) -> None:
    """Send the log entries that a client says it missed; they carry no ``seq``."""
    last = wanted.get("last_fact") if isinstance(wanted, dict) else None
    if not isinstance(last, int) or isinstance(last, bool) or last < 0:
        return
    for fact in web.reads.log(user_id, after=last, limit=MOST_MISSED):
        emit("log_entry", {**wire.log_entry(fact), "v": VERSION, "missed": True})


def _tell_prices(web: WebDeps, channels: Iterable[str]) -> None:
    """Send the last price of each symbol that is watched from now on; it carries no ``seq``."""
    for symbol in filter(None, map(symbol_of, channels)):
        last = web.quotes.latest(symbol)
        if last is not None:
            emit("quote", {**prices.quote(last), "ts": wire.iso(last.at), "v": VERSION})


def _sid() -> str:
    return str(request.sid)  # type: ignore[attr-defined]
