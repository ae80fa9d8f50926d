"""The fault broker for tests: in the test's own process or as its own, and the switches of it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import requests

from app.brokers.chaos.process import bearer
from app.brokers.net.calls import Place
from app.services.ports import Clock
from app.sim.records import PaperFill, PaperOrder
from app.venue.house import House
from app.venue.log import VenueLog
from app.venue.server import VenueServer
from tests.support.serving import eventually, free_port
from tests.support.tree import ROOT

TOKEN = "venue-token-of-the-tests"
QUOTE_AGE, ALERT_AGE = timedelta(seconds=15), timedelta(minutes=15)


@dataclass
class Switchboard:
    """What a test tells the venue and reads from it, whatever process it is in.

    ``log`` is read straight from the venue's own file.
    """

    address: str
    folder: Path

    def place(self) -> Place:
        """Where it is, as the adapter wants it."""
        return Place(self.address, bearer(TOKEN))

    def ask(self, method: str, path: str, body: object = None) -> Any:  # noqa: ANN401  JSON
        """Speak to the venue directly."""
        answer = requests.request(
            method, self.address + path, json=body, headers=dict(bearer(TOKEN)), timeout=10
        )
        assert answer.ok, answer.text
        return answer.json()

    def next(self, *faults: str | dict[str, object], **more: object) -> None:
        """Let these faults happen next, in order: names, or objects with verb, times, seconds."""
        scripted = [{"fault": each, **more} if isinstance(each, str) else each for each in faults]
        self.ask("POST", "/faults", {"next": scripted})

    def now(self, account_id: str, fault: str, **more: object) -> None:
        """Let the streams of the account meet a fault now."""
        entry = {"fault": fault, "account_id": account_id, **more}
        self.ask("POST", "/faults", {"now": [entry]})

    def chances(self, account_id: str, seed: int = 1, **chances: float) -> None:
        """Let faults of the account happen by chance."""
        body = {"account_id": account_id, "chances": chances, "seed": seed}
        self.ask("POST", "/faults", body)

    def drawn(self) -> dict[str, int]:
        """How often each fault happened."""
        return dict(self.ask("GET", "/faults")["drawn"])

    def streams(self) -> int:
        """How many streams were opened so far."""
        return int(self.ask("GET", "/faults")["streams"])

    def orders(self, account_id: str) -> list[PaperOrder]:
        """Every order that the venue's own log has."""
        with self._log() as log:
            return log.orders(account_id)

    def fills(self, account_id: str) -> list[PaperFill]:
        """Every fill that the venue's own log has."""
        with self._log() as log:
            return list(log.load(account_id).fills)

    def requests(self) -> list[dict[str, object]]:
        """Every submit, replace and cancel that came in."""
        with self._log() as log:
            return log.requests()

    @contextmanager
    def _log(self) -> Iterator[VenueLog]:
        log = VenueLog(self.folder)
        try:
            yield log
        finally:
            log.close()


@dataclass
class InnerVenue(Switchboard):
    """The venue in threads of the test, on the test's own clock."""

    server: VenueServer


@contextmanager
def inner_venue(folder: Path, clock: Clock, port: int = 0) -> Iterator[InnerVenue]:
    """Serve the venue over real sockets in the time of ``clock``."""
    log = VenueLog(folder)
    house = House(log, clock, QUOTE_AGE, ALERT_AGE)
    server = VenueServer(("127.0.0.1", port), house, TOKEN, heartbeat_s=0.1)
    server.house.reopen()
    server.start()
    stepper = threading.Thread(target=_step, args=(server,), daemon=True)
    stepper.start()
    try:
        yield InnerVenue(f"http://127.0.0.1:{server.server_port}", folder, server)
    finally:
        server.stop()
        stepper.join(5)
        log.close()


def _step(server: VenueServer) -> None:
    while not server.ending.wait(0.02):
        server.house.step()


@dataclass
class OuterVenue(Switchboard):
    """The venue as a process of its own, in real time, which can be killed and started again."""

    port: int
    process: subprocess.Popen[bytes] | None = None

    @property
    def env(self) -> dict[str, str]:
        """What a server needs in its environment to use this venue instead of one of its own."""
        return {"VENUE_URL": self.address, "VENUE_TOKEN": TOKEN}

    def start(self, *options: str) -> None:
        """Start the process on its log, and wait until it answers."""
        self.folder.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "app", "venue", "--port", str(self.port)]
        self.process = subprocess.Popen(
            [*command, "--data", str(self.folder), *options],
            cwd=ROOT,
            env={**os.environ, "VENUE_TOKEN": TOKEN},
            stdout=subprocess.DEVNULL,
        )
        eventually(self.answers)

    def answers(self) -> bool:
        """Whether it answers."""
        assert self.process is None or self.process.poll() is None, "The venue has ended."
        try:
            return requests.get(f"{self.address}/ping", timeout=2).ok
        except requests.RequestException:
            return False

    def end(self, number: int = signal.SIGTERM) -> None:
        """Send a signal and wait until the process is gone."""
        if self.process is not None:
            self.process.send_signal(number)
            self.process.wait(10)
            self.process = None


@contextmanager
def outer_venue(folder: Path, options: Sequence[str] = ()) -> Iterator[OuterVenue]:
    """Run ``python -m app venue`` on the folder."""
    port = free_port()
    venue = OuterVenue(f"http://127.0.0.1:{port}", folder, port)
    venue.start(*options)
    try:
        yield venue
    finally:
        venue.end(signal.SIGKILL)
