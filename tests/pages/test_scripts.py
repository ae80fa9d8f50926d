"""The parts of the pages' scripts that need no browser, run by Node.js."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from app.web import vendor
from tests.support.tree import ROOT

Run = Callable[..., str]

#: The oldest Node.js that has a test runner of its own.
OLDEST_NODE = 18

AMOUNTS = [
    "0", "0.004", "0.01", "-0.01", "1", "-1", "999.99", "-1234.56", "1234567.891", "0.1",
    "0.005", "-0.005", "0.015", "1.005", "2.675", "-1.115", "12345678.125", "0.00500001",
    "0.5", "2.5", "-0.125", "9999", "-9999.4", "10000", "12345.67", "-12345.67", "250000", None,
]  # fmt: skip


def node() -> str | None:
    """A Node.js that is new enough: from PATH, else beside our Python."""
    beside = str(Path(sys.executable).parent)
    for folder in (os.environ.get("PATH", ""), beside):
        found = shutil.which("node", path=folder)
        if found and major(found) >= OLDEST_NODE:
            return found
    return None


def major(program: str) -> int:
    told = subprocess.run([program, "--version"], capture_output=True, text=True, check=True)
    return int(told.stdout.strip().removeprefix("v").split(".")[0])


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Run JavaScript beside a copy of the scripts that Node.js takes for modules."""
    program = node()
    if program is None:
        pytest.skip(f"no Node.js {OLDEST_NODE} or later")
    folder = tmp_path_factory.mktemp("scripts")
    shutil.copytree(ROOT / "static" / "js", folder / "js")
    for path in Path(__file__).parent.glob("*.mjs"):
        shutil.copy(path, folder)
    (folder / "package.json").write_text('{"type": "module"}', encoding="utf-8")

    def start(*arguments: str) -> str:
        done = subprocess.run(
            [program, *arguments], cwd=folder, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return start


def test_the_browser_writes_amounts_as_the_server_does(run: Run) -> None:
    told = json.loads(run("amounts.mjs", json.dumps(AMOUNTS)))
    ours = [
        [vendor.money(each), vendor.pnl(each), vendor.short_pnl(each)]
        for each in (None if amount is None else Decimal(amount) for amount in AMOUNTS)
    ]
    assert told == ours


@pytest.mark.parametrize(
    "name", ["format.test.mjs", "feed.test.mjs", "faults.test.mjs", "market.test.mjs"]
)
def test_the_scripts_pass_their_own_tests(run: Run, name: str) -> None:
    run("--test", name)
