"""The load: one process, epoll, this machine only.

Closed loop: each client keeps its connection and sends its next request when it has the answer to
the previous one.  Open loop: requests go out at a steady pace whatever the server does, each on a
connection of its own, as TradingView sends; waiting counts from the instant it was due.
"""

from __future__ import annotations

import json
import selectors
import socket
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from typing import Final

from bench.figures import percentile

HOST: Final = "127.0.0.1"
PATIENCE_S: Final = 30.0
_CHUNK: Final = 65_536


class LoadFailed(Exception):
    """The server closed a connection, fell silent or answered in a way that cannot be read."""


@dataclass(slots=True)
class Answers:
    """What came back: how long each answer took in seconds, and how often each status."""

    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)

    @property
    def per_second(self) -> float:
        """Answers a second."""
        return len(self.latencies) / self.seconds

    def milliseconds(self, percent: float) -> float:
        """Return the percentile of the time that an answer took."""
        return 1000 * percentile(self.latencies, percent)

    def expect(self, status: int) -> Answers:
        """Return itself; raises LoadFailed when any answer had another status."""
        if set(self.statuses) != {status}:
            raise LoadFailed(f"Only {status} was expected, but there came {dict(self.statuses)}.")
        return self


def post(path: str, body: Mapping[str, object], *, close: bool = False) -> bytes:
    """Return a request that posts JSON; ``close`` asks the server to end the connection."""
    content = json.dumps(body).encode()
    lines = [
        f"POST {path} HTTP/1.1",
        f"Host: {HOST}",
        "Content-Type: application/json",
        f"Content-Length: {len(content)}",
        *(["Connection: close"] if close else []),
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + content


def get(path: str) -> bytes:
    """Return a request that asks for a page and ends the connection."""
    return f"GET {path} HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n".encode()


class Connection:
    """One connection with at most one request under way; ``began`` is when its time started."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection((HOST, port), timeout=PATIENCE_S)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.setblocking(False)
        self.began = 0.0
        self._received = b""

    def send(self, request: bytes, began: float) -> None:
        """Send a request whose time started at ``began``."""
        self.began = began
        self._received = b""
        self.socket.sendall(request)

    def read(self) -> int | None:
        """Read what is there; returns the status once the answer is whole, None before."""
        chunk = self.socket.recv(_CHUNK)
        self._received += chunk
        head, found, body = self._received.partition(b"\r\n\r\n")
        if found and len(body) >= _length(head):
            return int(head.split(b" ", 2)[1])
        if not chunk:
            raise LoadFailed(f"The server closed a connection after {self._received[:200]!r}.")
        return None

    def close(self) -> None:
        """End the connection."""
        self.socket.close()


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    raise LoadFailed(f"An answer does not say its length: {head[:200]!r}.")


def closed(port: int, requests: Iterator[bytes], clients: int, count: int) -> Answers:
    """Send ``count`` requests from ``clients`` connections, each waiting for its answers."""
    answers, left = Answers(), count
    with ExitStack() as stack:
        selector = stack.enter_context(selectors.DefaultSelector())
        connections = [
            stack.enter_context(closing(Connection(port))) for _ in range(min(clients, count))
        ]
        start = time.perf_counter()
        for connection in connections:
            selector.register(connection.socket, selectors.EVENT_READ, connection)
            connection.send(next(requests), time.perf_counter())
            left -= 1
        while len(answers.latencies) < count:
            for connection in _answered(selector, PATIENCE_S, answers):
                if left:
                    connection.send(next(requests), time.perf_counter())
                    left -= 1
        answers.seconds = time.perf_counter() - start
    return answers


def paced(port: int, requests: Sequence[bytes], per_second: float) -> Answers:
    """Send the requests evenly spaced, each on its own connection."""
    answers, sent = Answers(), 0
    with selectors.DefaultSelector() as selector:
        start = time.perf_counter()
        while len(answers.latencies) < len(requests):
            wait = PATIENCE_S
            while sent < len(requests):
                due = start + sent / per_second
                wait = max(0.0, due - time.perf_counter())
                if wait:
                    break
                _begin(selector, port, requests[sent], due)
                sent += 1
            for connection in _answered(selector, wait, answers):
                selector.unregister(connection.socket)
                connection.close()
        answers.seconds = time.perf_counter() - start
    return answers


def _begin(selector: selectors.BaseSelector, port: int, request: bytes, due: float) -> None:
    connection = Connection(port)
    selector.register(connection.socket, selectors.EVENT_READ, connection)
    connection.send(request, due)


def _answered(
    selector: selectors.BaseSelector, wait: float, answers: Answers
) -> Iterator[Connection]:
    """Wait up to ``wait`` seconds and yield the connections whose answers are whole."""
    ready = selector.select(wait)
    if not ready and wait >= PATIENCE_S:
        raise LoadFailed(f"Nothing came for {PATIENCE_S:g} seconds.")
    for key, _ in ready:
        connection: Connection = key.data
        status = connection.read()
        if status is not None:
            answers.latencies.append(time.perf_counter() - connection.began)
            answers.statuses[status] += 1
            yield connection
