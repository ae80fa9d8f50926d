"""The database is locked, or its connections are cut, under a server that takes alerts."""

from __future__ import annotations

import sqlite3
import threading
import time
from contextlib import closing

import pytest
import requests
from sqlalchemy.engine import make_url

from tests.faults.conftest import PATIENCE_S, Site
from tests.support.databases import execute
from tests.support.serving import Server, eventually

pytestmark = pytest.mark.hardship

#: A write that held everything up would do it for the two seconds that it waits for the lock.
STALL_S = 1.5
CUT = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
)


def hub_latency_ms(server: Server) -> float:
    answer = requests.get(f"{server.address}/health", timeout=10)
    return float(answer.json()["hub_latency_ms"])


def test_f11_while_another_process_locks_the_database_alerts_are_answered_503_and_nothing_stalls(
    site: Site,
) -> None:
    with site.running() as server:
        assert site.post(server, 0) == 202
        site.settled()
        senders = threading.Thread(target=site.insist, args=(server, range(1, 31)))
        pages = []
        with closing(
            sqlite3.connect(site.data_dir / "signalbox.db", isolation_level=None)
        ) as other:
            other.execute("BEGIN EXCLUSIVE")
            begun = time.monotonic()
            senders.start()
            while time.monotonic() - begun < 3:
                page = requests.get(f"{server.address}/login", timeout=10)
                pages.append((page.status_code, page.elapsed.total_seconds()))
                time.sleep(0.05)
            kept_out = list(site.answers[1:])
            other.execute("ROLLBACK")
        senders.join(60)
        assert kept_out
        assert {status for status, _ in kept_out} == {503}
        assert max(took for _, took in kept_out) < PATIENCE_S
        assert {status for status, _ in pages} == {200}
        assert max(took for _, took in pages) < STALL_S
        assert hub_latency_ms(server) < STALL_S * 1000
        site.check_each_executed_once(31)
        ready = f"{server.address}/health/ready"
        eventually(lambda: requests.get(ready, timeout=5).ok, 40)
        assert server.stop() == 0


@pytest.mark.postgres
def test_f11_connections_that_are_cut_again_and_again_lose_and_double_nothing(
    postgres_site: Site,
) -> None:
    site = postgres_site
    with site.running() as server:
        assert site.post(server, 0) == 202
        site.settled()
        senders = threading.Thread(target=site.insist, args=(server, range(1, 81)))
        senders.start()
        for _ in range(4):
            time.sleep(0.15)
            execute(make_url(site.database_url), CUT)
        senders.join(60)
        assert {status for status, _ in site.answers} <= {200, 202, 503}
        site.check_each_executed_once(81)
        ready = f"{server.address}/health/ready"
        eventually(lambda: requests.get(ready, timeout=5).ok, 40)
        assert server.stop() == 0
