"""Users and tokens from the command line."""

from __future__ import annotations

import pytest

from app.commands.parts.opening import opened
from tests.cli.conftest import PASSWORD, Shell

NEW = "another horse battery"


def test_a_user_is_made_with_a_password_from_the_environment(shell: Shell) -> None:
    shell.ok("migrate")
    made = shell.json("user", "create", "ann", SIGNALBOX_PASSWORD=PASSWORD)
    assert sorted(made) == ["id", "name"]
    assert made["name"] == "ann"


def test_a_user_is_asked_for_the_password_twice(shell: Shell) -> None:
    shell.ok("migrate")
    result = shell.run("user", "create", "ann", said=f"{PASSWORD}\n{PASSWORD}\n")
    assert result.exit_code == 0
    assert PASSWORD not in result.output


def test_a_short_password_is_refused_with_what_it_must_have(shell: Shell) -> None:
    shell.ok("migrate")
    result = shell.run("user", "create", "ann", "--password", "short")
    assert result.exit_code == 2
    assert "password" in result.stderr
    assert "characters" in result.stderr


def test_a_name_in_use_exits_with_1(ready: Shell) -> None:
    result = ready.run("user", "create", "ann", "--password", PASSWORD)
    assert result.exit_code == 1
    assert "already" in result.stderr


def signs_in(shell: Shell, monkeypatch: pytest.MonkeyPatch, password: str) -> bool:
    """Whether ann's password is this one."""
    monkeypatch.setenv("DATA_DIR", str(shell.data_dir))
    with opened() as made:
        return made.users.verify("ann", password) is not None


def test_a_new_password_signs_in_and_the_old_one_no_longer_does(
    ready: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert ready.json("user", "password", "ann", SIGNALBOX_PASSWORD=NEW)["name"] == "ann"
    assert signs_in(ready, monkeypatch, NEW)
    assert not signs_in(ready, monkeypatch, PASSWORD)


def test_a_new_password_is_asked_for_twice_and_never_shown(ready: Shell) -> None:
    result = ready.run("user", "password", "ann", said=f"{NEW}\n{NEW}\n")
    assert result.exit_code == 0
    assert "ann has a new password." in result.output
    assert NEW not in result.output


def test_a_new_password_that_is_too_short_leaves_the_old_one(
    ready: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = ready.run("user", "password", "ann", "--password", "short")
    assert result.exit_code == 2
    assert "10 to 200 characters" in result.stderr
    assert signs_in(ready, monkeypatch, PASSWORD)


def test_nobody_has_no_password_to_change(ready: Shell) -> None:
    result = ready.run("user", "password", "bob", "--password", NEW)
    assert result.exit_code == 1
    assert "no user named 'bob'" in result.stderr


def test_the_first_user_takes_over_what_was_made_before(shell: Shell) -> None:
    shell.ok("migrate")
    shell.ok("account", "create", "early")
    shell.ok("user", "create", "ann", "--password", PASSWORD)
    found = shell.json("account", "list", "--user", "ann")
    assert [account["name"] for account in found] == ["early"]


def test_a_token_is_shown_once_and_belongs_to_the_only_user(ready: Shell) -> None:
    made = ready.json("token", "create", "laptop")
    assert sorted(made) == ["id", "name", "token"]
    assert len(made["token"]) >= 43


def test_a_token_without_a_user_is_refused(shell: Shell) -> None:
    shell.ok("migrate")
    result = shell.run("token", "create", "laptop")
    assert result.exit_code == 2
    assert "user create" in result.stderr


def test_among_several_users_one_has_to_be_named(ready: Shell) -> None:
    ready.ok("user", "create", "bob", "--password", PASSWORD)
    result = ready.run("token", "create", "laptop")
    assert result.exit_code == 2
    assert "--user" in result.stderr
    assert "ann, bob" in result.stderr
    assert ready.json("token", "create", "laptop", "--user", "bob")["name"] == "laptop"
