"""A venue's stream of events: one reader, an end to silence, and patience with reconnecting."""

from __future__ import annotations

import json
import random
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import websocket

from app.brokers.net.calls import Place, Timeouts
from app.brokers.net.text import clean
from app.domain.errors import BrokerLimited, SignalboxError

#: The first rest before a new connection, doubled each time up to the longest, in seconds.
_FIRST_REST_S: Final = 0.25
_LONGEST_REST_S: Final = 30.0
#: A connection that lasted so long was a good one: the next rest is a first one.
_LASTED_S: Final = 10.0
#: Streams that connect to one venue at the same time.
AT_ONCE: Final = 2

Json = dict[str, Any]

_Broken = (websocket.WebSocketException, OSError, ValueError, SignalboxError)


@dataclass(frozen=True, slots=True)
class Hearing:
    """Who hears of a stream.

    ``begun`` is called when it speaks, to catch up, before anything of it is told; ``message``
    with each message; ``link`` with whether it is up and why not, at each change.  What ``begun``
    and ``message`` raise ends the connection, and a new one is made.
    """

    begun: Callable[[], None]
    message: Callable[[Json], None]
    link: Callable[[bool, str | None], None]


class Stream:
    """Reads one stream in a background task until it is closed, however often it breaks."""

    def __init__(
        self,
        place: Callable[[], Place],
        path: str,
        hearing: Hearing,
        timeouts: Timeouts,
        idle_s: float,
        gate: threading.Semaphore,
        chance: random.Random,
        monotonic: Callable[[], float],
    ) -> None:
        """``idle_s`` is the silence that means the stream is dead; ``gate`` lets few connect."""
        self._place = place
        self._path = path
        self._hearing = hearing
        self._timeouts = timeouts
        self._idle_s = idle_s
        self._gate = gate
        self._chance = chance
        self._monotonic = monotonic
        self._closing = threading.Event()
        self._socket: websocket.WebSocket | None = None
        self._reader: threading.Thread | None = None
        self._up: bool | None = None

    @property
    def up(self) -> bool:
        """Whether the stream speaks and has caught up."""
        return self._up is True

    def start(self) -> None:
        """Begin to read."""
        self._reader = threading.Thread(target=self._run, daemon=True)
        self._reader.start()

    def close(self) -> None:
        """End the connection and the reader; nothing is told any more."""
        self._closing.set()
        connection = self._socket
        if connection is not None:
            connection.abort()

    def _run(self) -> None:
        failures = 0
        while not self._closing.is_set():
            begun = self._monotonic()
            detail, asked_s = self._read()
            if self._closing.is_set():
                return
            self._tell(False, detail)
            failures = 0 if self._monotonic() - begun >= _LASTED_S else failures + 1
            self._closing.wait(max(asked_s, self._rest(failures)))

    def _rest(self, failures: int) -> float:
        longest = min(_FIRST_REST_S * float(2 ** min(failures, 10)), _LONGEST_REST_S)
        return longest * (0.5 + self._chance.random() / 2)

    def _read(self) -> tuple[str, float]:
        """Read one connection to its end; return why it ended, and how long not to try again.

        Trying while the venue wants to be left alone would only make the rests longer.
        """
        try:
            with self._gate:
                connection = self._connected()
            try:
                self._listen(connection)
            finally:
                self._socket = None
                connection.shutdown()
        except websocket.WebSocketTimeoutException:
            return f"The stream said nothing for {self._idle_s:g} s.", 0.0
        except _Broken as error:
            words = error.detail if isinstance(error, SignalboxError) else clean(str(error))
            asked_s = error.wait_s if isinstance(error, BrokerLimited) else 0.0
            return f"The stream ended: {words or type(error).__name__}", asked_s
        return "The stream was closed.", 0.0

    def _connected(self) -> websocket.WebSocket:
        place = self._place()
        connection = websocket.WebSocket()
        connection.settimeout(min(self._timeouts.connect_s, self._idle_s))
        connection.connect(
            place.address.replace("http", "ws", 1) + self._path,
            header=dict(place.headers),
            redirect_limit=0,
            http_no_proxy=["*"],
        )
        connection.settimeout(self._idle_s)
        self._socket = connection
        return connection

    def _listen(self, connection: websocket.WebSocket) -> None:
        greeted = False
        while not self._closing.is_set():
            text = connection.recv()
            if not text:
                return
            message = json.loads(text)
            if not isinstance(message, dict):
                raise ValueError("a message is no object")  # noqa: TRY004  as json
            if not greeted:
                self._hearing.begun()
                self._tell(True, None)
                greeted = True
            self._hearing.message(message)

    def _tell(self, up: bool, detail: str | None) -> None:  # noqa: FBT001
        if up != self._up:
            self._up = up
            self._hearing.link(up, detail)
