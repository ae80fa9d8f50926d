"""Many Socket.IO clients in one process, that note how old each event is when it arrives.

They speak the protocol on plain websockets and look only for the event's time, so that what is
measured is the server and not the clients' parsing.  Prints ``ready`` once all are subscribed, and
the delays in milliseconds by event as JSON at the end.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Final

import websocket

from app.clock import SystemClock

_EVENT: Final = re.compile(rb'^42\["(\w+_update)"')
_TIME: Final = re.compile(rb'"ts": ?"([^"]+)"')
#: The time stands at the end of an event, behind its figures.
_TAIL: Final = 200
_PATIENCE_S: Final = 30
#: Engine.IO's and Socket.IO's packets, as text.
_PING, _PONG, _CONNECT, _CONNECTED, _EVENT_PACKET = b"2", "3", "40", b"40", "42"


class Listener:
    """One client; ``delays`` are in milliseconds, by event."""

    def __init__(self, port: int, token: str, channels: Sequence[str]) -> None:
        address = f"ws://127.0.0.1:{port}/socket.io/?EIO=4&transport=websocket"
        self._socket = websocket.create_connection(
            address, timeout=_PATIENCE_S, skip_utf8_validation=True
        )
        self._clock = SystemClock()
        self._socket.recv()
        self._socket.send(_CONNECT + json.dumps({"token": token}))
        self._until(b"40{")
        self._socket.send(_EVENT_PACKET + json.dumps(["subscribe", {"channels": list(channels)}]))
        self._until(b'42["subscribed"')
        self.delays: defaultdict[str, list[float]] = defaultdict(list)
        self.largest: defaultdict[str, int] = defaultdict(int)

    def listen(self, end: float) -> None:
        """Note every event until ``end`` on the monotonic clock."""
        while time.monotonic() < end:
            self._note(self._receive())

    def _until(self, start: bytes) -> None:
        while not (packet := self._receive()).startswith(start):
            if packet.startswith(b"44"):
                sys.exit(f"The server refused a client: {packet!r}")

    def _receive(self) -> bytes:
        packet = self._socket.recv_data()[1]
        assert isinstance(packet, bytes)
        if packet == _PING:
            self._socket.send(_PONG)
        return packet

    def _note(self, packet: bytes) -> None:
        arrived = self._clock.now()
        event, at = _EVENT.match(packet[:60]), _TIME.search(packet[-_TAIL:])
        if event is not None and at is not None:
            sent = datetime.fromisoformat(at[1].decode())
            name = event[1].decode()
            self.delays[name].append(1000 * (arrived - sent).total_seconds())
            self.largest[name] = max(self.largest[name], len(packet))


def main() -> None:
    """Connect, say so, listen, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--token", required=True)
    parser.add_argument("--clients", type=int, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--channels", required=True, help="With commas between.")
    given = parser.parse_args()
    channels = given.channels.split(",")
    listeners = [Listener(given.port, given.token, channels) for _ in range(given.clients)]
    print("ready", flush=True)
    end = time.monotonic() + given.seconds
    threads = [threading.Thread(target=each.listen, args=(end,)) for each in listeners]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(json.dumps(_together(listeners)))


def _together(listeners: Sequence[Listener]) -> dict[str, object]:
    delays: defaultdict[str, list[float]] = defaultdict(list)
    sizes: defaultdict[str, int] = defaultdict(int)
    for each in listeners:
        for name, some in each.delays.items():
            delays[name] += some
            sizes[name] = max(sizes[name], each.largest[name])
    return {"delays": delays, "bytes": sizes}


if __name__ == "__main__":
    main()
