"""The doctor says of each thing whether it is well, and what to do when it is not."""

from __future__ import annotations

import json
import socket
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from app.commands.rehearsal import rehearsed
from app.config import Settings
from app.domain.errors import InvariantBroken
from tests.cli.conftest import Shell
from tests.support.serving import free_port


def examined(shell: Shell, **env: str) -> tuple[int, Mapping[str, Any]]:
    """The exit code and the checks by name."""
    result = shell.run("doctor", "--json", **{"PORT": str(free_port()), **env})
    found = json.loads(result.stdout)
    assert found["ok"] is (result.exit_code == 0)
    return result.exit_code, {check["name"]: check for check in found["checks"]}


def test_all_is_well_after_the_first_start(ready: Shell) -> None:
    code, checks = examined(ready)
    assert [name for name, check in checks.items() if not check["ok"]] == []
    assert code == 0


def test_each_check_is_a_line_for_people(ready: Shell) -> None:
    lines = ready.ok("doctor", PORT=str(free_port())).splitlines()
    assert {line.split()[0] for line in lines} == {"ok"}
    assert len(lines) == 8


def test_d6_a_paper_signal_goes_the_whole_way_and_leaves_nothing_behind(ready: Shell) -> None:
    _, checks = examined(ready)
    assert checks["trade"]["ok"]
    assert "bought and closed" in checks["trade"]["detail"]
    with sqlite3.connect(ready.data_dir / "signalbox.db") as database:
        kept = database.execute("SELECT (SELECT count(*) FROM alerts), count(*) FROM orders")
        assert kept.fetchone() == (0, 0)
    database.close()


def test_d6_a_signal_that_is_not_carried_out_is_a_failure(tmp_path: Path) -> None:
    """Where every price is too old the moment it comes, nothing can be bought."""
    settings = Settings(_env_file=None, data_dir=tmp_path)
    broken = settings.model_copy(update={"quote_max_age_s": -1, "alert_price_max_age_s": -1})
    with pytest.raises(InvariantBroken, match="A paper signal to buy was not executed: "):
        rehearsed(broken)


def test_no_database_yet_says_what_to_run_and_makes_none(shell: Shell) -> None:
    code, checks = examined(shell)
    assert code == 1
    assert "python -m app serve" in checks["database"]["advice"]
    assert not shell.data_dir.exists()


def test_a_wrong_setting_is_the_first_thing_that_is_said(shell: Shell) -> None:
    code, checks = examined(shell, PORT="many")
    assert code == 1
    assert "PORT" in checks["settings"]["detail"]


def test_a_database_that_is_no_database_is_a_problem(shell: Shell) -> None:
    shell.data_dir.mkdir()
    (shell.data_dir / "signalbox.db").write_text("This is no database, it is a letter." * 50)
    code, checks = examined(shell)
    assert code == 1
    assert not checks["database"]["ok"]


def test_tables_that_are_missing_are_a_problem(shell: Shell) -> None:
    shell.data_dir.mkdir()
    (shell.data_dir / "signalbox.db").touch()
    _, checks = examined(shell)
    assert checks["database"]["ok"]
    assert not checks["migrations"]["ok"]
    assert not checks["broker"]["ok"]


def test_a_port_that_another_program_has_is_a_problem(ready: Shell) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        code, checks = examined(ready, PORT=str(other.getsockname()[1]))
    assert code == 1
    assert "already" in checks["port"]["detail"]
    assert checks["port"]["advice"]


def test_an_unknown_zone_is_a_problem_of_the_settings(ready: Shell) -> None:
    code, checks = examined(ready, DISPLAY_ZONE="Mars/Olympus")
    assert code == 1
    assert "DISPLAY_ZONE" in checks["settings"]["detail"]


def test_an_account_whose_settings_cannot_be_used_is_a_problem_of_the_broker(
    ready: Shell,
) -> None:
    with sqlite3.connect(ready.data_dir / "signalbox.db") as database:
        database.execute('UPDATE accounts SET settings = \'{"leverage": "none"}\'')
    database.close()
    code, checks = examined(ready)
    assert code == 1
    assert "leverage" in checks["broker"]["detail"]


def test_a_server_without_an_account_is_told_to_start_once(shell: Shell) -> None:
    shell.ok("migrate")
    _, checks = examined(shell)
    assert "no account" in checks["broker"]["detail"]
