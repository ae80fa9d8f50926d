"""A directory to crash in, made once and copied for each test."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import PASSWORD, shell_on
from tests.crash.ward import DESKS, Ward


@pytest.fixture(scope="session")
def crash_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with a user, two strategies, and a third one whose orders fill one by one."""
    folder = tmp_path_factory.mktemp("crash") / "data"
    found(folder)
    return folder


def found(folder: Path) -> None:
    """Do in the folder what a new user does first."""
    shell = shell_on(folder)
    shell.ok("migrate")
    shell.ok("user", "create", "ann", SIGNALBOX_PASSWORD=PASSWORD)
    shell.ok("account", "create", "thin", "--set", "liquidity_per_quote=1")
    for name, (symbol, account) in DESKS.items():
        shell.ok("strategy", "create", name, "--symbol", symbol, "--account", account)


def copied(template: Path, data_dir: Path) -> Ward:
    """A copy of that directory in ``data_dir``."""
    shutil.copytree(template, data_dir)
    return Ward(data_dir)


@pytest.fixture
def ward(crash_template: Path, tmp_path: Path) -> Iterator[Ward]:
    """A copy of that directory; whatever server still runs on it is ended."""
    made = copied(crash_template, tmp_path / "data")
    yield made
    made.server.kill()
