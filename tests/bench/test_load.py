"""The load generator against a server of a few lines, which answers as told."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from bench.load import LoadFailed, closed, paced, post

DELAY_S = 0.05


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    connections: list[object]
    bodies: list[bytes]

    def setup(self) -> None:
        super().setup()
        self.connections.append(self.client_address)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.bodies.append(body)
        if self.path == "/slow":
            time.sleep(DELAY_S)
        if self.path == "/silent":
            self.close_connection = True
            return
        self.send_response(404 if self.path == "/unknown" else 202)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def handler() -> type[Handler]:
    return type("Own", (Handler,), {"connections": [], "bodies": []})


class Server(ThreadingHTTPServer):
    """Holds every connection that a test opens at once: a full queue costs a second of retrying."""

    request_queue_size = 64


@pytest.fixture
def port(handler: type[Handler]) -> Iterator[int]:
    with Server(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


def test_clients_keep_their_connections_and_send_what_was_asked(
    port: int, handler: type[Handler]
) -> None:
    requests = (post("/webhook", {"number": number}) for number in range(100))
    answers = closed(port, requests, clients=3, count=10).expect(202)
    assert (len(answers.latencies), answers.statuses) == (10, {202: 10})
    assert len(handler.connections) == 3
    assert sorted(handler.bodies) == [f'{{"number": {number}}}'.encode() for number in range(10)]


def test_there_are_never_more_clients_than_requests(port: int, handler: type[Handler]) -> None:
    closed(port, iter([post("/webhook", {})] * 2), clients=64, count=2)
    assert len(handler.connections) == 2


def test_the_time_of_an_answer_is_the_server_s(port: int) -> None:
    answers = closed(port, iter([post("/slow", {})] * 4), clients=1, count=4)
    assert min(answers.latencies) >= DELAY_S
    assert answers.seconds >= 4 * DELAY_S
    assert answers.milliseconds(50) >= 1000 * DELAY_S
    assert answers.per_second <= 1 / DELAY_S


def test_a_steady_pace_does_not_wait_for_answers(port: int, handler: type[Handler]) -> None:
    answers = paced(port, [post("/slow", {}, close=True)] * 10, per_second=100).expect(202)
    assert len(answers.latencies) == 10
    assert len(handler.connections) == 10
    assert 9 / 100 <= answers.seconds < 10 * DELAY_S


def test_an_answer_with_another_status_stops_the_bench(port: int) -> None:
    with pytest.raises(LoadFailed, match="404"):
        closed(port, iter([post("/unknown", {})]), clients=1, count=1).expect(202)


def test_a_connection_that_is_closed_without_an_answer_stops_the_bench(port: int) -> None:
    with pytest.raises(LoadFailed, match="closed a connection"):
        closed(port, iter([post("/silent", {})]), clients=1, count=1)
