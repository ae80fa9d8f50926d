"""The official client, in a process of its own, against the stand-in in another."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.alpaca import KEY, SECRET, outer_stand_in

pytestmark = pytest.mark.hardship

PROGRAM = Path(__file__).with_name("official_client.py")


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Any:  # noqa: ANN401  JSON
    """What the program found; it is started once for all tests here."""
    with outer_stand_in(tmp_path_factory.mktemp("alpaca")) as venue:
        done = subprocess.run(
            [sys.executable, str(PROGRAM), venue.address, venue.control, KEY, SECRET],
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_alpaca_py_trades_with_the_stand_in_unchanged(found: Any) -> None:  # noqa: ANN401
    assert found["rest"] == {
        "status": "ACTIVE",
        "open": True,
        "days": [
            "2026-11-23 16:00",
            "2026-11-24 16:00",
            "2026-11-25 16:00",
            "2026-11-27 13:00",
        ],
        "asset": "Apple Inc.",
        "legs": ["limit", "stop"],
        "chain": True,
        "by_own_id": "replaced",
        "equity": 100000.0,
    }


def test_alpaca_py_reads_prices_and_bars_from_the_stand_in(found: Any) -> None:  # noqa: ANN401
    prices = {"ask": 680.01, "trade": 680.0, "coin": 95000.0}
    assert found["data"] == {"bars": {"AAPL": 5, "MSFT": 5}, **prices}


def test_alpaca_py_understands_the_refusals_of_the_stand_in(found: Any) -> None:  # noqa: ANN401
    refused = [403, 40310000, "insufficient buying power"]
    assert found["refusals"] == {"refused": refused, "locked": 401}


def test_both_streams_of_alpaca_py_work_with_the_stand_in(found: Any) -> None:  # noqa: ANN401
    assert found["streams"] == {
        "events": ["new", "fill"],
        "fill": [270.01, 3.0, 3.0],
        "trades": True,
        "stopped": True,
    }


def test_alpaca_py_doubles_an_order_whose_answer_was_lost(found: Any) -> None:  # noqa: ANN401
    # When this fails after an upgrade, the client no longer sends again what may have been taken:
    # read what it does instead before its retries are trusted.
    assert found["doubling"]["unnamed"] == {"said": None, "orders": 2}


def test_an_order_with_our_own_id_is_not_doubled_by_alpaca_py(found: Any) -> None:  # noqa: ANN401
    said = "client_order_id must be unique"
    assert found["doubling"]["named"] == {"said": said, "orders": 1}
