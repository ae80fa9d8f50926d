"""Users and tokens from the command line."""

from __future__ import annotations

from tests.cli.conftest import PASSWORD, Shell


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
