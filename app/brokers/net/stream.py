"""A venue's stream of events: one reader, an end to silence, and patience with reconnecting."""

from __future__ import annotations

import json
import random
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final, Protocol

import structlog
import websocket

from app.brokers.net.calls import Place, Timeouts
from app.brokers.net.limits import Limits
from app.brokers.net.text import clean
from app.domain.errors import BrokerAuth, BrokerLimited, BrokerUnavailable, SignalboxError
from app.services.ports import Clock

#: The first rest before a new connection, doubled each time up to the longest, in seconds.
_FIRST_REST_S: Final = 0.25
_LONGEST_REST_S: Final = 30.0
#: The rest after a venue refused our credentials: only a human mends that.
AUTH_REST_S: Final = 300.0
#: A connection that lasted so long was a good one: the next rest is a first one.
_LASTED_S: Final = 10.0
#: Streams that connect to one venue at the same time.
AT_ONCE: Final = 2
#: Messages after which others get their turn, so that a backlog holds up nobody.
_TURN: Final = 20

Json = dict[str, Any]

_Broken = (websocket.WebSocketException, OSError, ValueError, SignalboxError)
#: What reading a message of an unexpected form raises: it must not end the reader for good.
_Unreadable = (LookupError, TypeError, AttributeError, ArithmeticError)
_WORDS: Final = {websocket.ABNF.OPCODE_TEXT, websocket.ABNF.OPCODE_BINARY}

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Manners:
    """How a venue is spoken to: timeouts, and the silence of a stream that means it is dead."""

    timeouts: Timeouts
    idle_s: float


@dataclass(frozen=True, slots=True)
class Hearing:
    """Who hears of a stream.

    ``begun`` is called when it speaks, to catch up, before anything of it is told; ``message``
    with each message; ``link`` with whether it is up and why not, whenever either changes.  What
    ``begun`` and ``message`` raise ends the connection, and a new one is made.
    """

    begun: Callable[[], None]
    message: Callable[[Any], None]
    link: Callable[[bool, str | None], None]


class Line:
    """One open connection, as a venue's way of speaking sees it."""

    def __init__(
        self, connection: websocket.WebSocket, tongue: Tongue, clock: Clock, patience_s: float
    ) -> None:
        self._connection = connection
        self._tongue = tongue
        self._clock = clock
        self._patience_s = patience_s
        self._connection.settimeout(patience_s)

    def say(self, message: object) -> None:
        """Send a message; what it raises ends the connection."""
        self._connection.send(json.dumps(message))

    def hear(self) -> Any | None:  # noqa: ANN401  what a message is, the tongue says
        """Return the next message; None after as long a silence as there is patience for.

        Raises what ends the connection.
        """
        until = self._clock.monotonic() + self._patience_s
        while True:
            try:
                kind, data = self._connection.recv_data(control_frame=True)
            except websocket.WebSocketTimeoutException:
                return None
            if kind in _WORDS and data:
                return self._tongue.read(data)
            if kind in _WORDS or kind == websocket.ABNF.OPCODE_CLOSE:
                raise BrokerUnavailable(_farewell(kind, data))
            if self._clock.monotonic() >= until:
                return None

    def expect(self) -> Any:  # noqa: ANN401  what a message is, the tongue says
        """Return the next message; raises BrokerUnavailable when none comes in time."""
        message = self.hear()
        if message is None:
            raise BrokerUnavailable("The venue did not answer on its stream in time.")
        return message


class Tongue(Protocol):
    """How one venue speaks on a stream."""

    def read(self, frame: bytes) -> Any:  # noqa: ANN401  what a message is, each tongue says
        """Return the message that a frame holds; raises ValueError."""
        ...

    def greet(self, line: Line) -> Iterable[Any]:
        """Say who we are, and what we want to hear; return what was told meanwhile.

        Raises BrokerAuth for credentials that are refused, BrokerLimited where the venue wants to
        be left alone, BrokerUnavailable for what else goes wrong.
        """
        ...

    def beat(self) -> object | None:
        """Return a question that the venue answers whatever the market does.

        It is asked in a silence, and another such silence is the end: an answer proves that whoever
        tells the events is there, which the answer to a ping does not.  None where the venue speaks
        by itself all the time.
        """
        ...


class Plain:
    """A venue that speaks first, in JSON objects, and never falls silent."""

    def read(self, frame: bytes) -> Json:
        """Return the object that a frame holds."""
        message = json.loads(frame)
        if not isinstance(message, dict):
            raise ValueError("a message is no object")  # noqa: TRY004  as json
        return message

    def greet(self, line: Line) -> Iterable[Json]:
        """Wait until it speaks."""
        return [line.expect()]

    def beat(self) -> None:
        """Ask nothing."""


@dataclass(frozen=True, slots=True)
class Credential:
    """What the streams of one credential share.

    ``limits`` has their cool-down: a venue that wants to be left alone is left alone by all of
    them; ``gate`` lets few connect at a time.
    """

    place: Callable[[], Place]
    manners: Manners
    limits: Limits
    gate: threading.Semaphore
    chance: random.Random
    clock: Clock


class Stream:
    """Reads one stream in a background task until it is closed, however often it breaks."""

    def __init__(self, credential: Credential, path: str, tongue: Tongue, hearing: Hearing) -> None:
        self._credential = credential
        self._path = path
        self._tongue = tongue
        self._hearing = hearing
        self._gate = credential.gate
        self._closing = threading.Event()
        self._socket: websocket.WebSocket | None = None
        self._line: Line | None = None
        self._reader: threading.Thread | None = None
        self._told: tuple[bool, str | None] = (False, None)
        #: Whether the venue refused our credentials the last time.
        self.refused = False

    @property
    def up(self) -> bool:
        """Whether the stream speaks and has caught up."""
        return self._told[0]

    def start(self) -> None:
        """Begin to read."""
        self._reader = threading.Thread(target=self._run, daemon=True)
        self._reader.start()

    def say(self, message: object) -> bool:
        """Send a message; False, with nothing sent, while the stream is not up."""
        line = self._line
        if line is None or not self.up:
            return False
        try:
            line.say(message)
        except (websocket.WebSocketException, OSError):
            self._cut()
            return False
        return True

    def close(self) -> None:
        """End the connection and the reader; nothing is told any more."""
        self._closing.set()
        self._cut()

    def _cut(self) -> None:
        """End the connection, so that its reader sees it at once."""
        connection = self._socket
        if connection is not None:
            connection.abort()

    def _run(self) -> None:
        failures = 0
        while not self._closing.is_set():
            begun = self._credential.clock.monotonic()
            end = self._read()
            if self._closing.is_set():
                return
            self.refused = end.refused
            self._tell(False, end.detail)
            lasted = self._credential.clock.monotonic() - begun >= _LASTED_S
            failures = 0 if lasted else failures + 1
            self._closing.wait(max(end.rest_s, self._rest(failures)))

    def _rest(self, failures: int) -> float:
        longest = min(_FIRST_REST_S * float(2 ** min(failures, 10)), _LONGEST_REST_S)
        return longest * (0.5 + self._credential.chance.random() / 2)

    def _read(self) -> _End:
        """Read one connection to its end."""
        try:
            self._credential.limits.admit(order=False)
            with self._gate:
                connection = self._connected()
            try:
                self._listen(connection)
            finally:
                self._socket = self._line = None
                connection.shutdown()
        except websocket.WebSocketBadStatusException as error:
            return self._turned_away(error)
        except _Broken as error:
            return _ended(error)
        except _Unreadable as error:
            _log.exception("stream_unreadable", path=self._path)
            return _End(f"The stream said what cannot be read: {type(error).__name__}.")
        return _End("The stream was closed.")

    def _connected(self) -> websocket.WebSocket:
        place, manners = self._credential.place(), self._credential.manners
        # The reader of each message finds out whether it is UTF-8, at a hundredth of the price.
        connection = websocket.WebSocket(skip_utf8_validation=True)
        connection.settimeout(min(manners.timeouts.connect_s, manners.idle_s))
        connection.connect(
            place.address.replace("http", "ws", 1) + self._path,
            header=dict(place.headers),
            redirect_limit=0,
            http_no_proxy=["*"],
        )
        self._socket = connection
        return connection

    def _turned_away(self, error: websocket.WebSocketBadStatusException) -> _End:
        """What an answer other than a stream means."""
        if error.status_code == 429:
            said = (error.resp_headers or {}).get("retry-after")
            wait = self._credential.limits.cool_down(said, self._credential.clock.now())
            return _End(f"The venue takes no more connections for {wait:.0f} s.", wait)
        if error.status_code in {401, 403}:
            return _ended(BrokerAuth("The venue refused our credentials on its stream."))
        return _End(f"The venue answered {error.status_code} instead of opening its stream.")

    def _listen(self, connection: websocket.WebSocket) -> None:
        idle_s, tongue = self._credential.manners.idle_s, self._tongue
        patience_s = idle_s if tongue.beat() is None else idle_s / 2
        line = self._line = Line(connection, tongue, self._credential.clock, patience_s)
        told = tongue.greet(line)
        if self._closing.is_set():
            return
        self._hearing.begun()
        if self._closing.is_set():
            return
        self._tell(True, None)
        for message in told:
            self._hearing.message(message)
        self._hear_on(line)

    def _hear_on(self, line: Line) -> None:
        asked, count = False, 0
        while not self._closing.is_set():
            message = line.hear()
            if message is not None:
                self._hearing.message(message)
                asked, count = False, count + 1
                if count % _TURN == 0:
                    time.sleep(0)
                continue
            beat = self._tongue.beat()
            if asked or beat is None:
                idle_s = self._credential.manners.idle_s
                raise BrokerUnavailable(f"The stream said nothing for {idle_s:g} s.")
            line.say(beat)
            asked = True

    def _tell(self, up: bool, detail: str | None) -> None:  # noqa: FBT001
        if (up, detail) != self._told:
            self._told = (up, detail)
            self._hearing.link(up, detail)


@dataclass(frozen=True, slots=True)
class _End:
    """Why a connection ended, in a sentence, and for how many seconds not to try again.

    Trying while a venue wants to be left alone would only make the rests longer.
    """

    detail: str
    rest_s: float = 0.0
    refused: bool = False


def _ended(error: Exception) -> _End:
    """What a failure means for the next connection."""
    if isinstance(error, BrokerAuth):
        return _End(error.detail, AUTH_REST_S, refused=True)
    return _End(_why(error), error.wait_s if isinstance(error, BrokerLimited) else 0.0)


def _why(error: Exception) -> str:
    """Say in a sentence why a connection ended."""
    if isinstance(error, SignalboxError):
        return error.detail
    if isinstance(error, websocket.WebSocketConnectionClosedException | ConnectionResetError):
        return "The venue closed the stream."
    if isinstance(error, websocket.WebSocketTimeoutException):
        return "The venue did not answer on its stream in time."
    if isinstance(error, websocket.WebSocketAddressException | OSError):
        return "The venue's stream cannot be reached."
    return f"The stream ended: {clean(str(error)) or type(error).__name__}"


def _farewell(kind: int, data: bytes) -> str:
    """What a venue said when it closed its stream."""
    said = clean(data[2:]) if kind == websocket.ABNF.OPCODE_CLOSE else ""
    return f"The venue closed the stream: {said}" if said else "The venue closed the stream."
