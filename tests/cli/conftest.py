"""The command line in this process, on a directory of its own."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from app.cli import commands

PASSWORD = "correct horse battery"


@dataclass
class Shell:
    """A terminal: runs commands and remembers nothing but the directory of the data."""

    data_dir: Path
    env: dict[str, str | None]

    def run(self, *arguments: str, said: str = "", **env: str) -> Result:
        """Run a command, failures of its own included."""
        result = CliRunner().invoke(
            commands, list(arguments), env={**self.env, **env}, input=said, catch_exceptions=False
        )
        assert "Traceback" not in result.output
        return result

    def ok(self, *arguments: str, **env: str) -> str:
        """What a command that succeeds prints."""
        result = self.run(*arguments, **env)
        assert result.exit_code == 0, result.output
        return result.stdout

    def json(self, *arguments: str, **env: str) -> Any:  # noqa: ANN401  JSON
        """What a command prints for programs."""
        return json.loads(self.ok(*arguments, "--json", **env))


def shell_on(folder: Path) -> Shell:
    """A terminal whose data is in ``folder``, without this machine's own settings."""
    env: dict[str, str | None] = {
        "DATA_DIR": str(folder),
        "DATABASE_URL": None,
        "PORT": "1",
        "HOST": None,
        "SIGNALBOX_PASSWORD": None,
    }
    return Shell(folder, env)


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory after ``migrate`` and a first user, made once for all tests."""
    folder = tmp_path_factory.mktemp("cli") / "data"
    shell = shell_on(folder)
    shell.ok("migrate")
    shell.ok("user", "create", "ann", SIGNALBOX_PASSWORD=PASSWORD)
    return folder


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    """A terminal before anything was set up; a file .env of this checkout is out of sight."""
    monkeypatch.chdir(tmp_path)
    return shell_on(tmp_path / "data")


@pytest.fixture
def ready(shell: Shell, template: Path) -> Shell:
    """A terminal after ``migrate`` and a first user."""
    shutil.copytree(template, shell.data_dir)
    return shell
