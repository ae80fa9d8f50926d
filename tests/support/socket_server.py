"""A server of WebSockets that says what a test lets it say, whether or not it makes sense."""

from __future__ import annotations

import base64
import hashlib
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from websocket import ABNF

_MAGIC = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


@dataclass
class Peer:
    """One client, once the handshake is done."""

    socket: socket.socket

    def say(self, data: bytes, opcode: int = ABNF.OPCODE_TEXT, *, final: bool = True) -> None:
        """Send one frame."""
        frame = ABNF(1 if final else 0, 0, 0, 0, opcode, 0, data)
        self.socket.sendall(frame.format())

    def wait(self) -> bytes:
        """Wait for anything from the client; empty when it is gone."""
        with suppress(OSError):
            return self.socket.recv(65536)
        return b""


Script = Callable[[Peer], None]


@dataclass
class SocketServer:
    """Plays a script to each client, the last one to all that come later."""

    scripts: list[Script]
    address: str
    refusal: bytes | None = None
    connected: int = 0

    def serve(self, listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                client, _ = listener.accept()
                threading.Thread(target=self._meet, args=(client,), daemon=True).start()

    def _meet(self, client: socket.socket) -> None:
        with client, suppress(OSError):
            head = client.recv(65536)
            self.connected += 1
            refusal, self.refusal = self.refusal, None
            if refusal is not None:
                client.sendall(refusal)
                return
            key = head.lower().partition(b"sec-websocket-key: ")[0]
            sent = head[len(key) + 19 :].partition(b"\r\n")[0]
            accept = base64.b64encode(hashlib.sha1(sent + _MAGIC, usedforsecurity=False).digest())
            client.sendall(
                b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                b"Connection: Upgrade\r\nSec-WebSocket-Accept: " + accept + b"\r\n\r\n"
            )
            script = self.scripts.pop(0) if len(self.scripts) > 1 else self.scripts[0]
            script(Peer(client))


@contextmanager
def serving(*scripts: Script, refusal: bytes | None = None) -> Iterator[SocketServer]:
    """Serve; the first client is answered ``refusal`` instead, if there is one."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        server = SocketServer(list(scripts), address, refusal)
        threading.Thread(target=server.serve, args=(listener,), daemon=True).start()
        try:
            yield server
        finally:
            # Closing alone would not wake the thread that accepts.
            listener.shutdown(socket.SHUT_RDWR)
