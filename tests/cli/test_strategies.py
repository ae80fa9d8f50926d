"""Accounts and strategies from the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import PASSWORD, Shell


def test_a_new_user_has_a_paper_account_named_paper(ready: Shell) -> None:
    found = ready.json("account", "list")
    assert [(each["name"], each["mode"], each["starting_cash"]) for each in found] == [
        ("paper", "paper", "100000")
    ]


def test_the_costs_of_an_account_are_changed_and_its_other_settings_stay(ready: Shell) -> None:
    ready.ok("account", "change", "paper", "--set", "commission_per_unit=2.25")
    changed = ready.json("account", "change", "paper", "--set", "slippage_ticks=1")
    assert changed["settings"] == "commission_per_unit=2.25 slippage_ticks=1"


def test_a_change_of_an_account_says_what_it_needs(ready: Shell) -> None:
    assert "Say what to change" in ready.run("account", "change", "paper").output
    unknown = ready.run("account", "change", "paper", "--set", "colour=red")
    assert unknown.exit_code == 2
    assert "colour" in unknown.output


def test_the_first_command_in_an_empty_directory_makes_it_ready(tmp_path: Path) -> None:
    shell = Shell(tmp_path / "new", {"DATA_DIR": str(tmp_path / "new"), "DATABASE_URL": None})
    made = shell.json("strategy", "create", "First", "--symbol", "ES", "--account", "paper")
    assert made["webhook_url"].endswith(made["webhook_key"])
    assert [each["name"] for each in shell.json("account", "list")] == ["paper"]


def test_an_account_is_made_with_its_costs(ready: Shell) -> None:
    ready.ok("account", "create", "second", "--cash", "50000.50", "--set", "slippage_ticks=1")
    found = ready.json("account", "list")
    assert [(each["name"], each["starting_cash"]) for each in found][1] == ("second", "50000.5")


def test_an_unknown_cost_is_refused_by_its_name(ready: Shell) -> None:
    result = ready.run("account", "create", "second", "--set", "slippage=1")
    assert result.exit_code == 2
    assert "slippage" in result.stderr


def test_a_new_strategy_prints_its_id_name_key_and_address(ready: Shell) -> None:
    made = ready.json("strategy", "create", "First", "--symbol", "ES", "--account", "paper")
    assert list(made) == ["id", "name", "webhook_key", "webhook_url"]
    assert made["webhook_url"] == f"http://127.0.0.1:1/webhook/{made['webhook_key']}"


def test_the_address_is_the_public_one_where_there_is_one(ready: Shell) -> None:
    made = ready.json("strategy", "create", "First", "--symbol", "ES", PUBLIC_URL="https://a.test/")
    assert made["webhook_url"] == f"https://a.test/webhook/{made['webhook_key']}"


def test_strategies_are_listed_for_people_too(ready: Shell) -> None:
    assert "no strategy yet" in ready.ok("strategy", "list")
    ready.ok("strategy", "create", "First", "--symbol", "ES")
    lines = ready.ok("strategy", "list").splitlines()
    assert lines[0].split() == ["id", "name", "symbol", "state", "accounts"]
    assert lines[1].split()[1:] == ["First", "ES", "on", "paper"]


@pytest.mark.parametrize(
    ("command", "state"),
    [
        (["disable"], "off"),
        (["disable", "--no-new-entries"], "no_new_entries"),
        (["enable"], "on"),
        (["enable", "--no-new-entries"], "no_new_entries"),
    ],
)
def test_a_strategy_is_switched_by_its_name(ready: Shell, command: list[str], state: str) -> None:
    made = ready.json("strategy", "create", "First", "--symbol", "ES")
    switched = ready.json("strategy", *command, "First")
    assert switched == {"id": made["id"], "name": "First", "state": state}
    assert [each["state"] for each in ready.json("strategy", "list")] == [state]


def test_a_rotated_key_is_another_one(ready: Shell) -> None:
    made = ready.json("strategy", "create", "First", "--symbol", "ES")
    rotated = ready.json("strategy", "rotate-key", made["id"], "--overlap", "0")
    assert rotated["id"] == made["id"]
    assert rotated["webhook_key"] != made["webhook_key"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--symbol", "NOPE123"], "NOPE123"),
        (["--symbol", "ES", "--set", "max_position"], "name=value"),
        (["--symbol", "ES", "--set", "max_position=many"], "max_position"),
        (["--symbol", "ES", "--set", "largest=3"], "largest"),
    ],
)
def test_what_cannot_be_used_is_refused_with_what_to_change(
    ready: Shell, arguments: list[str], said: str
) -> None:
    result = ready.run("strategy", "create", "First", *arguments)
    assert result.exit_code == 2
    assert said in result.stderr
    assert ready.json("strategy", "list") == []


def test_an_unknown_account_is_named(ready: Shell) -> None:
    result = ready.run("strategy", "create", "First", "--symbol", "ES", "--account", "gold")
    assert result.exit_code == 1
    assert "'gold'" in result.stderr


def test_one_users_strategies_are_not_anothers(ready: Shell) -> None:
    ready.ok("strategy", "create", "First", "--symbol", "ES")
    ready.ok("user", "create", "bob", "--password", PASSWORD)
    assert ready.json("strategy", "list", "--user", "bob") == []
    assert ready.run("strategy", "disable", "First", "--user", "bob").exit_code == 1
