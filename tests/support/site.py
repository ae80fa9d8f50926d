"""A database with a strategy on which servers of several machines run, and what became of it."""

from __future__ import annotations

import json
import os
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import requests
from cryptography.fernet import Fernet
from pydantic import SecretStr
from sqlalchemy import select

from app.bootstrap import Core
from app.commands.parts.opening import opened, prepared
from app.config import Settings
from app.domain.inbox import AlertState
from app.domain.settings import AccountLink, StrategySettings
from app.services.inbox import Delivery
from app.store.tables.history import FACTS, PAPER_ORDERS
from app.store.tables.trading import ALERTS, ORDERS
from tests.support.serving import Server, serving, trades


@dataclass
class Site:
    """One database, on which servers of several machines run, each with a folder of its own."""

    folder: Path
    made: Core
    key: str
    token: str
    shared: dict[str, str]

    @contextmanager
    def server(self, name: str, until: Callable[[Server], bool] = trades) -> Iterator[Server]:
        with serving(self.folder / name, until, **self.shared) as running:
            yield running

    def body(self, number: int) -> dict[str, str]:
        side = "sell" if number % 2 else "buy"
        return {
            "id": f"n{number}",
            "symbol": "ES1!",
            "action": side,
            "quantity": "1",
            "price": "5000",
        }

    def keep(self, *numbers: int) -> set[str]:
        """Keep alerts as if a server had just taken them."""
        kept = set()
        for number in numbers:
            body = json.dumps(self.body(number)).encode()
            answer = self.made.inbox.accept(self.key, Delivery(body=body))
            assert answer.status == 202
            kept.add(str(answer.body["alert_id"]))
        return kept

    def post(self, server: Server, number: int) -> requests.Response:
        address = f"{server.address}/webhook/{self.key}"
        return requests.post(address, json=self.body(number), timeout=30)

    def api(self, server: Server, method: str, path: str) -> requests.Response:
        headers = {"Authorization": f"Bearer {self.token}"}
        return requests.request(method, server.address + path, headers=headers, timeout=30)

    def rows(self, *columns: object) -> list[tuple[object, ...]]:
        with self.made.store.read() as uow:
            found = uow.connection.execute(select(*columns))  # type: ignore[call-overload]
            return [tuple(row) for row in found]

    def settled(self, wanted: set[str]) -> bool:
        states = {str(id_): state for id_, state in self.rows(ALERTS.c.id, ALERTS.c.state)}
        return all(states.get(each) == AlertState.EXECUTED for each in wanted)

    def told(self, code: str) -> bool:
        """Whether the log has such an entry."""
        return (code,) in self.rows(FACTS.c.code)

    def assert_once(self, wanted: set[str]) -> None:
        """Each alert has one order, and the venue has each order once."""
        orders = Counter(row[0] for row in self.rows(ORDERS.c.alert_id))
        assert {alert: orders[alert] for alert in wanted} == dict.fromkeys(wanted, 1)
        ours = sorted(str(row[0]) for row in self.rows(ORDERS.c.client_order_id))
        assert ours == sorted(str(row[0]) for row in self.rows(PAPER_ORDERS.c.client_order_id))


@contextmanager
def open_site(folder: Path, url: str) -> Iterator[Site]:
    secret = Fernet.generate_key().decode()
    settings = Settings(
        _env_file=None, data_dir=folder, database_url=url, secret_key=SecretStr(secret)
    )
    prepared(settings)
    with opened(settings) as made:
        user = made.users.create("ann", "correct horse battery")
        account = made.accounts.create_paper(user.id, "main", Decimal(10**6), {})
        link = [AccountLink(account.id)]
        _, key = made.strategies.create(user.id, "Breakout", "ES", StrategySettings(), link)
        token = made.users.create_token(user.id, "test")[1]
        yield Site(folder, made, key, token, {"DATABASE_URL": url, "SECRET_KEY": secret})


def health(server: Server) -> dict[str, object]:
    return dict(requests.get(f"{server.address}/health", timeout=5).json())


def processes(server: Server) -> list[int]:
    """The worker and the master of gunicorn, in this order."""
    master = server.process.pid
    listed = Path(f"/proc/{master}/task/{master}/children").read_text(encoding="ascii")
    return [*map(int, listed.split()), master]


def kill(pids: list[int]) -> None:
    """End the processes at once, wherever they are."""
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
