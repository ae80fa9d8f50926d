from __future__ import annotations

import json
import time
from pathlib import Path

from bench.probe import Probe, Stalls


def test_the_longest_stall_of_each_second_within_the_window_counts(tmp_path: Path) -> None:
    seen = [(9.9, 0.9, 0.9), (10.1, 0.002, 0.001), (10.5, 0.04, 0.03), (11.2, 0.01, 0.02)]
    path = tmp_path / "probe.json"
    path.write_text(json.dumps([*seen, (12.0, 0.8, 0.8)]), encoding="utf-8")
    assert Stalls.read(path, 10.0, 12.0) == Stalls([40.0, 10.0], [30.0, 20.0])


def test_the_probe_notes_how_late_it_runs(tmp_path: Path) -> None:
    probe = Probe(tmp_path / "probe.json")
    start = time.monotonic()
    probe.start()
    time.sleep(0.05)
    probe.save()
    stalls = Stalls.read(tmp_path / "probe.json", start, start + 1)
    assert 0 <= stalls.longest[0] < 1000
