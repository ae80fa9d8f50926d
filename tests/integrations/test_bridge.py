"""The NinjaTrader add-on itself, compiled and driven, against a server of its protocol.

What it cannot show: that NinjaTrader's real classes behave as their stand-ins do.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from app.addonsim.link import Answer
from app.addonsim.script import Line
from app.addonsim.sheet import Sheet
from app.clock import SystemClock
from app.domain.addon.messages import Message
from app.domain.addon.reading import read_posted
from tests.integrations.conftest import Machine, Platform
from tests.support.addon_desk import AddonDesk, Stream, listening
from tests.support.serving import eventually

KEY = "sbk_secret-of-the-test"


def test_it_compiles_as_csharp_5_without_a_warning(program: Path) -> None:
    assert program.stat().st_size > 10_000


def ready(machine: Machine, address: str, **settings: object) -> None:
    machine.settings(server=address, key=KEY, **settings)


def opens(platform: Platform, name: str = "APEX-1") -> None:
    platform.do(f"account {name}", f"has {name} CashValue 50000.25")


def arrived(desk: AddonDesk, count: int, seconds: float = 15) -> list[dict[str, Any]]:
    eventually(lambda: len(desk.arrived) >= count, seconds)
    return desk.arrived


def executed(desk: AddonDesk, name: str = "APEX-1") -> list[str]:
    return sorted(desk.streams[name].executions) if name in desk.streams else []


def queued(machine: Machine) -> list[dict[str, Any]]:
    """The messages that the disk says are not taken yet."""
    waiting = {}
    for line in machine.outbox("queue.jsonl"):
        if "seq" in line:
            waiting[line["session_id"], line["seq"]] = line
        else:
            waiting.pop((line["session_id"], line["done"]), None)
    return list(waiting.values())


@pytest.mark.hardship
def test_the_first_message_is_a_snapshot_with_every_field_of_the_contract(
    machine: Machine,
) -> None:
    desk = AddonDesk()
    with listening(desk) as address, machine.running() as platform:
        platform.do("account APEX-1", "has APEX-1 CashValue 50125.40")
        platform.do("holds APEX-1 -2 21500.25 62.5", "orders APEX-1 nt-91 Working")
        platform.do("executed APEX-1 before 1 21500.25")
        ready(machine, address, signing=True)
        (body, *_) = arrived(desk, 1)
        assert (body["schema"], body["type"], body["source"]) == (1, "AccountUpdate", "ninjatrader")
        assert (body["seq"], body["kind"]) == (1, "snapshot")
        about = body["account"]
        assert (about["name"], about["connection"]) == ("APEX-1", "My Rithmic")
        assert (about["provider"], about["connection_status"]) == ("Rithmic", "Connected")
        assert (about["is_simulated"], about["currency"]) == (False, "USD")
        assert body["values"]["cash_value"] == "50125.4"
        assert body["values"]["net_liquidation"] is None
        assert body["values"]["trailing_max_drawdown"] is None
        assert body["positions"] == [
            {
                "instrument": "MNQ 12-26",
                "root": "MNQ",
                "market_position": "Short",
                "quantity": 2,
                "average_price": "21500.25",
                "unrealized_pnl": "62.5",
                "point_value": "2",
                "tick_size": "0.25",
            }
        ]
        (order,) = body["orders"]
        assert (order["order_id"], order["name"]) == ("nt-91", 'Stop "1"')
        assert (order["state"], order["stop_price"], order["limit_price"]) == (
            "Working",
            "21480",
            None,
        )
        (execution,) = body["executions"]
        assert (execution["execution_id"], execution["side"]) == ("before", "Buy")
        assert (execution["price"], execution["commission"]) == ("21500.25", "0.5")
        happened = datetime.fromisoformat(execution["time"])
        assert abs((SystemClock().now() - happened).total_seconds()) < 30
        sent = desk.headers[0]
        assert sent["path"] == "/api/v1/ninjatrader/account-update"
        assert sent["Authorization"] == f"Bearer {KEY}"
        (read,) = read_posted(sent["body"].encode()).entries
        assert isinstance(read, Message)
        stamp, signature = (part.split("=")[1] for part in sent["X-Signature"].split(","))
        content = f"{stamp}.{sent['body']}".encode()
        assert signature == hmac.new(KEY.encode(), content, hashlib.sha256).hexdigest()
        assert platform.end() == 0
        assert KEY not in "\n".join(platform.lines)


@pytest.mark.hardship
def test_values_are_gathered_to_one_message_a_second_and_an_execution_goes_at_once(
    machine: Machine,
) -> None:
    desk = AddonDesk()
    with listening(desk) as address, machine.running() as platform:
        ready(machine, address)
        opens(platform)
        arrived(desk, 1)
        begun = time.monotonic()
        price = 0
        while time.monotonic() - begun < 3:
            price += 1
            platform.do(f"item APEX-1 UnrealizedProfitLoss {price}")
        flood = len(desk.arrived) - 1
        assert price > 30
        assert 2 <= flood <= 4
        before = len(desk.arrived)
        asked = time.monotonic()
        platform.do("executes APEX-1 e-1 1 21500.25")
        eventually(lambda: executed(desk) == ["e-1"], 5)
        assert time.monotonic() - asked < 0.6
        assert len(desk.arrived) - before <= 2
        platform.end()


@pytest.mark.hardship
def test_an_open_profit_that_is_repeated_while_flat_is_no_news_and_quiet_is_told_each_five_seconds(
    machine: Machine,
) -> None:
    desk = AddonDesk()
    with listening(desk) as address, machine.running() as platform:
        ready(machine, address)
        opens(platform)
        arrived(desk, 1)
        platform.do("item APEX-1 UnrealizedProfitLoss 0")
        begun = time.monotonic()
        while not any(body["kind"] == "heartbeat" for body in desk.arrived):
            platform.do("item APEX-1 UnrealizedProfitLoss 0")
            assert time.monotonic() - begun < 10
            time.sleep(0.05)
        assert 4.5 < time.monotonic() - begun < 8
        assert [body["kind"] for body in desk.arrived].count("delta") <= 1
        assert desk.arrived[-1]["positions"] == []
        platform.end()


@pytest.mark.hardship
def test_lost_and_failed_requests_are_sent_again_in_order_until_each_is_taken(
    machine: Machine,
) -> None:
    desk = AddonDesk(scripted=[None, Answer(503), Answer(429, retry_after=1.0)])
    with listening(desk) as address, machine.running() as platform:
        ready(machine, address)
        opens(platform)
        platform.do(*(f"executes APEX-1 e-{n} 1 21500.25" for n in range(1, 6)))
        eventually(lambda: executed(desk) == [f"e-{n}" for n in range(1, 6)], 20)
        applied = [body["seq"] for body in desk.streams["APEX-1"].applied]
        assert applied == list(range(1, len(applied) + 1))
        assert [body["seq"] for body in desk.arrived[:4]] == [1, 1, 1, 1]
        eventually(lambda: not queued(machine), 5)
        assert "no answer from the server" in platform.said()
        platform.end()


@pytest.mark.hardship
def test_what_the_server_asks_for_is_sent_again_from_there(machine: Machine) -> None:
    desk = AddonDesk()
    with listening(desk) as address, machine.running() as platform:
        ready(machine, address)
        opens(platform)
        eventually(lambda: "APEX-1" in desk.streams, 10)
        # The server says yes to two messages, and forgets them.
        taken = {"status": "ok", "ack_seq": 3, "resend_from": None, "need": None}
        desk.scripted += [Answer(200, taken), Answer(200, taken)]
        platform.do("executes APEX-1 e-1 1 21500.25")
        eventually(lambda: len(desk.scripted) < 2, 5)
        platform.do("executes APEX-1 e-2 1 21500.25")
        eventually(lambda: not desk.scripted, 5)
        platform.do("executes APEX-1 e-3 1 21500.25")
        eventually(lambda: executed(desk) == ["e-1", "e-2", "e-3"], 10)
        applied = desk.streams["APEX-1"].applied
        assert [body["seq"] for body in applied] == list(range(1, len(applied) + 1))
        assert desk.streams["APEX-1"].snapshots == 1
        platform.end()


@pytest.mark.hardship
def test_what_an_earlier_session_could_not_deliver_goes_first_and_the_days_executions_follow(
    machine: Machine,
) -> None:
    desk = AddonDesk()
    with listening(desk) as address:
        ready(machine, address)
        with machine.running() as platform:
            opens(platform)
            eventually(lambda: "APEX-1" in desk.streams, 10)
            desk.scripted += [Answer(503)] * 100
            platform.do("executes APEX-1 e-1 1 21500.25", "executes APEX-1 e-2 -1 21501")
            eventually(lambda: sum(len(x["executions"]) for x in queued(machine)) == 2, 5)
            # The machine loses its power.
            platform.process.kill()
            platform.process.wait()
        desk.scripted.clear()
        assert executed(desk) == []
        with machine.running() as platform:
            opens(platform)
            eventually(lambda: len(desk.streams["APEX-1"].sessions) == 2, 10)
            first, second = desk.streams["APEX-1"].sessions
            applied = desk.streams["APEX-1"].applied
            begun = next(n for n, body in enumerate(applied) if body["session_id"] == second)
            earlier = [e for body in applied[:begun] for e in body["executions"]]
            assert {body["session_id"] for body in applied[:begun]} == {first}
            assert [each["execution_id"] for each in earlier] == ["e-1", "e-2"]
            day = [each["execution_id"] for each in applied[begun]["executions"]]
            assert (applied[begun]["kind"], day) == ("snapshot", ["e-1", "e-2"])
            assert len({body["installation_id"] for body in applied}) == 1
            platform.end()


@pytest.mark.hardship
def test_a_key_that_is_not_taken_is_told_once_and_a_mended_one_is_read_without_a_restart(
    machine: Machine,
) -> None:
    desk = AddonDesk(scripted=[Answer(401, {"detail": "No such key."})])
    with listening(desk) as address, machine.running() as platform:
        ready(machine, address)
        opens(platform)
        eventually(lambda: "does not take the key (401)" in platform.said(), 10)
        assert desk.streams == {}
        machine.settings(server=address, key="sbk_another")
        eventually(lambda: "APEX-1" in desk.streams, 10)
        assert desk.headers[-1]["Authorization"] == "Bearer sbk_another"
        assert "sbk_" not in platform.said()
        platform.end()


@pytest.mark.hardship
def test_another_pc_with_the_account_makes_this_one_stop_and_say_so(machine: Machine) -> None:
    desk = AddonDesk()
    with listening(desk) as address, machine.running() as platform:
        ready(machine, address)
        opens(platform)
        eventually(lambda: "APEX-1" in desk.streams, 10)
        desk.streams["APEX-1"].session_id = "of another PC"
        platform.do("item APEX-1 CashValue 50010")
        eventually(lambda: "another NinjaTrader reports this account now" in platform.said(), 5)
        count = len(desk.arrived)
        platform.do("executes APEX-1 e-1 1 21500.25")
        time.sleep(1.5)
        assert len(desk.arrived) == count
        platform.end()


@pytest.mark.hardship
def test_a_lost_connection_is_told_at_once_then_silence_then_a_snapshot(machine: Machine) -> None:
    desk = AddonDesk()
    with listening(desk) as address, machine.running() as platform:
        ready(machine, address)
        opens(platform)
        count = len(arrived(desk, 1))
        platform.do("status APEX-1 ConnectionLost")
        told = arrived(desk, count + 1, 2)[-1]
        assert (told["account"]["connection_status"], told["reason"]) == (
            "ConnectionLost",
            ["connection"],
        )
        # A platform that cannot see its account has nothing to say of it.
        time.sleep(6)
        assert len(desk.arrived) == count + 1
        platform.do("status APEX-1 Connected")
        back = arrived(desk, count + 2, 2)[-1]
        assert (back["kind"], back["account"]["connection_status"]) == ("snapshot", "Connected")
        platform.end()


@pytest.mark.hardship
def test_an_event_that_cannot_be_read_never_reaches_the_platform(machine: Machine) -> None:
    desk = AddonDesk()
    with listening(desk) as address, machine.running() as platform:
        ready(machine, address)
        opens(platform)
        arrived(desk, 1)
        platform.do("breaks APEX-1", "executes APEX-1 e-1 1 21500.25")
        assert "could not note an event" in platform.said()
        eventually(lambda: executed(desk) == ["e-1"], 5)
        eventually(lambda: desk.streams["APEX-1"].snapshots >= 2, 5)
        assert platform.end() == 0


@pytest.mark.hardship
def test_only_accounts_that_are_wanted_are_told_of(machine: Machine) -> None:
    desk = AddonDesk()
    with listening(desk) as address, machine.running() as platform:
        ready(machine, address, accounts=["APEX-*", "Sim101"], leave_out=["APEX-9*"])
        for name in ("APEX-12", "APEX-99", "TOPSTEP-1", "Sim101"):
            opens(platform, name)
        eventually(lambda: set(desk.streams) == {"APEX-12", "Sim101"}, 10)
        time.sleep(1)
        assert set(desk.streams) == {"APEX-12", "Sim101"}
        assert desk.streams["Sim101"].applied[0]["account"]["is_simulated"] is True
        platform.end()


@pytest.mark.hardship
def test_without_settings_a_file_to_fill_in_is_written_and_named(machine: Machine) -> None:
    with machine.running() as platform:
        eventually(lambda: "put the server's address and an add-on key in" in platform.said(), 10)
        assert "// Where Signalbox is" in (machine.folder / "signalbox.json").read_text()
        machine.settings(server="http://127.0.0.1:9", keys="x")
        eventually(lambda: "it has no setting keys" in platform.said(), 10)
        platform.end()


@pytest.mark.hardship
def test_a_server_that_wants_to_hear_less_often_does(machine: Machine) -> None:
    desk = AddonDesk(poll_ms=3000)
    with listening(desk) as address, machine.running() as platform:
        ready(machine, address)
        opens(platform)
        arrived(desk, 1)
        time.sleep(0.3)
        begun, count, price = time.monotonic(), len(desk.arrived), 0
        while time.monotonic() - begun < 5:
            price += 1
            platform.do(f"item APEX-1 UnrealizedProfitLoss {price}")
            time.sleep(0.05)
        assert len(desk.arrived) - count <= 2
        platform.end()


@pytest.mark.hardship
def test_a_message_that_is_refused_leaves_a_gap_which_a_snapshot_of_the_day_closes(
    machine: Machine,
) -> None:
    desk = AddonDesk()
    with listening(desk) as address, machine.running() as platform:
        ready(machine, address)
        opens(platform)
        eventually(lambda: "APEX-1" in desk.streams, 10)
        desk.scripted += [Answer(400, {"error_code": "BAD", "detail": "values.fee is wrong."})]
        platform.do("item APEX-1 CashValue 50011")
        eventually(lambda: "cannot read message" in platform.said(), 5)
        platform.do("executes APEX-1 e-1 1 21500.25")
        eventually(lambda: desk.streams["APEX-1"].snapshots == 2, 5)
        last = desk.streams["APEX-1"].applied[-1]
        assert [each["execution_id"] for each in last["executions"]] == ["e-1"]
        platform.end()


@pytest.mark.hardship
def test_after_a_long_outage_executions_are_sent_and_a_snapshot_stands_for_the_rest(
    machine: Machine,
) -> None:
    long_ago = SystemClock().now() - timedelta(minutes=30)
    sheet = Sheet("APEX-1", "pc", lambda: "of before")
    sheet.take(Line(0, {"name": "APEX-1"}))
    lines = [
        Line(n, {"name": "APEX-1"}, executions=[{"execution_id": f"e-{n}"}] if n % 200 == 0 else [])
        for n in range(1, 701)
    ]
    bodies = [
        sheet.told(line, line.at, long_ago + timedelta(seconds=line.at)).body for line in lines
    ]
    path = machine.folder / "outbox" / f"APEX-1-{hashlib.sha256(b'APEX-1').hexdigest()[:8]}"
    path.parent.mkdir()
    stamped = [json.dumps({"sent_at": body["event_time"], **body}) for body in bodies]
    # The sender looks for its stamp as it writes it, without blanks.
    text = "\n".join(line.replace('"sent_at": "', '"sent_at":"') for line in stamped)
    path.with_name(path.name + ".queue.jsonl").write_text(text + '\n{"schema":1,"cut')
    desk = AddonDesk(scripted=[Answer(503)])
    with listening(desk) as address, machine.running() as platform:
        ready(machine, address)
        opens(platform)
        eventually(lambda: len(desk.streams.get("APEX-1", Stream()).sessions) == 1, 15)
        assert "too much waits" in platform.said()
        earlier = [body["seq"] for body in desk.arrived if body["session_id"] == "of before"]
        assert set(earlier) == {1, 200, 400, 600}
        assert desk.streams["APEX-1"].applied[0]["kind"] == "snapshot"
        eventually(lambda: not queued(machine), 5)
        platform.end()
