"""The probe: a task inside the server that wants to run each millisecond and notes how late it is.

Its lateness is what any other greenlet, and so any request, has to wait.  The processor time that
the server itself spent meanwhile tells its own part from what the disk and other programs took.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

#: How long the probe sleeps, in seconds.
PAUSE_S: Final = 0.001


class Probe:
    """Runs in the background of the process that it watches; times are on the monotonic clock."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._late: list[tuple[float, float, float]] = []

    def start(self) -> None:
        """Begin to watch: a greenlet where threads are greenlets, else a thread."""
        threading.Thread(target=self._watch, daemon=True).start()

    def save(self) -> None:
        """Write down what was seen."""
        self._path.write_text(json.dumps(self._late), encoding="utf-8")

    def _watch(self) -> None:
        while True:
            before, spent = time.monotonic(), time.process_time()
            time.sleep(PAUSE_S)
            late = time.monotonic() - before - PAUSE_S
            self._late.append((before, late, time.process_time() - spent))


@dataclass(frozen=True, slots=True)
class Stalls:
    """The longest stall of each second of a stretch of time, in milliseconds.

    ``longest`` are as long as others waited, ``own`` the most processor time in one of them.
    """

    longest: Sequence[float]
    own: Sequence[float]

    @staticmethod
    def read(path: Path, start: float, end: float) -> Stalls:
        """Return the stalls that a probe saw between two instants of the monotonic clock."""
        longest: dict[int, float] = {}
        own: dict[int, float] = {}
        for at, late, spent in json.loads(path.read_text(encoding="utf-8")):
            if start <= at < end:
                second = int(at - start)
                longest[second] = max(longest.get(second, 0.0), 1000 * late)
                own[second] = max(own.get(second, 0.0), 1000 * spent)
        return Stalls(list(longest.values()), list(own.values()))
