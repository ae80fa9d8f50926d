"""The demo, really started: a newcomer sees everything move, and it ends without a trace."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.serving import START_S, Person, environment, eventually, free_port
from tests.support.tree import ROOT


def _listen_to_sigint() -> None:
    """A shell lets what it runs in the background, like these tests, be deaf to it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class Demo:
    """A demo that runs; ``folder`` keeps its data from one start to the next."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self._log = folder / "demo.log"
        options = ["--data-dir", str(folder / "demo"), "--pace", "0.1"]
        with self._log.open("w", encoding="utf-8") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "app", "demo", *options],
                cwd=ROOT,
                env=environment(folder / "elsewhere", self.port),
                stdout=output,
                stderr=subprocess.STDOUT,
                preexec_fn=_listen_to_sigint,  # noqa: PLW1509  it takes no lock
            )

    def printed(self) -> str:
        return self._log.read_text(encoding="utf-8")

    def sign_in(self) -> tuple[str, str]:
        """The name and the password that the demo prints."""
        found = re.search(r"sign in as (\S+) with (\S+)", self.printed())
        assert self.process.poll() is None, self.printed()
        return (found[1], found[2]) if found else ("", "")

    def trades(self) -> bool:
        """Whether an alert was accepted."""
        assert self.process.poll() is None, self.printed()
        return ": accepted" in self.printed()

    def end(self, number: signal.Signals) -> int:
        self.process.send_signal(number)
        return self.process.wait(20)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    running = Demo(tmp_path_factory.mktemp("demo"))
    try:
        eventually(lambda: running.sign_in()[0], START_S)
        yield running
    finally:
        if running.process.poll() is None:
            running.end(signal.SIGTERM)


@pytest.fixture(scope="module")
def person(demo: Demo) -> Person:
    name, password = demo.sign_in()
    somebody = Person(demo.address)
    somebody.look("/login")
    assert somebody.fill_in("/login", name=name, password=password).url.endswith("/dashboard")
    return somebody


def items(person: Person, path: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = person.session.get(person.address + path, timeout=10).json()[
        "items"
    ]
    return found


def test_there_are_two_accounts_and_five_strategies(person: Person) -> None:
    assert len(items(person, "/api/accounts")) == 2
    assert len(items(person, "/api/strategies")) == 5


def test_every_strategy_is_alerted_and_orders_fill(person: Person) -> None:
    def traded() -> bool:
        fills = items(person, "/api/fills?page_size=500")
        return len({fill["strategy_id"] for fill in fills}) == 5

    assert eventually(traded, 30)
    assert {alert["state"] for alert in items(person, "/api/alerts")} >= {"executed"}


def test_prices_move_so_that_the_open_profit_does(person: Person) -> None:
    seen = set()

    def moved() -> bool:
        summary = person.session.get(f"{person.address}/api/summary", timeout=10).json()
        seen.add(summary["open_pnl"])
        return len(seen) > 3

    assert eventually(moved, 30)


def test_mishaps_are_shown_too(person: Person) -> None:
    def shown() -> bool:
        states = {alert["state"] for alert in items(person, "/api/alerts?page_size=500")}
        return {"duplicate", "invalid", "no_action"} <= states

    assert eventually(shown, 30)


def test_what_it_stores_agrees_with_its_fills_while_it_trades(person: Person) -> None:
    address = f"{person.address}/api/agreement"
    person.look("/agreement")
    begun = person.session.post(address, json={}, headers={"X-CSRFToken": person.token}, timeout=10)
    assert begun.status_code == 202

    def ended() -> dict[str, Any] | None:
        runs = person.session.get(address, timeout=10).json()["runs"]
        return None if runs[0]["state"] == "running" else runs[0]

    run = eventually(ended, 60)
    assert (run["state"], run["differences"], run["problem"]) == ("agreed", 0, None)
    assert run["books"] >= 5
    assert run["fills"] > 0


@pytest.mark.hardship
def test_it_ends_cleanly_and_starts_again_where_it_was(tmp_path: Path) -> None:
    passwords = set()
    for number in (signal.SIGINT, signal.SIGTERM):
        demo = Demo(tmp_path)
        eventually(demo.trades, START_S)
        passwords.add(demo.sign_in())
        assert demo.end(number) == 0
        assert "Traceback" not in demo.printed()
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", demo.port)) != 0
    assert len(passwords) == 1
