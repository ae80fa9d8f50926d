"""The network sockets of open websockets, so that a stopping server can end them at once.

Engine.IO says goodbye, but its reader waits until the other side hangs up, and gunicorn waits for
the reader: without this a stop takes as long as gunicorn's patience.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable
from typing import Any
from weakref import WeakSet

Wsgi = Callable[[dict[str, Any], Any], Iterable[bytes]]


class OpenSockets:
    """A WSGI middleware that remembers the socket of every websocket."""

    def __init__(self, serve: Wsgi) -> None:
        self._serve = serve
        self._open: WeakSet[socket.socket] = WeakSet()

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:  # noqa: ANN401
        """Serve the request."""
        if "HTTP_UPGRADE" in environ and "gunicorn.socket" in environ:
            self._open.add(environ["gunicorn.socket"])
        return self._serve(environ, start_response)

    def close(self) -> None:
        """Hang up on every one that is still open."""
        for each in list(self._open):
            try:
                each.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue
