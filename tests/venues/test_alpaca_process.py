"""The stand-in for Alpaca as a process that is killed: its log has what it said."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.support.alpaca import KEY, OuterStandIn, StandIn, outer_stand_in
from tests.support.serving import eventually
from tests.support.tree import ROOT
from tests.venues.alpaca.log import Log
from tests.venues.alpaca.running import move, running

pytestmark = pytest.mark.hardship

KILLS = 5


def ids(folder: Path) -> list[str]:
    """Our own ids in the log of a stand-in that does not run."""
    log = Log(folder)
    try:
        return [one.client_order_id for one in log.orders(KEY)]
    finally:
        log.close()


def test_what_was_taken_and_set_outlives_a_kill(tmp_path: Path) -> None:
    with outer_stand_in(tmp_path) as alpaca:
        bought = alpaca.becomes(alpaca.order(qty="4")["id"], "filled")
        bracket = alpaca.order(
            "MSFT",
            type="limit",
            limit_price="490",
            time_in_force="gtc",
            order_class="bracket",
            take_profit={"limit_price": "520"},
            stop_loss={"stop_price": "480"},
        )
        alpaca.becomes(bracket["id"], "new")
        account = alpaca.get("/account")
        alpaca.tell("market", halt=["TSLA"])
        alpaca.end(signal.SIGKILL)
        alpaca.start()
        assert alpaca.get(f"/orders/{bought['id']}") == bought
        assert alpaca.get("/account")["cash"] == account["cash"]
        assert alpaca.tell("market")["halted"] == ["TSLA"]
        assert alpaca.send(client_order_id=bought["client_order_id"]).status_code == 422
        alpaca.price("MSFT", "489")
        alpaca.becomes(bracket["id"], "filled")
        alpaca.price("MSFT", "521")
        eventually(lambda: [one["symbol"] for one in alpaca.get("/positions")] == ["AAPL"])


def test_it_ends_when_it_is_told_to_with_streams_open_and_is_alone_in_its_folder(
    tmp_path: Path,
) -> None:
    with outer_stand_in(tmp_path) as alpaca:
        command = [sys.executable, "-m", "tests.venues.alpaca", "--data", str(tmp_path)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 1
        assert done.stderr.strip() == f"Another stand-in works in {tmp_path}: stop it first."
        with closing(alpaca.updates()), closing(alpaca.stream("/v2/iex")):
            process = alpaca.process
            assert process is not None
            alpaca.end(signal.SIGTERM)
            assert process.returncode == 0


def test_prices_walk_when_they_are_told_to(tmp_path: Path) -> None:
    def asks() -> list[float]:
        query = {"symbols": "SPY,FAKEPACA"}
        quotes = alpaca.get("/stocks/quotes/latest", **query)["quotes"]
        return [quotes["SPY"]["ap"], quotes["FAKEPACA"]["ap"]]

    with running(tmp_path) as made, requests.Session() as session:
        alpaca = StandIn(made.address, made.control_address, tmp_path, session=session)
        before = asks()
        ending = threading.Event()
        walk = threading.Thread(target=move, args=(made.house, ending, 0.02))
        walk.start()
        eventually(lambda: asks()[0] != before[0])
        ending.set()
        walk.join(5)
        assert asks()[1] == 133.0


def test_no_order_that_was_answered_is_lost_in_kills_under_load(tmp_path: Path) -> None:
    answered: list[str] = []
    with outer_stand_in(tmp_path) as alpaca:
        alpaca.tell("account", rate_limit=0)
        for kill in range(KILLS):
            ending = threading.Event()
            sender = threading.Thread(target=send, args=(alpaca, kill, answered, ending))
            sender.start()
            eventually(partial(reached, answered, len(answered) + 40))
            alpaca.end(signal.SIGKILL)
            ending.set()
            sender.join(20)
            assert set(answered) <= set(ids(tmp_path))
            alpaca.start()
        eventually(lambda: alpaca.get("/orders", status="open") == [])
        kept: list[Any] = alpaca.tell("log")["orders"]
        fills = alpaca.tell("log")["fills"]
    assert len({one["client_order_id"] for one in kept}) == len(kept)
    assert len(fills) == len(kept) == len({one["order_id"] for one in fills})


def reached(answered: list[str], count: int) -> bool:
    return len(answered) >= count


def send(alpaca: OuterStandIn, kill: int, answered: list[str], ending: threading.Event) -> None:
    """Buy and sell one share in turn, and note what was answered."""
    with requests.Session() as session:
        number = 0
        while not ending.is_set():
            number += 1
            name = f"{kill}-{number}"
            body = {"symbol": "F", "qty": "1", "side": "buy", "type": "market"}
            body |= {"time_in_force": "day", "client_order_id": name}
            headers = {"APCA-API-KEY-ID": alpaca.keys[0], "APCA-API-SECRET-KEY": alpaca.keys[1]}
            try:
                address = f"{alpaca.address}/v2/orders"
                answer = session.post(address, json=body, headers=headers, timeout=5)
            except requests.RequestException:
                continue
            if answer.ok:
                answered.append(json.loads(answer.text)["client_order_id"])
