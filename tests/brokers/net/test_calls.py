"""Calls to venues that are silent, slow or nowhere: each has a limit of time and a verdict."""

from __future__ import annotations

import random
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from app.brokers.net.calls import Calls, Place, Timeouts
from app.brokers.net.limits import Limits
from app.clock import SystemClock
from app.domain.errors import BrokerLimited, BrokerUnavailable, BrokerUnknown

Talk = Callable[[socket.socket], None]


@contextmanager
def listening(talk: Talk | None) -> Iterator[str]:
    """A server that answers as ``talk`` does; without it a black hole that accepts nothing."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(8 if talk else 0)
        ending = threading.Event()

        def serve() -> None:
            server.settimeout(0.05)
            while not ending.is_set():
                try:
                    connection, _ = server.accept()
                except TimeoutError:
                    continue
                with connection:
                    connection.settimeout(2)
                    connection.recv(65536)
                    try:
                        talk(connection)  # type: ignore[misc]
                    except OSError:
                        continue

        thread = threading.Thread(target=serve, daemon=True)
        if talk:
            thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        ending.set()
        if talk:
            thread.join(3)


def limited(per_minute: int | None, left: int = 0) -> Limits:
    """Limits of which so many requests are left."""
    made = Limits(time.monotonic, random.Random(1), per_minute)
    made.went_well(str(left))
    return made


@contextmanager
def calling(address: str, answer_s: float = 0.3, limits: Limits | None = None) -> Iterator[Calls]:
    clock = SystemClock()
    limits = limits or limited(None)
    calls = Calls(lambda: Place(address, {}), Timeouts(0.3, answer_s), limits, clock)
    yield calls
    calls.close()


def drip(connection: socket.socket) -> None:
    """Answer byte by byte, without an end."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    for _ in range(100):
        connection.sendall(b" ")
        time.sleep(0.05)


def silence(connection: socket.socket) -> None:
    time.sleep(1)


@pytest.mark.parametrize("talk", [silence, drip])
def test_d2_a_venue_that_never_ends_its_answer_is_left_in_time(talk: Talk) -> None:
    with listening(talk) as address, calling(address) as calls:
        begun = time.monotonic()
        with pytest.raises(BrokerUnknown):
            calls.change("POST", "/orders", {"a": 1})
        assert time.monotonic() - begun < 1.0
        with pytest.raises(BrokerUnavailable):
            calls.read("/orders")
        assert time.monotonic() - begun < 3.0


def test_d2_a_black_hole_that_accepts_no_connection_certainly_took_nothing() -> None:
    with listening(None) as address:
        host, port = "127.0.0.1", int(address.rpartition(":")[2])
        # The queue of connections is filled, so that the next one waits for its handshake.
        full = []
        for _ in range(4):
            one = socket.socket()
            one.setblocking(False)
            one.connect_ex((host, port))
            full.append(one)
        with calling(address) as calls:
            begun = time.monotonic()
            with pytest.raises(BrokerUnavailable):
                calls.change("POST", "/orders", {"a": 1})
            assert time.monotonic() - begun < 1.5
        for one in full:
            one.close()


def test_d2_a_slow_call_holds_up_no_other() -> None:
    with listening(silence) as slow, listening(answer) as quick, calling(slow, 0.8) as hung:
        waiting = threading.Thread(target=lambda: _swallow(hung), daemon=True)
        waiting.start()
        with calling(quick) as other:
            begun = time.monotonic()
            assert other.change("POST", "/orders") == {}
            assert time.monotonic() - begun < 0.3
        waiting.join(3)


def answer(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")


def _swallow(calls: Calls) -> None:
    try:
        calls.change("POST", "/orders")
    except BrokerUnknown:
        return


def test_a_redirect_is_followed_nowhere() -> None:
    def talk(connection: socket.socket) -> None:
        connection.sendall(
            b"HTTP/1.1 307 Go\r\nLocation: http://192.0.2.1/\r\nContent-Length: 0\r\n\r\n"
        )

    with listening(talk) as address, calling(address) as calls, pytest.raises(BrokerUnknown):
        calls.change("POST", "/orders", {"a": 1})


@pytest.mark.parametrize("status", [408, 409, 425, 500, 502, 503, 504, 301])
def test_f04_a_status_that_leaves_it_open_is_unknown(status: int) -> None:
    def talk(connection: socket.socket) -> None:
        connection.sendall(f"HTTP/1.1 {status} X\r\nContent-Length: 0\r\n\r\n".encode())

    with listening(talk) as address, calling(address) as calls, pytest.raises(BrokerUnknown):
        calls.change("POST", "/orders", {"a": 1})


def test_f03_reads_that_many_ask_for_take_turns_until_each_has_all_that_it_needs() -> None:
    # 100 a second, of which reads leave 1,500 to orders: there is room for none, and soon for one.
    limits = limited(6000, 1480)
    answers: list[object] = []

    def ask_thrice(calls: Calls) -> None:
        answers.extend(calls.read(f"/orders/{number}") for number in range(3))

    with listening(answer) as address, calling(address, limits=limits) as calls:
        tasks = [threading.Thread(target=ask_thrice, args=(calls,)) for _ in range(4)]
        for task in tasks:
            task.start()
        for task in tasks:
            task.join(5)
    assert answers == [{}] * 12


def test_f03_a_read_that_would_wait_long_is_refused_at_once_with_the_time_to_wait() -> None:
    begun = time.monotonic()
    with (
        listening(answer) as address,
        calling(address, limits=limited(60, 0)) as calls,
        pytest.raises(BrokerLimited) as refused,
    ):
        calls.read("/orders")
    assert time.monotonic() - begun < 0.3
    assert 15 < refused.value.wait_s <= 16
