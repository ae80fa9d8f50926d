"""What every venue of ours over HTTP has: a thread for each connection, and an end in order."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Serving(ThreadingHTTPServer):
    """Serves in the background until it is stopped; a thread for each connection."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler]) -> None:
        super().__init__(address, handler)
        self.ending = threading.Event()

    def start(self) -> None:
        """Serve in the background until ``stop``."""
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    def cut(self) -> None:
        """End the streams; a venue that has some says how."""

    def stop(self) -> None:
        """Take no more connections and end the streams."""
        self.ending.set()
        self.shutdown()
        self.cut()
        self.server_close()

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401
        """Say nothing of clients that went away; anything else is printed with its trace."""
        if not self.ending.is_set():
            super().handle_error(request, client_address)


class Connection(BaseHTTPRequestHandler):
    """One connection, kept open between requests."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = 75

    def handle(self) -> None:
        """Answer until the client is gone; that it went is no failure of ours."""
        try:
            super().handle()
        except (ConnectionError, TimeoutError):
            self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Write no line for a request: the log file keeps them."""
