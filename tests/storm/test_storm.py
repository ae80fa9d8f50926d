"""Storms on real servers: an honest one passes, killed or not, and a liar is found out."""

from __future__ import annotations

import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from app.clock import SystemClock
from app.commands.serve import server_command
from app.domain.errors import InvalidInput
from app.storm.plan import Shape, messages, strikes
from app.storm.scratch import ScratchStorm
from app.storm.server import StormBroken
from app.storm.show import text, traces
from tests.support.serving import environment
from tests.support.tree import ROOT

pytestmark = pytest.mark.hardship

SHAPE = Shape(alerts=24, senders=4, strategies=2, resend=0.5, kills=1, restarts=0, seed=5)
CALM = Shape(alerts=24, senders=4, strategies=2, resend=0.0, kills=0, restarts=0, seed=5)


def storm(folder: Path, shape: Shape, said: list[str], *command: str) -> ScratchStorm:
    kept = environment(folder, 0, PYTHONPATH=str(ROOT))
    own = {name: kept[name] for name in kept if name not in {"DATA_DIR", "PORT", "DATABASE_URL"}}
    return ScratchStorm(
        shape=shape,
        directory=folder,
        command=command or server_command(),
        environment=own,
        clock=SystemClock(),
        say=said.append,
    )


def verdicts(report: dict[str, Any]) -> dict[str, bool]:
    return {each["number"]: each["holds"] for each in report["invariants"]}


def test_an_honest_server_passes_though_it_is_killed(tmp_path: Path) -> None:
    said: list[str] = []
    report: dict[str, Any] = storm(tmp_path / "storm", SHAPE, said).run()
    words = text(report)
    assert report["passed"], words
    assert (report["lost"], report["doubled"], report["open"]) == (0, 0, 0)
    assert [each["how"] for each in report["endings"]] == ["kill -9"]
    assert any("killed with -9" in line for line in said)
    assert report["counts"]["alerts"] == len(report["alerts"]) == 26
    assert report["counts"]["duplicates"] > 0
    assert all(row["alert_id"] and row["trace"] for row in report["alerts"])
    assert words.startswith("# Storm: passed, nothing lost and nothing doubled")
    assert len(traces(report).splitlines()) == 27


def test_a_server_that_acknowledges_and_forgets_is_found_out(tmp_path: Path) -> None:
    command = [*server_command()[:-1], "tests.storm.forgetful:app"]
    report: dict[str, Any] = storm(tmp_path / "storm", CALM, [], *command).run()
    assert not report["passed"]
    # Of 26 posts every seventh is lost.
    assert report["lost"] == 3
    assert verdicts(report) == {f"I{number}": number != 1 for number in range(1, 9)}
    words = text(report)
    assert words.startswith("# Storm: FAILED")
    assert "alert never-kept-7 was acknowledged and is gone" in words
    assert "not kept" in traces(report)


def test_a_server_that_does_not_start_is_no_verdict_but_a_sentence(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "raise RuntimeError('no pages here')"]
    with pytest.raises(StormBroken, match=r"^The server did not start: RuntimeError: no pages"):
        storm(tmp_path / "storm", CALM, [], *command).run()


def test_a_storm_that_is_stopped_before_its_end_proves_nothing(tmp_path: Path) -> None:
    running = storm(tmp_path / "storm", SHAPE, [])
    running.stop = threading.Event()
    running.stop.set()
    report = running.run()
    assert (report["passed"], report["interrupted"]) == (False, True)
    assert text(report).startswith("# Storm: interrupted, nothing is proven")


def test_the_same_seed_makes_the_same_storm_and_another_another() -> None:
    assert messages(SHAPE, "run") == messages(SHAPE, "run")
    assert strikes(SHAPE) == strikes(SHAPE)
    other = Shape(alerts=24, senders=4, strategies=2, resend=0.5, kills=1, restarts=0, seed=6)
    assert messages(SHAPE, "run") != messages(other, "run")
    assert strikes(SHAPE) != strikes(other)


@pytest.mark.parametrize(
    ("field", "value"),
    [("alerts", 0), ("senders", 65), ("strategies", 9), ("resend", 1.1), ("kills", -1)],
)
def test_a_storm_that_cannot_be_is_refused_with_its_field(field: str, value: float) -> None:
    with pytest.raises(InvalidInput) as refused:
        Shape(**{field: value})  # type: ignore[arg-type]
    assert field in refused.value.fields
