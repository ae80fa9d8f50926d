"""The network sockets of our clients, so that a stopping server need not wait for them.

gunicorn waits for every connection, also for one that is kept open for a later request and for a
websocket whose reader waits until the other side hangs up: a stop would take all its patience.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable
from typing import Any
from weakref import WeakSet

Wsgi = Callable[[dict[str, Any], Any], Iterable[bytes]]


class OpenSockets:
    """A WSGI middleware that remembers the socket of every client."""

    def __init__(self, serve: Wsgi) -> None:
        self._serve = serve
        self._open: WeakSet[socket.socket] = WeakSet()

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:  # noqa: ANN401
        """Serve the request."""
        client = environ.get("gunicorn.socket")
        if client is not None:
            self._open.add(client)
        return self._serve(environ, start_response)

    def close(self) -> None:
        """Read nothing more from anybody; answers under way still go out."""
        for each in list(self._open):
            try:
                each.shutdown(socket.SHUT_RD)
            except OSError:
                continue
