"""A trader on a real server: strategies, prices and alerts that lead to exact figures."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import requests

from app.bootstrap import core
from app.clock import SystemClock
from app.store import migrate
from tests.support.quick import PASSWORD, quick_users
from tests.support.serving import START_S, Person, Server, eventually, serving
from tests.support.tree import ROOT
from tests.support.world import settings_for

COOKIE = "signalbox_session"
USERS = tuple(f"trader{number}" for number in range(1, 61))


def steady(now: datetime) -> dict[str, str]:
    """Settings under which figures only move when a test moves them.

    Prices do not age, and no trading day ends while the tests run.
    """
    roll = (now - timedelta(hours=6)).astimezone(UTC)
    return {
        "QUOTE_MAX_AGE_S": "3600",
        "ALERT_PRICE_MAX_AGE_S": "3600",
        "TRADING_DAY_ROLL": f"{roll:%H:%M} UTC",
        "LOGIN_RATE_LIMIT": "1000/minute",
    }


def populate(data_dir: Path, names: Sequence[str], **settings: str) -> dict[str, str]:
    """Make the database with these users; returns the secret of an API token of each."""
    chosen = settings_for(data_dir).model_copy(
        update={"trading_day_roll": settings["TRADING_DAY_ROLL"]}
    )
    data_dir.mkdir(parents=True, exist_ok=True)
    migrate.upgrade(chosen.store_url)
    made = core(chosen)
    people = quick_users(made)
    users = [people.create(name, PASSWORD) for name in names]
    secrets = {user.name: made.users.create_token(user.id, "test")[1] for user in users}
    made.close()
    return secrets


@dataclass(frozen=True)
class Hook:
    """A strategy and the address that its alerts go to."""

    id: str
    name: str
    symbol: str
    url: str


@dataclass
class Trader:
    """A user of the server, acting through its API."""

    address: str
    name: str
    token: str
    numbers: count[int] = field(default_factory=lambda: count(1))

    def cookie(self) -> str:
        """Sign in as a browser does; returns the session's cookie."""
        person = Person(self.address)
        person.look("/login")
        assert person.fill_in("/login", name=self.name, password=PASSWORD).ok
        return str(person.session.cookies[COOKIE])

    def get(self, path: str, **query: object) -> Any:  # noqa: ANN401  JSON
        """What the API answers."""
        return self._asked("GET", path, params=query)

    def post(self, path: str, **body: object) -> Any:  # noqa: ANN401  JSON
        """What the API answers to a body."""
        return self._asked("POST", path, json=body)

    def put(self, path: str, **body: object) -> Any:  # noqa: ANN401  JSON
        """What the API answers to a body that takes the place of what is there."""
        return self._asked("PUT", path, json=body)

    def strategy(
        self, name: str, symbol: str = "ES", accounts: int = 1, **settings: object
    ) -> Hook:
        """Make a strategy on the first accounts."""
        links = [{"account_id": each["id"]} for each in self.get("/api/accounts")["items"]]
        body = {"name": name, "symbol": symbol, "settings": settings, "accounts": links[:accounts]}
        made = self.post("/api/strategies", **body)
        return Hook(made["id"], name, symbol, made["webhook_url"])

    def quote(self, symbol: str, bid: str, ask: str | None = None) -> None:
        """Put a price into the paper market."""
        self.post("/api/paper-trading/quotes", symbol=symbol, bid=bid, ask=ask or bid)

    def alert(self, hook: Hook, **fields: object) -> requests.Response:
        """Send an alert as TradingView would; each has its own id unless one is given."""
        body = {"id": f"{self.name}-{next(self.numbers)}", "symbol": hook.symbol, **fields}
        return requests.post(hook.url, json=body, timeout=30)

    def raw(self, hook: Hook, body: str) -> requests.Response:
        """Send a message as it is."""
        return requests.post(hook.url, data=body.encode(), timeout=30)

    def fill(self, hook: Hook, action: str, quantity: str, price: str) -> str:
        """Send an alert that fills at ``price``, wait until it is done, and return its id."""
        self.quote(hook.symbol, price)
        answer = self.alert(hook, action=action, quantity=quantity)
        assert answer.status_code == 202, answer.text
        alert_id = str(answer.json()["alert_id"])
        eventually(lambda: self.state(alert_id) == "executed")
        return alert_id

    def state(self, alert_id: str) -> str:
        """How far an alert has come."""
        return str(self.get(f"/api/alerts/{alert_id}")["state"])

    def _asked(self, method: str, path: str, **more: Any) -> Any:  # noqa: ANN401  JSON
        answer = requests.request(
            method,
            self.address + path,
            headers={"Authorization": f"Bearer {self.token}"},
            timeout=30,
            **more,
        )
        assert answer.ok, answer.text
        return answer.json() if answer.content else None


def filled_in(message: str, **values: str) -> dict[str, str]:
    """The message of a strategy's page with its placeholders resolved as TradingView does."""
    for name, value in values.items():
        message = message.replace("{{" + name.replace("__", ".") + "}}", value)
    assert "{{" not in message, message
    found: dict[str, str] = json.loads(message)
    return found


@dataclass
class House:
    """A server with users who have done nothing yet, each with an API token."""

    server: Server
    tokens: dict[str, str]

    def trader(self) -> Trader:
        """Somebody whom no other test knows."""
        name = next(iter(self.tokens))
        return Trader(self.server.address, name, self.tokens.pop(name))


@contextmanager
def open_house(data_dir: Path) -> Iterator[House]:
    """Serve users on whom time does not wear."""
    settings = steady(SystemClock().now())
    tokens = populate(data_dir, USERS, **settings)
    with serving(data_dir, **settings) as server:
        yield House(server, tokens)


@dataclass
class Machine:
    """A server that can lose its power, and that comes back on the same address and data."""

    data_dir: Path
    env: Mapping[str, str]
    address: str
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it answers."""
        with (self.data_dir / "server.log").open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "app", "serve"],
                cwd=ROOT,
                env=dict(self.env),
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        eventually(self._answers, START_S)

    def lose_power(self) -> None:
        """End it and all its processes at once."""
        if self.process:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(10)
        self.process = None

    def _answers(self) -> bool:
        try:
            return requests.get(f"{self.address}/health", timeout=2).ok
        except requests.RequestException:
            return False
