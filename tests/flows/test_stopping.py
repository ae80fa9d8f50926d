"""A server that is told to stop: quick, with everybody connected, and nothing lost."""

from __future__ import annotations

import json
import signal
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
import requests
import websocket

from tests.support.serving import eventually
from tests.support.site import Site, open_site

pytestmark = pytest.mark.hardship

SOCKETS, ALERTS = 5, 50
#: Docker kills what takes longer; it is about 1 when idle.
STOPPED_S = 10.0


@contextmanager
def listening(site: Site, address: str) -> Iterator[websocket.WebSocket]:
    """An open websocket that speaks Socket.IO and has subscribed to what happens."""
    host, port = address.removeprefix("http://").split(":")
    place = f"ws://{host}:{port}/socket.io/?EIO=4&transport=websocket"
    with socket.create_connection((host, int(port)), timeout=10) as raw:
        client = websocket.create_connection(place, socket=raw)
        client.send("40" + json.dumps({"token": site.token}))
        client.send("42" + json.dumps(["subscribe", {"channels": ["pnl", "log"]}]))
        while '"subscribed"' not in str(client.recv()):
            pass
        yield client


def closed(client: websocket.WebSocket) -> bool:
    """Whether the server has ended the connection, once everything is read that it sent."""
    try:
        while client.recv():
            pass
    except (websocket.WebSocketConnectionClosedException, ConnectionError):
        return True
    return True


def test_f20_a_stop_with_five_sockets_and_fifty_alerts_under_way_is_quick_and_loses_none(
    tmp_path: Path,
) -> None:
    answers: list[requests.Response] = []
    with open_site(tmp_path, f"sqlite:///{tmp_path / 'signalbox.db'}") as site:
        with site.server("one") as server, ExitStack() as sockets, ThreadPoolExecutor(10) as pool:
            clients = [
                sockets.enter_context(listening(site, server.address)) for _ in range(SOCKETS)
            ]
            enough = threading.Event()

            def send(number: int) -> None:
                try:
                    answers.append(site.post(server, number))
                except requests.RequestException:
                    return
                if len(answers) >= ALERTS // 5:
                    enough.set()

            sent = [pool.submit(send, number) for number in range(ALERTS)]
            assert enough.wait(30)
            told = time.monotonic()
            server.process.send_signal(signal.SIGTERM)
            assert server.process.wait(60) == 0
            taken = time.monotonic() - told
            for each in sent:
                each.result()
            assert all(map(closed, clients))
        assert taken < STOPPED_S
        assert {answer.status_code for answer in answers} <= {202, 503}
        kept = {answer.json()["alert_id"] for answer in answers if answer.status_code == 202}
        assert len(kept) >= ALERTS // 5
        with site.server("one"):
            eventually(lambda: site.settled(kept))
        site.assert_once(kept)
