"""A service that takes notices, on this machine: it writes them down, refuses, or hangs."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

#: What the address of the service holds that nobody may ever read.
SECRET = "s3cr3t-t0ken"


class Listener:
    """The service; ``status`` is its answer, and while ``open`` is not set there is none."""

    def __init__(self) -> None:
        self.taken: list[dict[str, Any]] = []
        self.calls = 0
        self.status = 200
        self.open = threading.Event()
        self.open.set()
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.server.daemon_threads = True

    @property
    def address(self) -> str:
        """The service's address as apprise wants it, with its secret."""
        return f"json://{self.place}/{SECRET}"

    @property
    def place(self) -> str:
        """The host and port."""
        return f"127.0.0.1:{self.server.server_address[1]}"

    @property
    def bodies(self) -> list[str]:
        """The texts that were taken, in order."""
        return [each["message"] for each in self.taken]

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        listener = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                listener.calls += 1
                listener.open.wait(20)
                if listener.status == 200:
                    listener.taken.append(json.loads(body) | {"path": self.path})
                self.send_response(listener.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                """Stay quiet."""

        return Handler


@contextmanager
def listening() -> Iterator[Listener]:
    """A service for as long as the block runs."""
    listener = Listener()
    thread = threading.Thread(target=listener.server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield listener
    finally:
        listener.open.set()
        listener.server.shutdown()
        thread.join()
        listener.server.server_close()
