"""The disk of a real server runs full, gets short, or has damaged what is on it."""

from __future__ import annotations

import resource
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
import requests

from tests.cli.conftest import PASSWORD
from tests.faults.conftest import Site
from tests.support.serving import Person, Server, environment, eventually, free_port, run

pytestmark = pytest.mark.hardship

UNLIMITED = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)


@contextmanager
def full_disk(site: Site, server: Server) -> Iterator[None]:
    """Let no file of the server's processes grow beyond what the database's log has now."""
    master = server.process.pid
    children = Path(f"/proc/{master}/task/{master}/children").read_text(encoding="ascii").split()
    size = Path(f"{site.data_dir / 'signalbox.db'}-wal").stat().st_size
    for pid in map(int, children):
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
    try:
        yield
    finally:
        for pid in map(int, children):
            resource.prlimit(pid, resource.RLIMIT_FSIZE, UNLIMITED)


def storage(server: Server) -> str:
    return str(requests.get(f"{server.address}/health", timeout=10).json()["storage"])


def signed_in(server: Server) -> Person:
    ann = Person(server.address)
    ann.look("/login")
    ann.fill_in("/login", name="ann", password=PASSWORD)
    return ann


def test_f12_on_a_full_disk_alerts_get_503_pages_are_served_and_trading_stays_halted_after_it(
    site: Site,
) -> None:
    with site.running() as server:
        assert site.post(server, 0) == 202
        site.settled()
        ann = signed_in(server)
        with full_disk(site, server):
            assert site.post(server, 2) == 503
            eventually(lambda: storage(server) == "STORAGE_FAILED")
            ready = requests.get(f"{server.address}/health/ready", timeout=10)
            assert ready.status_code == 503
            assert any("STORAGE_FAILED" in each for each in ready.json()["reasons"])
            page = ann.look("/dashboard")
            assert page.status_code == 200
            assert "The database did not answer as it should" in page.text
            assert 'data-halted="true"' in page.text
            assert site.post(server, 2) == 503
        eventually(lambda: storage(server) == "ok", 30)
        switch = site.rows("SELECT state, code FROM switches WHERE scope = 'server'")
        assert switch == [("halted", "STORAGE_FAILED")]
        assert site.post(server, 2) == 202
        site.settled()
        refused = site.rows("SELECT code FROM alerts WHERE state = 'refused'")
        assert refused == [("TRADING_HALTED",)]
        assert site.api(server, "POST", "/api/resume").ok
        assert site.post(server, 4) == 202
        site.settled()
        assert site.rows("SELECT count(*) FROM orders") == [(2,)]
        assert server.stop() == 0


def test_f12_short_of_space_the_server_says_so_and_records_nothing_but_trades(
    site: Site,
) -> None:
    free = shutil.disk_usage(site.data_dir).free // 2**20
    with site.running(MIN_FREE_MB=str(free * 2)) as server:
        eventually(lambda: storage(server) == "DISK_LOW")
        samples = site.rows("SELECT count(*) FROM strategy_pnl_history")
        page = signed_in(server).look("/alerts")
        assert "P&amp;L is not recorded" in page.text
        assert site.post(server, 0) == 202
        site.settled()
        assert site.rows("SELECT state FROM alerts") == [("executed",)]
        assert site.rows("SELECT count(*) FROM strategy_pnl_history") == samples
        told = "SELECT count(*) FROM facts WHERE code = 'DISK_LOW'"
        eventually(lambda: site.rows(told) == [(1,)])
        assert server.stop() == 0


def test_f12_a_server_does_not_start_on_a_damaged_database_and_says_what_to_do(
    site: Site,
) -> None:
    file = site.data_dir / "signalbox.db"
    with closing(sqlite3.connect(file)) as connection:
        root = connection.execute(
            "SELECT rootpage FROM sqlite_master WHERE name = 'orders'"
        ).fetchone()[0]
    whole = bytearray(file.read_bytes())
    # One byte: the kind of the page.
    whole[4096 * (root - 1)] ^= 0xFF
    file.write_bytes(whole)
    done = run(["serve"], environment(site.data_dir, free_port()))
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert "is damaged" in done.stderr
    assert "python -m app restore FILE" in done.stderr
    assert file.read_bytes() == bytes(whole)
