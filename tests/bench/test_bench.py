"""The bench as it is run, with small numbers: that it measures, not what."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from bench.__main__ import PARTS
from tests.support.tree import ROOT


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run ``python -m bench``, with no recordings to replay."""
    environment = {name: value for name, value in os.environ.items() if name != "DATA_SAMPLES"}
    return subprocess.run(
        [sys.executable, "-m", "bench", *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=180,
    )


def measured(*parts: str) -> dict[str, Any]:
    done = run(*parts, "--quick", "--json")
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_a_part_that_does_not_exist_is_refused_with_those_that_do() -> None:
    done = run("nothing")
    assert done.returncode == 2
    assert all(part in done.stderr for part in PARTS)


def test_without_recordings_the_replay_says_so_and_measures_nothing() -> None:
    done = run("replay", "--json")
    assert "DATA_SAMPLES" in done.stderr
    assert json.loads(done.stdout)["figures"] == []


@pytest.mark.hardship
def test_intake_and_ticks_are_measured_and_the_machine_is_named_beside_them() -> None:
    found = measured("webhook", "recorder")
    names = {figure["name"] for figure in found["figures"]}
    for kind in ("intake alone", "exits while flat", "trades, executed"):
        for clients in ("1 client", "64 clients"):
            assert {f"{kind}, {clients}", f"{kind}, {clients}, CPU"} <= names
    for event in ("pnl_update", "strategy_pnl_update", "position_update"):
        assert f"5 sockets, every figure: {event}, p99" in names
    assert {"no socket: longest stall", "memory"} <= names
    assert found["quick"] is True
    assert found["machine"]["cores"] == os.cpu_count()


@pytest.mark.hardship
def test_reading_of_years_their_size_and_the_historian_are_measured() -> None:
    figures = {each["name"]: each for each in measured("history")["figures"]}
    for asked in ("drawdown", "calendar", "chart"):
        for days in ("1 day", "30 days", "1 year"):
            assert figures[f"{asked}, {days}, p95"]["value"] > 0
    assert figures["size, rolled up"]["value"] < figures["size, seconds"]["value"]
    assert "webhook beside the historian, p99" in figures


@pytest.mark.hardship
def test_the_way_of_an_add_ons_message_to_the_browser_is_measured() -> None:
    found = {figure["name"]: figure for figure in measured("addon")["figures"]}
    assert set(found) == {
        "message to browser event, p50",
        "message to browser event, p99",
        "messages taken",
    }
    assert found["message to browser event, p50"]["note"].startswith("40 of 40 messages")
    assert ", 0 lost;" in found["messages taken"]["note"]


@pytest.mark.hardship
def test_a_stream_of_prices_is_measured_beside_orders_at_the_venue() -> None:
    found = {figure["name"]: figure for figure in measured("stream")["figures"]}
    assert found["trades lost"]["note"] == (
        "4000 trades sent in 2 s, 4000 received before any was left out"
    )
    assert found["webhook answered, p99"]["value"] > 0
    assert " 4 fills;" in found["webhook answered, p99"]["note"]
    assert "processor time of the stream" in found
