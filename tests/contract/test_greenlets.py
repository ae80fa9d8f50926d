"""The contract where the server lives: everything patched, every task a greenlet."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from tests.support.tree import ROOT

pytestmark = pytest.mark.hardship

#: Far more than the cases take, and less than a hub that stands still.
LONGEST_S = 300


def test_every_case_passes_as_greenlets_too() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.contract.greenlets", "-p", "no:cacheprovider"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=LONGEST_S,
    )
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
    passed = re.search(r"(\d+) passed", done.stdout)
    assert passed is not None
    assert int(passed[1]) > 100
