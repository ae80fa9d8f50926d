"""Where servers are killed and get up again: a directory, and a sender who wants an answer."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import requests

from app.commands.serve import server_command
from tests.crash.judge import Evidence, faults, gather
from tests.support.serving import Server, eventually, serving

#: How long a restarted server may need to settle what it found: the grace period and more.
SETTLE_S = 30.0


def alert(number: int, before: int, after: int) -> dict[str, str]:
    """A TradingView strategy alert that takes the position from ``before`` to ``after``."""
    return {
        "id": f"alert-{number}",
        "symbol": "ES1!",
        "action": "buy" if after > before else "sell",
        "contracts": str(abs(after - before)),
        "market_position": _side(after),
        "market_position_size": str(abs(after)),
        "prev_market_position": _side(before),
        "prev_market_position_size": str(abs(before)),
        "price": "5000",
    }


def _side(position: int) -> str:
    return "flat" if not position else "long" if position > 0 else "short"


@dataclass
class Ward:
    """A directory with a user and a strategy, and what the sender of its alerts was told."""

    data_dir: Path
    key: str
    acknowledged: set[str] = field(default_factory=set)

    @contextmanager
    def running(self, crash_at: str | None = None) -> Iterator[Server]:
        """The server on this directory, to be killed at a point if one is named."""
        if crash_at is None:
            with serving(self.data_dir) as server:
                yield server
            return
        command = [*server_command()[:-1], "tests.crash.entry:app"]
        with serving(self.data_dir, command, CRASH_AT=crash_at) as server:
            yield server

    def send(self, server: Server, body: Mapping[str, str]) -> int | None:
        """Post the alert; the status, None when the server died before it answered."""
        try:
            address = f"{server.address}/webhook/{self.key}"
            answer = requests.post(address, json=body, timeout=10)
        except requests.RequestException:
            return None
        if answer.ok:
            self.acknowledged.add(answer.json()["alert_id"])
        return answer.status_code

    def settled(self) -> Evidence:
        """What is on paper once every alert is settled."""

        def look() -> Evidence | None:
            found = gather(self.data_dir)
            return None if found.open_alerts else found

        return eventually(look, SETTLE_S)


def killed(server: Server) -> bool:
    """Whether the server was ended by SIGKILL, within a few seconds."""
    return server.process.wait(15) == -signal.SIGKILL


def strike(server: Server) -> None:
    """End gunicorn's master and its workers at once, wherever they are."""
    master = server.process.pid
    listed = Path(f"/proc/{master}/task/{master}/children").read_text(encoding="ascii")
    for pid in [master, *map(int, listed.split())]:
        os.kill(pid, signal.SIGKILL)
    assert killed(server)


def crash(ward: Ward, point: str, *moves: tuple[int, int]) -> Evidence:
    """Send the moves to a server that dies at ``point``, then to one that does not."""
    bodies = [alert(number, *move) for number, move in enumerate(moves)]
    with ward.running(crash_at=point) as server:
        for body in bodies[:-1]:
            assert ward.send(server, body) == 202
            ward.settled()
        ward.send(server, bodies[-1])
        assert killed(server)
    with ward.running() as server:
        assert ward.send(server, bodies[-1]) in {200, 202}
        evidence = ward.settled()
        assert server.stop() == 0
    assert faults(evidence, ward.acknowledged) == []
    return evidence
