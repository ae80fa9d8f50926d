"""The command line as a whole: its help, its exit codes, and one sentence for each failure."""

from __future__ import annotations

import subprocess
import sys

import click
import pytest

from app.cli import COMMANDS, commands, sentence
from app.domain.errors import InvalidInput, NotFound
from tests.cli.conftest import Shell
from tests.support.tree import ROOT

HEAVY = ("flask", "sqlalchemy", "pydantic", "structlog", "numpy", "socketio", "requests")


@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_says_of_a_command_what_the_command_says_of_itself(name: str) -> None:
    command = commands.get_command(click.Context(commands), name)
    assert command is not None
    said = (command.help or "").partition("\n")[0]
    assert said.startswith(COMMANDS[name].help.rstrip("."))


def test_help_imports_nothing_that_takes_long() -> None:
    script = f"import sys, app.cli; print([m for m in {HEAVY!r} if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_an_unknown_command_is_bad_input(shell: Shell) -> None:
    assert shell.run("trade").exit_code == 2


def test_a_wrong_setting_is_one_sentence_with_its_name_and_exit_code_2(shell: Shell) -> None:
    result = shell.run("migrate", PORT="many")
    assert result.exit_code == 2
    assert "PORT" in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1


def test_a_wrong_database_url_never_falls_back_to_another_database(shell: Shell) -> None:
    result = shell.run("migrate", DATABASE_URL="mysql://somewhere/else")
    assert (result.exit_code, result.stdout) == (2, "")
    assert not (shell.data_dir / "signalbox.db").exists()


def test_a_database_without_tables_says_what_to_run(shell: Shell) -> None:
    shell.data_dir.mkdir()
    (shell.data_dir / "signalbox.db").touch()
    result = shell.run("strategy", "list")
    assert result.exit_code == 2
    assert "python -m app migrate" in result.stderr


def test_what_is_not_found_exits_with_1(ready: Shell) -> None:
    result = ready.run("strategy", "enable", "Nobody's")
    assert result.exit_code == 1
    assert "There is no strategy named" in result.stderr


def test_migrating_twice_changes_nothing(shell: Shell) -> None:
    first, second = shell.json("migrate"), shell.json("migrate")
    assert first == second
    assert first["revision"]


def test_a_sentence_names_the_fields_that_it_leaves_out() -> None:
    error = InvalidInput("The user cannot be created.", fields={"password": "is too short"})
    assert sentence(error) == "The user cannot be created. password: is too short."


def test_a_sentence_does_not_repeat_what_it_says_already() -> None:
    error = InvalidInput("The name is too long.", fields={"name": "is too long"})
    assert sentence(error) == "The name is too long."
    assert sentence(NotFound("There is none.")) == "There is none."
