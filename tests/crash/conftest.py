"""A directory to crash in, made once and copied for each test."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.cli.conftest import PASSWORD, shell_on
from tests.crash.ward import Ward


@pytest.fixture(scope="session")
def crash_template(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A directory with a user and a strategy, and the strategy's webhook key."""
    folder = tmp_path_factory.mktemp("crash") / "data"
    shell = shell_on(folder)
    shell.ok("migrate")
    shell.ok("user", "create", "ann", SIGNALBOX_PASSWORD=PASSWORD)
    made = shell.json("strategy", "create", "First", "--symbol", "ES")
    return folder, str(made["webhook_key"])


@pytest.fixture
def ward(crash_template: tuple[Path, str], tmp_path: Path) -> Ward:
    """A copy of that directory."""
    folder, key = crash_template
    shutil.copytree(folder, tmp_path / "data")
    return Ward(tmp_path / "data", key)
