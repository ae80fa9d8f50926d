"""Every point of the crash matrix, and kills at random under load: what `make crash` runs.

KILLS says how many kills there are in all; SEED repeats a run; REPORT is a file for the result.
"""

from __future__ import annotations

import os
import random
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from app.clock import SystemClock
from app.storm.plan import Shape, messages
from app.storm.sending import Crew, Ledger, Post
from app.storm.stage import FAULTS
from tests.crash.conftest import copied, found
from tests.crash.outside import (
    beside,
    fill_while_down,
    hang_on_the_wire,
    outside,
    restore_old_backup,
    standby_takes_over,
)
from tests.crash.rolling import roll_over
from tests.crash.tally import AT_RANDOM, BROKEN_BROKER, Tally
from tests.crash.trips import crash
from tests.crash.ward import Ward
from tests.faults.test_migrations import kill_at
from tests.support.chaos import OuterVenue
from tests.support.serving import environment, free_port

KILLS = int(os.environ.get("KILLS") or 64)
SEED = int(os.environ.get("SEED") or random.SystemRandom().randrange(10**6))
REPORT = os.environ.get("REPORT")
#: How many of the kills are at points, how many while the broker fails as well, and the others.
AT_POINTS = 22
WITH_FAULTS = max((KILLS - AT_POINTS) // 3, 1)
WITHOUT = max(KILLS - AT_POINTS - WITH_FAULTS, 1)
#: Alerts under way at each of these, and directories side by side.
LOAD = 12
LANES = 3


@pytest.fixture(scope="module")
def tally(request: pytest.FixtureRequest) -> Iterator[Tally]:
    clock = SystemClock()
    run = Tally(clock.now())
    print(f"\nKILLS={KILLS} SEED={SEED}")  # noqa: T201  shown to repeat it
    yield run
    print(f"\nSEED={SEED}: {run.line()}")  # noqa: T201
    if REPORT:
        report = run.report(SEED, KILLS, clock.now(), request.session.testsfailed)
        Path(REPORT).write_text(report, encoding="utf-8")


@pytest.fixture(scope="module")
def marching(
    crash_template: Path, tmp_path_factory: pytest.TempPathFactory, tally: Tally
) -> Iterator[Ward]:
    """A server that goes from point to point."""
    ward = copied(crash_template, tmp_path_factory.mktemp("points") / "data")
    ward.start()
    yield ward
    ward.stop()
    tally.add(ward)


@pytest.fixture(scope="module")
def trading_outside(
    crash_template: Path, tmp_path_factory: pytest.TempPathFactory, tally: Tally
) -> Iterator[tuple[Ward, OuterVenue]]:
    """A server whose broker lives on when it dies."""
    ward = copied(crash_template, tmp_path_factory.mktemp("outside") / "data")
    with outside(ward) as venue:
        ward.start()
        yield ward, venue
        ward.stop()
    tally.add(ward)


def test_c01_an_alert_of_which_half_had_come_is_taken_when_it_is_sent_again(
    marching: Ward,
) -> None:
    crash(marching, "C01")


def test_c02_an_alert_that_was_not_committed_is_taken_when_it_is_sent_again(
    marching: Ward,
) -> None:
    crash(marching, "C02")


def test_c03_an_alert_whose_sender_got_no_answer_is_executed_once(marching: Ward) -> None:
    crash(marching, "C03")


def test_c04_an_alert_whose_answer_has_just_left_is_executed(marching: Ward) -> None:
    crash(marching, "C04")


def test_c05_an_alert_that_nobody_had_claimed_is_executed(marching: Ward) -> None:
    crash(marching, "C05")


def test_c06_an_alert_that_was_claimed_is_executed(marching: Ward) -> None:
    crash(marching, "C06")


def test_c07_an_order_that_was_written_and_not_sent_is_sent_once(marching: Ward) -> None:
    crash(marching, "C07")


@pytest.mark.parametrize("fault", ["hang_before", "hang_after"])
def test_c08_an_order_that_was_on_the_wire_is_at_the_venue_once(
    trading_outside: tuple[Ward, OuterVenue], fault: str
) -> None:
    hang_on_the_wire(*trading_outside, fault)


def test_c09_an_order_that_the_venue_took_unheard_is_adopted(marching: Ward) -> None:
    crash(marching, "C09")


def test_c10_an_answer_that_was_not_written_down_is_asked_for_again(marching: Ward) -> None:
    crash(marching, "C10")


def test_c11_a_fill_that_no_page_was_told_of_is_in_the_books(marching: Ward) -> None:
    crash(marching, "C11")


def test_c12_an_order_that_filled_while_the_server_was_dead_is_booked_with_the_venues_time(
    trading_outside: tuple[Ward, OuterVenue],
) -> None:
    fill_while_down(*trading_outside)


def test_c13_a_fill_is_never_without_its_position(marching: Ward) -> None:
    crash(marching, "C13")


def test_c14_an_order_that_was_filled_in_part_works_on(marching: Ward) -> None:
    crash(marching, "C14")


def test_c15_a_cancel_whose_answer_was_not_heard_is_found_out(marching: Ward) -> None:
    crash(marching, "C15")


def test_c17_a_reversal_goes_on_at_the_missing_leg(marching: Ward) -> None:
    crash(marching, "C17")


def test_c18_the_day_after_a_crash_at_its_roll_begins_with_what_was_earned_until_then(
    crash_template: Path, tmp_path: Path, tally: Tally
) -> None:
    ward = copied(crash_template, tmp_path / "data")
    try:
        roll_over(ward)
        tally.add(ward)
    finally:
        ward.server.kill()


def test_c19_after_a_migration_that_was_killed_twice_the_server_trades(
    tmp_path: Path, tally: Tally
) -> None:
    folder = tmp_path / "data"
    for point in ("CREATE TABLE orders", "commit"):
        kill_at(point, environment(folder, free_port()))
    found(folder)
    ward = Ward(folder)
    ward.killed += ["C19", "C19"]
    try:
        ward.start()
        assert ward.send(ward.move(1)) == 202
        tally.add(ward)
    finally:
        ward.server.kill()


def test_c20_who_stands_by_goes_on_when_the_trading_server_is_killed(
    crash_template: Path, tmp_path: Path, tally: Tally
) -> None:
    ward = copied(crash_template, tmp_path / "data")
    ward.start()
    with beside(ward, tmp_path / "second") as second:
        standby_takes_over(ward, second)
        tally.add(ward)


def test_c21_a_restored_old_backup_doubles_nothing_and_takes_over_what_the_venue_did(
    crash_template: Path, tmp_path: Path, tally: Tally
) -> None:
    ward = copied(crash_template, tmp_path / "data")
    with outside(ward) as venue:
        ward.start()
        restore_old_backup(ward, venue, tmp_path / "backup")
        tally.count(ward)


def test_f01_kills_at_random_under_load_lose_and_double_nothing(
    crash_template: Path, tmp_path: Path, tally: Tally
) -> None:
    in_lanes(crash_template, tmp_path, tally, WITHOUT, {})


def test_f01_kills_at_random_with_a_broken_broker_lose_and_double_nothing(
    crash_template: Path, tmp_path: Path, tally: Tally
) -> None:
    in_lanes(crash_template, tmp_path, tally, WITH_FAULTS, FAULTS["mild"])


def in_lanes(
    template: Path, folder: Path, tally: Tally, kills: int, chances: Mapping[str, float]
) -> None:
    """Kill servers on some directories side by side: most of the time each waits for a grace."""
    lanes = min(LANES, kills)
    wards = [copied(template, folder / str(lane) / "data") for lane in range(lanes)]
    with ThreadPoolExecutor(lanes) as pool:
        runs = []
        for lane, ward in enumerate(wards):
            if chances:
                ward.break_broker(chances, SEED + lane)
            share = (kills + lanes - 1 - lane) // lanes
            point = BROKEN_BROKER if chances else AT_RANDOM
            runs.append(pool.submit(at_random, ward, share, SEED + lane, point))
        for run in runs:
            run.result()
    for ward in wards:
        tally.add(ward)


def at_random(ward: Ward, kills: int, seed: int, point: str) -> None:
    """Kill the server so often while alerts are under way; judge what is on paper each time."""
    chance, pause, ledger = random.Random(seed), threading.Event(), Ledger()
    shape = Shape(alerts=LOAD * kills, strategies=2, kills=0, restarts=0, seed=seed)
    sent = messages(shape, "random")
    post = Post("127.0.0.1", ward.server.port, [ward.desk.key, ward.other.key], ward.clock)
    crew = Crew(post, ledger, pause.wait)
    try:
        ward.start()
        while len(ward.killed) < kills:
            done = len(ward.killed) * LOAD
            crew.start(sent[done : done + LOAD], 4)
            pause.wait(chance.uniform(0.0, 0.5))
            ward.strike(point)
            if chance.random() < 0.25 and len(ward.killed) < kills:
                # Once more, while it catches up with what it found.
                ward.start()
                ward.strike(point)
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
