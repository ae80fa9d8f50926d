"""Every point of the crash matrix, and kills at random under load: what `make crash` runs.

KILLS says how many kills there are in all; SEED repeats a run.
"""

from __future__ import annotations

import os
import random
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

import pytest

from app.storm.judge import judge
from app.storm.plan import Shape, messages
from app.storm.sending import Crew, Ledger, Post
from app.storm.stage import FAULTS
from tests.crash.conftest import copied
from tests.crash.trips import POINTS, crash
from tests.crash.ward import Ward

KILLS = int(os.environ.get("KILLS") or 60)
SEED = int(os.environ.get("SEED") or random.SystemRandom().randrange(10**6))
#: Alerts under way at each kill.
LOAD = 12
#: Directories side by side.
LANES = 3


@dataclass
class Sums:
    """What all tests of this file add up to."""

    kills: int = 0
    acknowledged: int = 0
    lost: int = 0
    doubled: int = 0

    def add(self, ward: Ward) -> None:
        """Add what happened to a ward, which was judged after every kill."""
        judgment = judge(ward.settled(), ward.acknowledged)
        self.kills += len(ward.deaths) - 1
        self.acknowledged += len(ward.acknowledged)
        self.lost += judgment.lost
        self.doubled += judgment.doubled

    def __str__(self) -> str:
        return ", ".join(f"{name} {count}" for name, count in asdict(self).items())


@pytest.fixture(scope="module")
def sums() -> Iterator[Sums]:
    found = Sums()
    yield found
    print(f"\nKilled at {len(POINTS)} points and at random (SEED={SEED}): {found}")  # noqa: T201


@pytest.fixture(scope="module")
def marching(
    crash_template: Path, tmp_path_factory: pytest.TempPathFactory, sums: Sums
) -> Iterator[Ward]:
    """A server that goes from point to point."""
    ward = copied(crash_template, tmp_path_factory.mktemp("points") / "data")
    ward.start()
    yield ward
    ward.stop()
    sums.add(ward)


@pytest.mark.parametrize("point", POINTS)
def test_every_point_leaves_one_order_for_one_alert(marching: Ward, point: str) -> None:
    crash(marching, point)


def test_f01_kills_at_random_under_load_lose_and_double_nothing(
    crash_template: Path, tmp_path: Path, sums: Sums
) -> None:
    in_lanes(crash_template, tmp_path, sums, (KILLS - len(POINTS)) * 2 // 3, {})


def test_f01_kills_at_random_with_a_broken_broker_lose_and_double_nothing(
    crash_template: Path, tmp_path: Path, sums: Sums
) -> None:
    in_lanes(crash_template, tmp_path, sums, (KILLS - len(POINTS)) // 3, FAULTS["mild"])


def in_lanes(
    template: Path, folder: Path, sums: Sums, kills: int, chances: Mapping[str, float]
) -> None:
    """Kill servers on some directories side by side: most of the time each waits for a grace."""
    print(f"KILLS={KILLS} SEED={SEED}")  # noqa: T201  shown when it fails, to repeat it
    wards = [copied(template, folder / str(lane) / "data") for lane in range(LANES)]
    with ThreadPoolExecutor(LANES) as pool:
        runs = []
        for lane, ward in enumerate(wards):
            if chances:
                ward.break_broker(chances, SEED + lane)
            share = max((kills + LANES - 1 - lane) // LANES, 1)
            runs.append(pool.submit(at_random, ward, share, SEED + lane))
        for run in runs:
            run.result()
    for ward in wards:
        sums.add(ward)


def at_random(ward: Ward, kills: int, seed: int) -> None:
    """Kill the server so often while alerts are under way; judge what is on paper each time."""
    chance, pause, ledger = random.Random(seed), threading.Event(), Ledger()
    shape = Shape(alerts=LOAD * kills, strategies=2, kills=0, restarts=0, seed=seed)
    sent = messages(shape, "random")
    post = Post("127.0.0.1", ward.server.port, [ward.desk.key, ward.other.key], ward.clock)
    crew = Crew(post, ledger, pause.wait)
    try:
        ward.start()
        while len(ward.deaths) < kills:
            done = len(ward.deaths) * LOAD
            crew.start(sent[done : done + LOAD], 4)
            pause.wait(chance.uniform(0.0, 0.5))
            ward.strike()
            if chance.random() < 0.25 and len(ward.deaths) < kills:
                # Once more, while it catches up with what it found.
                ward.start()
                ward.strike()
            ward.start()
            while crew.busy:
                pause.wait(0.02)
            told = ledger.acknowledged()
            ward.acknowledged |= {alert_id for ids in told.values() for alert_id in ids}
            assert {len(ids) for ids in told.values()} <= {1}, "One alert has two ids."
            ward.judged()
        ward.stop()
    finally:
        ward.server.kill()
