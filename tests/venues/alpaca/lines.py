"""The streams that are open, and what may go wrong on the way to whoever listens."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from app.brokers.chaos.faults import Fault
from app.venue.plan import LASTS_S, Scripted
from app.venue.streams import later

#: Messages that wait for a client that does not read; beyond it the stream is ended.
_BACKLOG: Final = 20_000


@dataclass(eq=False)
class Line:
    """One open stream: what is to be sent waits in ``queue``; None in it ends the stream.

    ``cut`` closes the connection under the stream without a word; ``place`` is its endpoint.
    """

    key: str
    place: str
    cut: Callable[[], None]
    queue: queue.Queue[Any] = field(default_factory=lambda: queue.Queue(_BACKLOG))
    muted: bool = False
    wanted: dict[str, set[str]] = field(default_factory=dict)

    def wants(self, channel: str, symbol: str) -> bool:
        """Whether the client has subscribed to a symbol of a channel."""
        names = self.wanted.get(channel, ())
        return symbol in names or "*" in names


class Lines:
    """Hands messages to whoever listens; who is not there misses them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: list[Line] = []
        self._storming: set[str] = set()
        self.opened = 0

    def join(self, line: Line) -> bool:
        """Let a stream begin; False when it is to be closed at once."""
        with self._lock:
            self.opened += 1
            if line.key in self._storming:
                return False
            self._open.append(line)
        return True

    def leave(self, line: Line) -> None:
        """Forget a stream that ended."""
        with self._lock:
            if line in self._open:
                self._open.remove(line)

    def of(self, key: str | None = None) -> list[Line]:
        """The open streams, of one account or of all."""
        with self._lock:
            return [line for line in self._open if key in {None, line.key}]

    def put(self, line: Line, message: object) -> None:
        """Queue a message; a client that does not read is cut off."""
        try:
            line.queue.put_nowait(message)
        except queue.Full:
            self.leave(line)
            line.cut()

    def cut(self, key: str | None = None) -> None:
        """Close streams without a word."""
        for line in self.of(key):
            self.leave(line)
            line.cut()

    def suffer(self, key: str, fault: Scripted) -> None:
        """Let the streams of an account meet a fault now."""
        seconds = LASTS_S if fault.seconds is None else fault.seconds
        if fault.fault is Fault.STREAM_HALF_OPEN:
            self._mute(key, None)
        elif fault.fault is Fault.STREAM_MUTE:
            self._mute(key, seconds)
        else:
            if fault.fault is Fault.STREAM_STORM:
                self._storming.add(key)
                later(seconds, lambda: self._storming.discard(key))
            self.cut(key)

    def _mute(self, key: str, seconds: float | None) -> None:
        muted = self.of(key)
        for line in muted:
            line.muted = True

        def speak() -> None:
            for line in muted:
                line.muted = False

        if seconds is not None:
            later(seconds, speak)
