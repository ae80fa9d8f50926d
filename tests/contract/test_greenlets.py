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


def passed_as_greenlets(*arguments: str) -> int:
    """How many cases passed; none may fail."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.contract.greenlets", "-p", "no:cacheprovider", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=LONGEST_S,
    )
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
    passed = re.search(r"(\d+) passed", done.stdout)
    assert passed is not None
    return int(passed[1])


def test_every_case_passes_as_greenlets_too() -> None:
    assert passed_as_greenlets() > 100


def test_streams_and_the_venue_that_opens_them_work_as_greenlets_too() -> None:
    files = ("net/test_stream.py", "alpaca/test_streams.py", "alpaca/test_venue.py")
    places = [str(ROOT / "tests" / "brokers" / each) for each in files]
    assert passed_as_greenlets("-m", "hardship or not hardship", *places) > 50
