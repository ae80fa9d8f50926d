"""The newcomer's path, on a real server: first start, first user, strategies, a day of alerts."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import requests
import socketio

from tests.support.recordings import Recording
from tests.support.serving import Person, Program, Server, eventually, run, serving

PASSWORD = "correct horse battery"
CHANNELS = ["pnl", "strategies", "positions", "trades", "log"]


def message(
    order: str, action: str, contracts: str, after: str, before: str, price: str
) -> dict[str, str]:
    """A TradingView strategy alert; positions are written like "long 2"."""
    now, size = after.split()
    previous, previous_size = before.split()
    return {
        "id": f"{order}-2026-11-20T15:{len(order):02}:00Z-{size}",
        "symbol": "ES1!",
        "action": action,
        "contracts": contracts,
        "market_position": now,
        "market_position_size": size,
        "prev_market_position": previous,
        "prev_market_position_size": previous_size,
        "price": price,
        "comment": order,
    }


#: The day: what is sent, and the position that it must lead to.
DAY = [
    (message("long", "buy", "2", "long 2", "flat 0", "5000"), "2"),
    (message("add", "buy", "2", "long 4", "long 2", "5002"), "4"),
    (message("scale out", "sell", "1", "long 3", "long 4", "5005"), "3"),
    (message("reverse", "sell", "5", "short 2", "long 3", "5003"), "-2"),
    (message("exit", "buy", "2", "flat 0", "short 2", "5000.50"), "0"),
]
#: Side, quantity, price and what each fill realised, at 50 dollars a point.
FILLS = [
    ("buy", "2", "5000", "0"),
    ("buy", "2", "5002", "0"),
    ("sell", "1", "5005", "200"),
    ("sell", "3", "5003", "300"),
    ("sell", "2", "5003", "0"),
    ("buy", "2", "5000.5", "250"),
]


@dataclass
class Ear:
    """A Socket.IO client that keeps every event."""

    client: socketio.Client = field(default_factory=socketio.Client)
    events: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def listen(self, address: str, token: str) -> None:
        self.client.on("*", self._keep)
        auth = {"token": token}
        self.client.connect(address, auth=auth, transports=["websocket"], wait_timeout=10)
        self.client.emit("subscribe", {"channels": CHANNELS})
        eventually(lambda: self.heard("subscribed"))

    def heard(self, name: str) -> list[dict[str, Any]]:
        return [payload for event, payload in list(self.events) if event == name]

    def _keep(self, event: str, payload: dict[str, Any]) -> None:
        self.events.append((event, payload))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("newcomer") / "data") as running:
        yield running


@dataclass
class Day:
    """What the newcomer's first day left behind."""

    person: Person
    program: Program
    ear: Ear
    strategy_id: str
    webhook: str
    answers: list[requests.Response]
    positions: list[str]


@pytest.fixture(scope="module")
def day(server: Server) -> Iterator[Day]:
    person = first_user(server)
    program = Program(server.address, server.command("token", "create", "laptop")["token"])
    ear = Ear()
    ear.listen(server.address, program.token)
    strategy_id, webhook = strategy_by_the_form(person)
    answers, positions = [], []
    for alert, wanted in DAY:
        answers.append(requests.post(webhook, json=alert, timeout=10))
        eventually(partial(holds, program, strategy_id, wanted))
        positions.append(position(program, strategy_id))
    answers.append(requests.post(webhook, json=DAY[-1][0], timeout=10))
    eventually(lambda: len(ear.heard("trade_executed")) >= len(FILLS))
    yield Day(person, program, ear, strategy_id, webhook, answers, positions)
    ear.client.disconnect()


def first_user(server: Server) -> Person:
    link = re.search(r"http\S+/setup\?token=\S+", server.printed())
    assert link, server.printed()
    person = Person(server.address)
    page = person.look(link[0].removeprefix(server.address))
    assert page.status_code == 200
    token = link[0].partition("token=")[2]
    home = person.fill_in(
        "/setup", token=token, name="ann", password=PASSWORD, password_again=PASSWORD
    )
    assert (home.status_code, home.url) == (200, f"{server.address}/dashboard")
    return person


def strategy_by_the_form(person: Person) -> tuple[str, str]:
    person.look("/strategies/new")
    account = re.search(r'name="accounts"[^>]*value="([^"]+)"', person.look("/strategies/new").text)
    assert account
    page = person.fill_in("/strategies/new", name="First", symbol="ES", accounts=account[1])
    assert page.status_code == 200, page.text
    webhook = re.search(r"http\S+/webhook/[\w-]+", page.text)
    assert webhook
    return page.url.rpartition("/")[2], webhook[0]


def position(program: Program, strategy_id: str) -> str:
    """The net position that the API shows; the list holds only what is open."""
    rows = program.get("/api/positions", strategy_id=strategy_id)["items"]
    alerts = program.get("/api/alerts", strategy_id=strategy_id)["items"]
    if any(alert["state"] in {"received", "claimed"} for alert in alerts):
        return "not yet known"
    return str(rows[0]["net_quantity"]) if rows else "0"


def holds(program: Program, strategy_id: str, wanted: str) -> bool:
    return position(program, strategy_id) == wanted


def test_every_message_of_the_day_is_accepted_and_the_resend_is_known(day: Day) -> None:
    assert [answer.status_code for answer in day.answers] == [202, 202, 202, 202, 202, 200]
    assert day.answers[-1].json()["status"] == "duplicate"
    assert day.answers[-1].json()["alert_id"] == day.answers[-2].json()["alert_id"]


def test_the_position_after_each_message_is_the_wanted_one(day: Day) -> None:
    assert day.positions == [wanted for _, wanted in DAY]


def test_the_fills_are_exact_and_the_reversal_closes_before_it_opens(day: Day) -> None:
    rows = day.program.get("/api/fills", strategy_id=day.strategy_id, order="asc")["items"]
    found = [(row["side"], row["quantity"], row["price"], row["realised"]) for row in rows]
    assert found == FILLS


def test_the_profit_is_exact_in_summary_calendar_and_journal(day: Day) -> None:
    summary = day.program.get("/api/summary")
    assert (summary["total_pnl"], summary["open_pnl"], summary["today_pnl"]) == ("750", "0", "750")

    days = day.program.get("/api/dashboard/pnl-calendar", strategy_id=day.strategy_id)
    shown = [
        (each["pnl"], each["trade_count"], each["fill_count"]) for each in days["calendar_data"]
    ]
    assert shown == [("750", 2, 6)]
    trades = day.program.get("/api/trades", strategy_id=day.strategy_id, order="asc")["items"]
    assert [(trade["direction"], trade["net"]) for trade in trades] == [
        ("long", "500"),
        ("short", "250"),
    ]


def test_the_curve_is_recorded_each_second_and_ends_at_the_profit(day: Day) -> None:
    def ended() -> list[Any]:
        points = day.program.get("/api/dashboard/pnl-drawdown-chart", strategy_id=day.strategy_id)[
            "chart_data"
        ]
        return points if points and points[-1]["pnl"] == 750.0 else []

    assert len(eventually(ended)) >= 1


def test_every_execution_was_heard_over_the_socket(day: Day) -> None:
    trades = day.ear.heard("trade_executed")
    assert [(trade["side"], trade["quantity"], trade["price"]) for trade in trades] == [
        fill[:3] for fill in FILLS
    ]
    assert sum(Decimal(trade["pnl"]) for trade in trades) == 750
    numbers = [trade["seq"] for trade in trades]
    assert numbers == list(range(numbers[0], numbers[0] + len(FILLS)))


@pytest.mark.parametrize(
    "event", ["status", "pnl_update", "strategy_pnl_update", "position_update", "log_entry"]
)
def test_the_page_hears_of_it(day: Day, event: str) -> None:
    assert eventually(lambda: day.ear.heard(event))


def test_the_total_that_is_told_each_second_becomes_the_profit(day: Day) -> None:
    eventually(lambda: day.ear.heard("pnl_update")[-1]["total_pnl"] == "750")


def test_the_link_works_once(day: Day, server: Server) -> None:
    link = re.search(r"/setup\?token=\S+", server.printed())
    assert link
    answer = requests.get(server.address + link[0], allow_redirects=False, timeout=10)
    assert answer.headers["Location"] == "/login"


def test_the_user_signs_in_again(day: Day, server: Server) -> None:
    person = Person(server.address)
    person.look("/login")
    assert person.fill_in("/login", name="ann", password="wrong password").status_code == 401
    assert person.fill_in("/login", name="ann", password=PASSWORD).url.endswith("/dashboard")


def test_a_strategy_of_the_command_line_trades_at_once_on_the_running_server(
    day: Day, server: Server
) -> None:
    made = server.command("strategy", "create", "Second", "--symbol", "NQ", "--account", "paper")
    assert sorted(made) == ["id", "name", "webhook_key", "webhook_url"]
    body = {"symbol": "NQ1!", "action": "buy", "quantity": 1, "price": "20000", "id": "second-1"}
    assert requests.post(made["webhook_url"], json=body, timeout=10).status_code == 202
    eventually(lambda: position(day.program, made["id"]) == "1")
    said = json.dumps({"symbol": "NQ1!", "action": "exit", "price": "20010.25", "id": "second-2"})
    answer = server.command("alert", "send", "Second", said)
    assert (answer["status_code"], answer["status"]) == (202, "accepted")
    eventually(lambda: position(day.program, made["id"]) == "0")
    rows = day.program.get("/api/fills", strategy_id=made["id"], order="asc")["items"]
    assert [row["realised"] for row in rows] == ["0", "205"]
    eventually(lambda: day.program.get("/api/summary")["total_pnl"] == "955")


def test_a_recording_is_shown_on_the_running_server(
    day: Day, server: Server, tmp_path: Path
) -> None:
    options = [*Recording(tmp_path).write(), "--symbol", "MESH2026", "--speed", "60"]
    done = run(["replay", *options, "--account", "paper"], server.env)
    assert done.returncode == 0, done.stderr
    said = [line.rpartition(": ")[2] for line in done.stdout.splitlines()]
    assert said == ["accepted", "duplicate", "invalid", "accepted", "accepted", "accepted"]
    strategies = day.program.get("/api/strategies")["items"]
    (shown,) = (each["id"] for each in strategies if each["name"] == "Replay of MES1!")
    eventually(partial(holds, day.program, shown, "0"))
    rows = day.program.get("/api/fills", strategy_id=shown, order="asc")["items"]
    assert [(row["side"], row["quantity"], row["price"]) for row in rows] == [
        ("buy", "2", "5000.25"),
        ("sell", "2", "5004"),
        ("sell", "1", "5004"),
        ("buy", "1", "5001.25"),
    ]


def test_the_doctor_finds_nothing_wrong_with_a_running_server(server: Server) -> None:
    found = server.command("doctor")
    assert [check["name"] for check in found["checks"]] == [
        "settings",
        "database",
        "migrations",
        "clock",
        "broker",
        "trade",
        "port",
        "vendor",
    ]
    assert found["ok"]


def test_a_second_server_on_the_port_says_so_in_one_sentence(server: Server) -> None:
    done = run(["serve"], server.env)
    assert done.returncode == 2
    assert f"127.0.0.1:{server.port} already" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_server_ends_cleanly_when_it_is_told_to(tmp_path: Path) -> None:
    with serving(tmp_path / "data") as server:
        assert server.stop() == 0
        assert "Traceback" not in server.printed()
