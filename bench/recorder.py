"""The recorder with many strategies: how long its ticks hold everybody up, and how late events are.

Every strategy holds a position on a market that moves, so that each second every figure changes:
the worst case.  All sockets belong to the one user who owns all strategies, which is the worst case
as well: each is sent every strategy's figures.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Final

from app.bootstrap import ROOT
from bench.figures import Figure, at_most, percentile
from bench.load import closed, post
from bench.probe import Stalls
from bench.run import Run
from bench.servers import Server, signalbox
from bench.stage import Stage, entry, staged

_PART: Final = "recorder"
SYMBOLS: Final = ("ES", "NQ", "YM", "RTY", "CL", "GC", "MES", "MNQ", "MCL", "MGC", "SI", "ZN")
_STALL_MS: Final = at_most(50)
_DELAY_MS: Final = at_most(100)
_WARM_UP_S: Final = 5
_SUMMARY: Final = ("pnl",)
_EVERYTHING: Final = ("pnl", "strategies", "positions")


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of the monotonic clock in which one thing was measured."""

    what: str
    start: float
    end: float


def measure(run: Run) -> list[Figure]:
    """Return stalls and delays; about two minutes."""
    strategies, clients = run.pick(1000, 20), run.pick(100, 5)
    probe = run.directory / "probe.json"
    path = run.directory / _PART
    with (
        staged(path, strategies, SYMBOLS, "synthetic") as stage,
        signalbox(stage.settings, probe=probe) as server,
    ):
        enter(stage, server, strategies)
        time.sleep(run.pick(_WARM_UP_S, 1))
        figures, windows = _observed(stage, server, clients, run.pick(15, 2))
        figures.append(_memory(server, strategies))
    stalls = [figure for window in windows for figure in _stalls(window, probe, strategies)]
    return [*stalls, *figures]


def enter(stage: Stage, server: Server, strategies: int) -> None:
    """Let so many strategies open a position."""
    chosen = (SYMBOLS[number % len(SYMBOLS)] for number in range(strategies))
    sent = (post(path, entry(symbol)) for path, symbol in zip(stage.paths, chosen, strict=False))
    time.sleep(2)
    closed(server.port, sent, 4, strategies).expect(202)
    stage.wait()
    assert len(stage.filled()) == strategies, "Not every strategy holds a position."


def _observed(
    stage: Stage, server: Server, clients: int, seconds: int
) -> tuple[list[Figure], list[Window]]:
    figures, windows = [], []
    start, cpu = time.monotonic(), server.cpu_s()
    time.sleep(seconds)
    windows.append(Window("no socket", start, time.monotonic()))
    share = 100 * (server.cpu_s() - cpu) / seconds
    figures.append(Figure(_PART, "no socket, one core busy", share, "%"))
    for what, channels in (("totals", _SUMMARY), ("every figure", _EVERYTHING)):
        name = f"{clients} sockets, {what}"
        start, delays = _listened(stage, clients, seconds, channels)
        windows.append(Window(name, start, start + seconds))
        figures += delays.figures(name)
    return figures, windows


@dataclass(frozen=True, slots=True)
class Delays:
    """How late events were, in milliseconds, and how large at most, in bytes; by event."""

    late: dict[str, list[float]]
    largest: dict[str, int]

    def figures(self, name: str) -> Iterator[Figure]:
        """Yield the delay of each event."""
        for event, delays in sorted(self.late.items()):
            note = (
                f"{len(delays)} events of up to {self.largest[event] / 1024:.1f} KiB, median"
                f" {median(delays):.0f} ms, latest {max(delays):.0f} ms"
            )
            p99 = percentile(delays, 99)
            yield Figure(_PART, f"{name}: {event}, p99", p99, "ms", _DELAY_MS, note)


def _listened(
    stage: Stage, clients: int, seconds: int, channels: Sequence[str]
) -> tuple[float, Delays]:
    """Let clients listen; returns when they began, and how late their events were."""
    options = {
        "port": stage.settings.port,
        "token": stage.token,
        "clients": clients,
        "seconds": seconds,
        "channels": ",".join(channels),
    }
    # In one word with its name: one token in 64 begins with a dash.
    given = [f"--{name}={value}" for name, value in options.items()]
    command = [sys.executable, "-m", "bench.listener", *given]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        said = process.stdout.readline().strip()
        assert said == "ready", "The clients could not connect."
        start = time.monotonic()
        heard = json.loads(process.stdout.read())
    return start, Delays(heard["delays"], heard["bytes"])


def _stalls(window: Window, probe: Path, strategies: int) -> Iterator[Figure]:
    seen = Stalls.read(probe, window.start, window.end)
    note = (
        f"{strategies} active strategies; each second's longest: median"
        f" {median(seen.longest):.1f} ms, over {len(seen.longest)} s"
    )
    name = f"{window.what}: longest stall"
    yield Figure(_PART, name, max(seen.longest), "ms", _STALL_MS, note)
    yield Figure(_PART, f"{name}, the server's own CPU", max(seen.own), "ms")


def _memory(server: Server, strategies: int) -> Figure:
    note = f"highest resident memory of the worker, {strategies} strategies"
    return Figure(_PART, "memory", server.peak_mib(), "MiB", at_most(200), note)
