"""The stand-in for Alpaca in tests: in the test's own process or as its own, and its switches."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests
import websocket

from tests.support.serving import eventually, free_port
from tests.support.tree import ROOT
from tests.venues.alpaca.house import KEY, SECRET
from tests.venues.alpaca.running import running

__all__ = ["KEY", "SECRET", "OuterStandIn", "StandIn", "inner_stand_in", "outer_stand_in"]


@dataclass
class StandIn:
    """A stand-in that runs somewhere: ``rest`` speaks as a client, ``tell`` to the control port."""

    address: str
    control: str
    folder: Path
    keys: tuple[str, str] = (KEY, SECRET)
    session: requests.Session = field(default_factory=requests.Session)

    def rest(self, method: str, path: str, body: object = None, **query: str) -> requests.Response:
        """Ask as a client does, below /v2."""
        headers = {"APCA-API-KEY-ID": self.keys[0], "APCA-API-SECRET-KEY": self.keys[1]}
        return self.session.request(
            method, f"{self.address}/v2{path}", json=body, params=query, headers=headers, timeout=10
        )

    def get(self, path: str, **query: str) -> Any:  # noqa: ANN401  JSON
        """The answer to a question that succeeds."""
        answer = self.rest("GET", path, **query)
        assert answer.ok, answer.text
        return answer.json()

    def order(self, symbol: str = "AAPL", qty: str | None = "1", **more: object) -> Any:  # noqa: ANN401
        """Send an order that is taken: a day order at the market unless said otherwise."""
        answer = self.send(symbol, qty, **more)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def send(
        self, symbol: str = "AAPL", qty: str | None = "1", **more: object
    ) -> requests.Response:
        """Send an order, whatever becomes of it."""
        plain: dict[str, object] = {"side": "buy", "type": "market", "time_in_force": "day"}
        return self.rest("POST", "/orders", {"symbol": symbol, "qty": qty, **plain, **more})

    def becomes(self, order_id: str, status: str) -> Any:  # noqa: ANN401  JSON
        """The order once it has that status."""

        def look() -> Any:  # noqa: ANN401  JSON
            found = self.get(f"/orders/{order_id}", nested="true")
            return found if found["status"] == status else None

        return eventually(look, 5)

    def tell(self, verb: str, **data: object) -> Any:  # noqa: ANN401  JSON
        """Tell the control port something."""
        return self._control(verb, data)

    def price(self, symbol: str, bid: str, ask: str | None = None, **more: object) -> None:
        """Put a price."""
        self._control("quotes", [{"symbol": symbol, "bid": bid, "ask": ask or bid, **more}])

    def next(self, *faults: str | dict[str, object], **more: object) -> None:
        """Let these faults happen next, in order: names, or objects with verb, times, seconds."""
        scripted = [{"fault": each, **more} if isinstance(each, str) else each for each in faults]
        self.tell("faults", next=scripted)

    def stream(self, place: str = "/stream", **headers: str) -> websocket.WebSocket:
        """Open a stream, without a word."""
        address = self.address.replace("http", "ws") + place
        made = websocket.create_connection(address, timeout=5, header=headers)
        assert isinstance(made, websocket.WebSocket)
        return made

    def updates(self) -> websocket.WebSocket:
        """Open the trading stream and listen to trade updates."""
        stream = self.stream()
        key, secret = self.keys
        auth = {"action": "authenticate", "data": {"key_id": key, "secret_key": secret}}
        stream.send(json.dumps(auth))
        assert json.loads(stream.recv())["data"]["status"] == "authorized"
        stream.send(json.dumps({"action": "listen", "data": {"streams": ["trade_updates"]}}))
        assert json.loads(stream.recv())["stream"] == "listening"
        return stream

    def data_stream(self, place: str = "/v2/iex") -> websocket.WebSocket:
        """Open a market data stream in JSON and say who we are."""
        stream = self.stream(place)
        assert json.loads(stream.recv()) == [{"T": "success", "msg": "connected"}]
        stream.send(json.dumps({"action": "auth", "key": self.keys[0], "secret": self.keys[1]}))
        return stream

    def _control(self, verb: str, data: object) -> Any:  # noqa: ANN401  JSON
        answer = self.session.post(f"{self.control}/{verb}", json=data, timeout=10)
        assert answer.ok, answer.text
        return answer.json()


@contextmanager
def inner_stand_in(folder: Path) -> Iterator[StandIn]:
    """Serve the stand-in in threads of the test."""
    with running(folder) as made, requests.Session() as session:
        yield StandIn(made.address, made.control_address, folder, session=session)


@dataclass
class OuterStandIn(StandIn):
    """The stand-in as a process of its own, which can be killed and started again."""

    process: subprocess.Popen[str] | None = None

    def start(self, *options: str) -> None:
        """Start the process on its log, and wait until it says where it is."""
        ports = [each.rpartition(":")[2] for each in (self.address, self.control)]
        command = [sys.executable, "-m", "tests.venues.alpaca", "--data", str(self.folder)]
        self.process = subprocess.Popen(
            [*command, "--port", ports[0], "--control-port", ports[1], *options],
            cwd=ROOT,
            env=dict(os.environ),
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        said = self.process.stdout.readline()
        assert json.loads(said)["address"] == self.address

    def end(self, number: int = signal.SIGTERM) -> None:
        """Send a signal and wait until the process is gone."""
        if self.process is not None:
            self.process.send_signal(number)
            self.process.communicate(timeout=10)
            self.process = None


@contextmanager
def outer_stand_in(folder: Path, *options: str) -> Iterator[OuterStandIn]:
    """Run ``python -m tests.venues.alpaca`` on the folder."""
    ports = [free_port(), free_port()]
    address, control = (f"http://127.0.0.1:{port}" for port in ports)
    with requests.Session() as session:
        made = OuterStandIn(address, control, folder, session=session)
        made.start(*options)
        try:
            yield made
        finally:
            made.end(signal.SIGKILL)
