"""The five recorded days of ES in virtual time, and that they lead to the expected books."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

from app.bootstrap import ROOT
from bench.figures import Figure, at_most
from bench.run import Run

_DAYS: Final = "ESZ3_20131006-10"
_SECONDS: Final = at_most(20)
_OPTIONS: Final = {"symbol": "ESZ2013", "commission": "2.25", "roll": "16:00 America/Chicago"}


def measure(_run: Run) -> list[Figure]:
    """Return the time that the replay takes; nothing where DATA_SAMPLES names no recordings."""
    samples = Path(os.environ.get("DATA_SAMPLES", ""))
    expected = samples / f"{_DAYS}.expected.json"
    if not expected.exists():
        print("DATA_SAMPLES names no folder with the recorded days: not measured.", file=sys.stderr)
        return []
    began = time.perf_counter()
    done = subprocess.run(_command(samples), cwd=ROOT, capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - began
    assert done.returncode == 0, done.stderr
    fills = _fills(json.loads(done.stdout))
    assert fills == _fills(json.loads(expected.read_text(encoding="utf-8"))), "The books differ."
    note = f"{fills} fills, as expected; with the start of the program"
    return [Figure("replay", "five days of ES", seconds, "s", _SECONDS, note)]


def _command(samples: Path) -> list[str]:
    files = {"quotes": samples / f"{_DAYS}_1m.csv.gz", "alerts": samples / f"{_DAYS}.alerts.jsonl"}
    options = {name: str(path.resolve()) for name, path in files.items()} | _OPTIONS
    given = [word for name, value in options.items() for word in (f"--{name}", value)]
    return [sys.executable, "-m", "app", "replay", *given, "--json"]


def _fills(books: dict[str, list[object]]) -> int:
    return len(books["fills"])
