"""``python -m app addon-sim`` over a real connection."""

from __future__ import annotations

import hashlib
import hmac
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from app.addonsim.link import Answer
from app.addonsim.script import read
from app.cli import commands
from tests.support.addon_desk import AddonDesk, listening

KEY = "sbk_test"


def play(*arguments: str, key: str | None = KEY) -> Result:
    env = {"ADDON_KEY": key}
    return CliRunner().invoke(commands, ["addon-sim", *arguments], env=env)


def test_a_scenario_reaches_the_server_through_losses_and_is_summed_up() -> None:
    desk = AddonDesk()
    bad_line = ["--drop", "0.2", "--duplicate", "0.3", "--reorder", "3", "--gap", "2"]
    with listening(desk) as address:
        server = ["--server", address, "--scenario", "soft-breach", "--account", "APEX-1"]
        result = play(*server, *bad_line, "--restart", "9", "--speed", "500", "--json")
    assert result.exit_code == 0, result.output
    summary = json.loads(result.stdout)
    assert summary["unacknowledged"] == 0
    assert summary["sent"] > summary["messages"] > 22
    assert set(desk.streams["APEX-1"].executions) == {"APEX-1-e1", "APEX-1-e2", "APEX-1-e3"}


def test_each_message_carries_the_key_and_where_wanted_a_signature_of_its_very_bytes(
    tmp_path: Path,
) -> None:
    script = tmp_path / "day.jsonl"
    script.write_text('{"at": 0, "account": "A"}\n')
    desk = AddonDesk()
    with listening(desk) as address:
        assert play("--server", address, "--script", str(script), "--sign").exit_code == 0
    (sent,) = desk.headers
    assert sent["path"] == "/api/v1/ninjatrader/account-update"
    assert sent["Authorization"] == f"Bearer {KEY}"
    stamp, signature = (part.split("=")[1] for part in sent["X-Signature"].split(","))
    content = f"{stamp}.{sent['body']}".encode()
    assert signature == hmac.new(KEY.encode(), content, hashlib.sha256).hexdigest()


def test_a_refused_key_exits_with_1_and_never_shows_the_key() -> None:
    desk = AddonDesk(scripted=[Answer(401, {"error_code": "ADDON_KEY", "detail": "No such key."})])
    with listening(desk) as address:
        result = play("--server", address, "--scenario", "winning-day", "--speed", "1000")
    assert result.exit_code == 1
    assert "401: ADDON_KEY: No such key." in result.output
    assert KEY not in result.output


def test_a_server_that_is_not_there_exits_with_1() -> None:
    server = ["--server", "http://127.0.0.1:9", "--patience", "0.1"]
    result = play(*server, "--scenario", "winning-day", "--speed", "9999")
    assert result.exit_code == 1


def test_a_scenario_can_be_printed_as_a_script_without_a_server() -> None:
    result = play("--scenario", "two-accounts", "--print", key=None)
    assert result.exit_code == 0
    assert len(read(result.stdout)) > 40


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        ((), "Give a --script or a --scenario."),
        (("--scenario", "winning-day", "--drop", "2"), "drop is a chance"),
        (("--scenario", "winning-day"), "ADDON_KEY"),
    ],
)
def test_what_is_missing_or_wrong_is_one_sentence_and_exit_code_2(
    arguments: tuple[str, ...], fault: str
) -> None:
    result = play("--server", "http://127.0.0.1:9", *arguments, key=None)
    assert result.exit_code == 2
    assert fault in result.output
