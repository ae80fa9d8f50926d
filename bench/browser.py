"""A browser's socket: it subscribes to a channel, and notes when each event of a kind arrived."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from typing import Final

import websocket

from bench.load import HOST

_TIMEOUT_S: Final = 30


class Browser:
    """One socket; ``heard`` are the events of its kind as they came, each with its instant."""

    def __init__(
        self, port: int, token: str, channel: str, event: str, instant: Callable[[], float]
    ) -> None:
        """``instant`` says what time it is, in seconds, on the clock that is compared with."""
        address = f"ws://{HOST}:{port}/socket.io/?EIO=4&transport=websocket"
        self._socket = websocket.create_connection(address, timeout=_TIMEOUT_S)
        self._start = f'42["{event}"'
        self._instant = instant
        self._socket.recv()
        self._socket.send("40" + json.dumps({"token": token}))
        self._until("40{")
        self._socket.send("42" + json.dumps(["subscribe", {"channels": [channel]}]))
        self._until('42["subscribed"')
        self.heard: list[tuple[float, str]] = []
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Listen no more."""
        self._ended.set()
        self._thread.join(_TIMEOUT_S)
        self._socket.close()

    def _until(self, start: str) -> None:
        while not self._receive().startswith(start):
            continue

    def _receive(self) -> str:
        packet = self._socket.recv()
        if packet == "2":
            self._socket.send("3")
        return str(packet)

    def _listen(self) -> None:
        while not self._ended.is_set():
            packet = self._receive()
            at = self._instant()
            if packet.startswith(self._start):
                self.heard.append((at, packet))
