"""Every point of the crash matrix, and kills at random under load: what `make crash` runs.

KILLS says how many random kills there are; SEED repeats a run.
"""

from __future__ import annotations

import os
import random
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

import pytest

from tests.crash.judge import faults
from tests.crash.points import POINTS
from tests.crash.ward import Ward, alert, crash, strike
from tests.support.serving import Server

KILLS = int(os.environ.get("KILLS", "6"))
SEED = int(os.environ.get("SEED") or random.SystemRandom().randrange(10**6))


@pytest.mark.parametrize("point", [name for name in POINTS if name != "C17"])
def test_every_point_leaves_one_order_for_one_alert(ward: Ward, point: str) -> None:
    evidence = crash(ward, point, (0, 2))
    assert (len(evidence.venue_orders), evidence.held) == (1, Decimal(2))


@dataclass
class Sender:
    """Sends one alert after the other, each until it is acknowledged by whatever server is up."""

    ward: Ward
    path: Sequence[int]
    server: Server | None = None
    pause: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        before = 0
        for number, after in enumerate(self.path):
            self._insist(alert(number, before, after))
            before = after

    def _insist(self, body: dict[str, str]) -> None:
        while self.server is None or self.ward.send(self.server, body) not in {200, 202}:
            self.pause.wait(0.05)
        self.pause.wait(0.03)


def path(chance: random.Random, moves: int) -> list[int]:
    """Positions one after the other, each another one than before."""
    positions = [0]
    for _ in range(moves):
        positions.append(chance.choice([p for p in range(-3, 4) if p != positions[-1]]))
    return positions[1:]


def test_f01_kills_at_random_under_load_lose_and_double_nothing(ward: Ward) -> None:
    print(f"KILLS={KILLS} SEED={SEED}")  # noqa: T201  shown when it fails, to repeat it
    chance = random.Random(SEED)
    sender = Sender(ward, path(chance, 10 * (KILLS + 1)))
    thread = threading.Thread(target=sender.run, daemon=True)
    thread.start()
    for _ in range(KILLS):
        with ward.running() as server:
            sender.server = server
            time.sleep(chance.uniform(0.05, 0.8))
            strike(server)
    with ward.running() as server:
        sender.server = server
        thread.join(60)
        assert not thread.is_alive()
        evidence = ward.settled()
        assert server.stop() == 0
    assert faults(evidence, ward.acknowledged) == []
    assert len(ward.acknowledged) == len(sender.path)
    assert {found.state.value for found in evidence.alerts} <= {"executed", "duplicate"}
    assert evidence.held == sender.path[-1]
