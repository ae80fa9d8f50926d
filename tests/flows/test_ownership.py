"""One server trades: a second copy stands by, and takes over from one that dies."""

from __future__ import annotations

import signal
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count, takewhile
from pathlib import Path

import pytest
import requests
from sqlalchemy.engine import make_url

from app.store.lease import LEASE_NAME
from app.store.tables.history import STRATEGY_PNL_HISTORY
from tests.support.databases import execute
from tests.support.serving import START_S, eventually, stands_by, trades
from tests.support.site import Site, health, kill, open_site, processes

pytestmark = pytest.mark.hardship

#: Within this many seconds of a kill the other server must trade; it is about 1 to 3 when idle.
TAKEN_OVER_S = 60.0


@pytest.fixture(params=["sqlite", "postgres"])
def site(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Site]:
    url = f"sqlite:///{tmp_path / 'signalbox.db'}"
    if request.param == "postgres":
        url = request.getfixturevalue("postgres_store_url")
    with open_site(tmp_path, url) as made:
        yield made


@pytest.fixture
def sqlite_site(tmp_path: Path) -> Iterator[Site]:
    with open_site(tmp_path, f"sqlite:///{tmp_path / 'signalbox.db'}") as made:
        yield made


def test_c20_the_second_of_two_servers_stands_by_and_takes_over_when_the_first_is_killed(
    site: Site,
) -> None:
    with site.server("one") as one, site.server("two", stands_by) as two:
        eventually(lambda: trades(one))
        assert health(one)["role"] == "trading"

        # It stands by: it says so, shows its pages, and changes nothing.
        report = health(two)
        assert (report["status"], report["role"]) == ("standby", "standby")
        workers = report["workers"]
        assert isinstance(workers, dict)
        assert not {"executor", "settler", "paper", "recorder"} & set(workers)
        ready = requests.get(f"{two.address}/health/ready", timeout=5)
        assert (ready.status_code, ready.json()["status"]) == (503, "standby")
        refused = site.post(two, 900)
        assert (refused.status_code, refused.json()["error_code"]) == (503, "STANDBY")
        assert int(refused.headers["Retry-After"]) > 0
        refused = site.api(two, "POST", "/api/resume")
        worker = processes(one)[0]
        assert refused.status_code == 503
        assert f"process {worker}, trades on this database since" in refused.json()["detail"]
        assert site.api(two, "GET", "/api/positions").status_code == 200

        # What is under way when the first one dies, and what comes while nobody trades.
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda n: site.post(one, n), range(20)))
        wanted = {answer.json()["alert_id"] for answer in answers}
        assert {answer.status_code for answer in answers} == {202}
        kill(processes(one))
        wanted |= site.keep(*range(100, 120))
        eventually(lambda: trades(two), TAKEN_OVER_S)
        eventually(lambda: site.settled(wanted), TAKEN_OVER_S)
        site.assert_once(wanted)
        eventually(lambda: site.told("TOOK_OVER"))
        assert site.post(two, 901).status_code == 202


def test_f20_a_server_that_stops_in_order_is_replaced_by_the_one_that_stands_by(
    sqlite_site: Site,
) -> None:
    site = sqlite_site
    with site.server("one") as one, site.server("two", stands_by) as two:
        wanted = {site.post(one, number).json()["alert_id"] for number in range(6)}
        assert one.stop() == 0
        eventually(lambda: trades(two), TAKEN_OVER_S)
        wanted.add(site.post(two, 7).json()["alert_id"])
        eventually(lambda: site.settled(wanted), TAKEN_OVER_S)
        site.assert_once(wanted)


def test_c20_who_loses_its_hold_on_postgres_stops_and_gets_it_back_through_the_start(
    tmp_path: Path, postgres_store_url: str
) -> None:
    with open_site(tmp_path, postgres_store_url) as site, site.server("one") as one:
        wanted, numbers = set(), count()

        def refused() -> bool:
            answer = site.post(one, next(numbers))
            if answer.status_code == 202:
                wanted.add(answer.json()["alert_id"])
            return answer.status_code == 503

        assert not refused()
        sessions = f"FROM pg_stat_activity WHERE application_name = '{LEASE_NAME}'"
        execute(make_url(postgres_store_url), f"SELECT pg_terminate_backend(pid) {sessions}")
        eventually(refused)
        eventually(lambda: trades(one), TAKEN_OVER_S)
        assert not refused()
        eventually(lambda: site.settled(wanted), TAKEN_OVER_S)
        site.assert_once(wanted)
        eventually(lambda: site.told("STOPPED_TRADING") and site.told("TOOK_OVER"))


def test_f20_a_reload_never_has_two_workers_that_trade(sqlite_site: Site) -> None:
    """The new worker starts while the old one drains: alerts all the time, each executed once."""
    site = sqlite_site
    with site.server("one") as one:
        before = processes(one)[0]
        wanted, end = set(), time.monotonic() + START_S
        one.process.send_signal(signal.SIGHUP)
        for number in takewhile(lambda _: time.monotonic() < end, count()):
            try:
                answer = site.post(one, number)
            except requests.ConnectionError:
                continue
            if answer.status_code == 202:
                wanted.add(answer.json()["alert_id"])
            else:
                assert answer.status_code == 503
            if len(wanted) >= 20 and processes(one)[0] != before and trades(one):
                break
            time.sleep(0.02)
        assert processes(one)[0] != before
        eventually(lambda: trades(one), TAKEN_OVER_S)
        wanted.add(site.post(one, 10**6).json()["alert_id"])
        eventually(lambda: site.settled(wanted), TAKEN_OVER_S)
        site.assert_once(wanted)
        rows = Counter(site.rows(STRATEGY_PNL_HISTORY.c.series_id, STRATEGY_PNL_HISTORY.c.at))
        assert set(rows.values()) <= {1}
