"""Commands that no server may trade beside."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from app.commands.parts.opening import alone
from app.config import Settings
from tests.cli.conftest import Shell


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_c20_the_database_of_a_server_that_trades_is_not_restored(
    ready: Shell, tmp_path: Path, kind: str, request: pytest.FixtureRequest
) -> None:
    if kind == "postgres":
        ready.env["DATABASE_URL"] = request.getfixturevalue("postgres_store_url")
    backup = str(tmp_path / "kept")
    ready.ok("backup", backup)
    url = ready.env["DATABASE_URL"]
    settings = Settings(_env_file=None, data_dir=ready.data_dir, database_url=url)
    with alone(settings):
        result = ready.run("restore", backup)
    assert result.exit_code == 1
    assert f"process {os.getpid()}, trades on this database: stop it first." in result.stderr
    ready.ok("restore", backup)
