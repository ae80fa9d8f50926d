"""The stand-in for Alpaca, as a process of its own beside the server that is measured."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import requests

from app.bootstrap import ROOT
from app.brokers.alpaca.keys import Keys
from bench.servers import free_port

_PATIENCE_S: Final = 30.0
#: Seconds in which a new connection is subscribed to what is needed.
_SUBSCRIBED_S: Final = 3.0
_TIMEOUT_S: Final = 10


@dataclass(frozen=True, slots=True)
class Exchange:
    """The stand-in: where clients and its control port find it, and the keys of its account."""

    address: str
    control: str
    keys: Keys

    def tell(self, verb: str, **data: object) -> Any:  # noqa: ANN401  JSON
        """Tell the control port something; returns its answer."""
        answer = requests.post(f"{self.control}/{verb}", json=data, timeout=_TIMEOUT_S)
        answer.raise_for_status()
        return answer.json()

    def wait_for_streams(self) -> None:
        """Wait until orders and prices stream, and prices are subscribed to."""
        end = time.monotonic() + _PATIENCE_S
        while True:
            opened = self.tell("faults")["streams"]
            if opened["trading"] and opened["data"]:
                break
            if time.monotonic() > end:
                raise TimeoutError(f"The server opened only these streams: {opened}.")
            time.sleep(0.1)
        time.sleep(_SUBSCRIBED_S)


@contextmanager
def exchange(folder: Path) -> Iterator[Exchange]:
    """Run the stand-in for Alpaca, with an open market and no limit of requests."""
    command = [sys.executable, "-m", "tests.venues.alpaca", "--data", str(folder)]
    ports = ["--port", str(free_port()), "--control-port", str(free_port())]
    process = subprocess.Popen([*command, *ports], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        said = json.loads(process.stdout.readline())
        keys = Keys(said["key"], said["secret"])
        made = Exchange(said["address"], said["control"], keys)
        made.tell("account", key=keys.key, rate_limit=0)
        made.tell("market", session="open")
        yield made
    finally:
        process.terminate()
        process.wait(_TIMEOUT_S)
