"""A directory with a user and a strategy, and the database that a test breaks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import requests
from sqlalchemy import text

from app.store.engine import make_engines
from tests.cli.conftest import PASSWORD, shell_on
from tests.support.serving import Server, eventually, serving

#: TradingView gives up after so long.
PATIENCE_S = 3.0


@dataclass
class Site:
    """Where a server runs, and what the senders of its alerts were told."""

    data_dir: Path
    database_url: str
    key: str = ""
    token: str = ""
    answers: list[tuple[int, float]] = field(default_factory=list)
    acknowledged: dict[str, str] = field(default_factory=dict)

    @contextmanager
    def running(self, **env: str) -> Iterator[Server]:
        """The server of this site."""
        with serving(self.data_dir, DATABASE_URL=self.database_url, **env) as server:
            yield server

    def post(self, server: Server, number: int) -> int:
        """Send one alert once; the status of the answer."""
        # One by one up and down, so that no limit of the position is met.
        action = "sell" if number % 2 else "buy"
        body = {"id": f"alert-{number}", "action": action, "quantity": "1", "price": "5000"}
        answer = requests.post(f"{server.address}/webhook/{self.key}", json=body, timeout=20)
        self.answers.append((answer.status_code, answer.elapsed.total_seconds()))
        if answer.ok:
            self.acknowledged[f"alert-{number}"] = answer.json()["alert_id"]
        return answer.status_code

    def insist(self, server: Server, numbers: Sequence[int]) -> None:
        """Send the alerts from eight senders who resend until they are acknowledged."""

        def deliver(number: int) -> None:
            eventually(lambda: self.post(server, number) < 300, 40)

        with ThreadPoolExecutor(8) as senders:
            list(senders.map(deliver, numbers))

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        """What the database says."""
        engines = make_engines(self.database_url)
        with engines.reading.connect() as connection:
            found = [tuple(row) for row in connection.execute(text(statement))]
        engines.dispose()
        return found

    def settled(self) -> None:
        """Wait until every alert has ended."""
        waiting = "SELECT count(*) FROM alerts WHERE state IN ('received', 'claimed')"
        eventually(lambda: self.rows(waiting) == [(0,)], 60)

    def check_each_executed_once(self, count: int) -> None:
        """Fail unless all ``count`` alerts were acknowledged, and each made one filled order."""
        self.settled()
        ended = dict(self.rows("SELECT id, state FROM alerts WHERE state <> 'duplicate'"))
        orders = dict(self.rows("SELECT alert_id, count(*) FROM orders GROUP BY alert_id"))
        acknowledged = set(self.acknowledged.values())
        assert len(acknowledged) == count
        assert ended == dict.fromkeys(acknowledged, "executed")
        assert orders == dict.fromkeys(acknowledged, 1)
        assert self.rows("SELECT count(*) FROM fills") == [(count,)]

    def api(self, server: Server, method: str, path: str) -> requests.Response:
        """Ask the API as the user's program."""
        headers = {"Authorization": f"Bearer {self.token}"}
        return requests.request(method, server.address + path, json={}, headers=headers, timeout=20)


def furnished(folder: Path, url: str) -> Site:
    """Make a user with a strategy and a token."""
    shell = shell_on(folder)
    shell.env["DATABASE_URL"] = url
    shell.ok("migrate")
    shell.ok("user", "create", "ann", SIGNALBOX_PASSWORD=PASSWORD)
    made = shell.json("strategy", "create", "First", "--symbol", "ES")
    token = shell.json("token", "create", "robot")
    return Site(folder, url, str(made["webhook_key"]), str(token["token"]))


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """A site on SQLite."""
    return furnished(tmp_path / "data", f"sqlite:///{tmp_path / 'data' / 'signalbox.db'}")


@pytest.fixture
def postgres_site(tmp_path: Path, postgres_store_url: str) -> Site:
    """A site on PostgreSQL."""
    return furnished(tmp_path / "data", postgres_store_url)
