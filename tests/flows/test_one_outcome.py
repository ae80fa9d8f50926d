"""One outcome for every alert, on a real server: equal posts at once, and a restart."""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from itertools import islice, product
from pathlib import Path

import pytest
import requests
from sqlalchemy import select

from app.domain.inbox import AlertState
from app.store.tables.trading import ORDERS
from bench.servers import signalbox
from bench.stage import Stage, staged, trades

pytestmark = pytest.mark.hardship

CLIENTS, POSTS, WAITING = 50, 400, 200


def addresses(stage: Stage) -> list[str]:
    return [f"http://127.0.0.1:{stage.settings.port}{path}" for path in stage.paths]


def orders(stage: Stage) -> list[tuple[str, str]]:
    """The alert and the leg of every order, as they were written."""
    wanted = select(ORDERS.c.alert_id, ORDERS.c.leg).order_by(ORDERS.c.id)
    with stage.made.store.read() as uow:
        return [(row[0], row[1]) for row in uow.connection.execute(wanted)]


def accepted(urls: Sequence[str], count: int) -> None:
    """Post so many trades, each of which must be accepted; the strategies take turns."""
    with requests.Session() as sender:
        for body, url in product(islice(trades(), count // len(urls)), urls):
            assert sender.post(url, json=body, timeout=10).status_code == 202


def test_f08_four_hundred_posts_of_one_alert_from_fifty_clients_are_one_order(
    tmp_path: Path,
) -> None:
    body = {"id": "once", "symbol": "ES1!", "action": "buy", "quantity": "1", "price": "5000"}

    def client(_: int) -> list[tuple[int, str]]:
        with requests.Session() as sender:
            answers = [sender.post(url, json=body, timeout=20) for _ in range(POSTS // CLIENTS)]
        return [(answer.status_code, answer.json()["alert_id"]) for answer in answers]

    with staged(tmp_path / "once") as stage, signalbox(stage.settings):
        (url,) = addresses(stage)
        with ThreadPoolExecutor(CLIENTS) as pool:
            answers = [each for found in pool.map(client, range(CLIENTS)) for each in found]
        stage.wait()
        written, states = orders(stage), Counter(each.state for each in stage.alerts())
        with stage.made.store.read() as uow:
            held = [position.quantity for position in uow.positions.open().values()]
    assert Counter(status for status, _ in answers) == {202: 1, 200: POSTS - 1}
    assert len({alert_id for _, alert_id in answers}) == 1
    assert [alert_id for alert_id, _ in written] == [answers[0][1]]
    assert held == [Decimal(1)]
    assert states[AlertState.EXECUTED] == 1


def test_a_restart_while_two_hundred_alerts_wait_executes_each_once_and_in_order(
    tmp_path: Path,
) -> None:
    with staged(tmp_path / "waiting", strategies=4) as stage:
        with signalbox(stage.settings, at_rest=True) as server:
            accepted(addresses(stage), WAITING)
            os.kill(server.worker, signal.SIGKILL)
            server.process.kill()
        assert stage.waiting() == WAITING
        with signalbox(stage.settings):
            stage.wait()
        alerts, filled, written = stage.alerts(), stage.filled(), orders(stage)
    assert Counter(each.state for each in alerts) == {AlertState.EXECUTED: WAITING}
    assert Counter(alert_id for alert_id, _ in written) == {each.id: 1 for each in alerts}
    assert all(ids == sorted(ids) for ids in filled.values())
    assert sum(map(len, filled.values())) == WAITING
