"""The right to trade: one process at most has it, and a dead one has none."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from app.clock import VirtualClock
from app.domain.errors import ConfigError, StoreUnavailable
from app.services.ports import Holder
from app.store.lease import HANDOVER_S, SURE_S, make_lease
from tests.support.databases import execute
from tests.support.serving import eventually
from tests.support.tree import ROOT

START = datetime(2026, 3, 4, 15, 0, tzinfo=UTC)
ONE, OTHER = (Holder("alpha", number, START) for number in (11, 22))

#: Takes the lease of a database, says so, and waits to be killed.
TAKES = """
import sys, time
from datetime import UTC, datetime
from app.clock import SystemClock
from app.services.ports import Holder
from app.store.lease import make_lease
lease = make_lease(sys.argv[1], SystemClock())
print(lease.take(Holder("beta", 33, datetime(2026, 3, 4, tzinfo=UTC))), flush=True)
time.sleep(60)
"""


class Rivals:
    """Two servers that want to trade on one database."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.clock = VirtualClock(START)
        self.one, self.other = (make_lease(url, self.clock) for _ in range(2))

    def cut(self) -> None:
        """Take what the lock hangs on from under its holder."""
        if self.url.startswith("sqlite"):
            Path(f"{self.url.removeprefix('sqlite:///')}.lock").unlink()
            return
        sessions = "FROM pg_stat_activity WHERE application_name = 'signalbox lease'"
        execute(make_url(self.url), f"SELECT pg_terminate_backend(pid) {sessions}")


@pytest.fixture
def rivals(store_url: str) -> Iterator[Rivals]:
    made = Rivals(store_url)
    yield made
    made.one.release()
    made.other.release()


def test_c20_only_one_of_two_has_the_right(rivals: Rivals) -> None:
    assert not rivals.one.held()
    assert rivals.one.take(ONE)
    assert not rivals.other.take(OTHER)
    assert (rivals.one.held(), rivals.other.held()) == (True, False)
    assert rivals.other.holder() == ONE


def test_who_has_the_right_keeps_it_by_taking_it_again(rivals: Rivals) -> None:
    for _ in range(3):
        assert rivals.one.take(ONE)
        rivals.clock.advance(60)
        assert rivals.one.held()
    assert not rivals.other.take(OTHER)


def test_what_was_given_back_is_taken_at_once(rivals: Rivals) -> None:
    assert rivals.one.take(ONE)
    rivals.one.release()
    assert not rivals.one.held()
    assert rivals.other.holder() is None
    assert rivals.other.take(OTHER)
    assert rivals.one.holder() == OTHER
    assert not rivals.one.take(ONE)


def test_a_right_that_is_lost_is_seen_and_can_be_taken_again(rivals: Rivals) -> None:
    assert rivals.one.take(ONE)
    rivals.cut()
    rivals.clock.advance(SURE_S)
    assert not rivals.one.held()
    rivals.one.take(ONE)
    rivals.clock.advance(HANDOVER_S)
    assert rivals.one.take(ONE)
    assert rivals.one.held()


def test_a_loss_is_told_by_taking_too(rivals: Rivals) -> None:
    assert rivals.one.take(ONE)
    rivals.cut()
    try:
        assert not rivals.one.take(ONE)
    except StoreUnavailable:
        assert not rivals.url.startswith("sqlite")
    assert not rivals.one.held()


def test_c20_whoever_lost_the_right_has_stopped_before_another_one_begins(rivals: Rivals) -> None:
    """At each moment one of the two at most may trade, however late the loss is noticed."""
    assert rivals.one.take(ONE)
    rivals.cut()
    for _ in range(40):
        taken = rivals.other.take(OTHER)
        assert not (taken and rivals.one.held())
        rivals.clock.advance(0.1)
    assert rivals.other.held()


def test_f20_a_killed_holder_frees_the_right_and_nobody_waits_for_a_time_to_run_out(
    rivals: Rivals,
) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", TAKES, rivals.url], stdout=subprocess.PIPE, text=True, cwd=ROOT
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "True\n"
        assert not rivals.one.take(ONE)
        holder = rivals.one.holder()
        assert holder is not None
        assert (holder.host, holder.pid) == ("beta", 33)
        os.kill(process.pid, signal.SIGKILL)
        process.wait(5)

        def taken() -> bool:
            rivals.clock.advance(HANDOVER_S)
            return rivals.one.take(ONE)

        eventually(taken, 5)


def test_one_file_has_one_lock_however_it_is_reached(tmp_path: Path) -> None:
    (tmp_path / "real.db").touch()
    (tmp_path / "link.db").symlink_to(tmp_path / "real.db")
    clock = VirtualClock(START)
    one, other = (make_lease(f"sqlite:///{tmp_path / f'{n}.db'}", clock) for n in ("real", "link"))
    assert one.take(ONE)
    assert not other.take(OTHER)
    one.release()


def test_where_no_lock_can_be_kept_nobody_may_trade(tmp_path: Path) -> None:
    lease = make_lease(f"sqlite:///{tmp_path / 'missing' / 'signalbox.db'}", VirtualClock(START))
    with pytest.raises(ConfigError, match=r"signalbox\.db\.lock cannot be locked") as refused:
        lease.take(ONE)
    assert "second server" in refused.value.detail


def test_a_name_that_is_not_readable_is_nobodys(tmp_path: Path) -> None:
    (tmp_path / "signalbox.db.lock").write_text("[]")
    lease = make_lease(f"sqlite:///{tmp_path / 'signalbox.db'}", VirtualClock(START))
    assert lease.holder() is None


def test_the_lease_of_a_database_that_is_away_is_nobodys_to_take(postgres_store_url: str) -> None:
    away = make_url(postgres_store_url).set(port=1).render_as_string(hide_password=False)
    lease = make_lease(away, VirtualClock(START))
    with pytest.raises(StoreUnavailable):
        lease.take(ONE)
    assert lease.holder() is None
    lease.release()
