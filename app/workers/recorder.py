"""The recorder's worker: wakes at each full second."""

from __future__ import annotations

from datetime import datetime

from app.services.pnl import Recorder

#: How often the worker looks whether a new second has begun, in seconds.
EVERY = 0.05


class RecordWorker:
    """Records each second once."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder

    def step(self, now: datetime) -> bool:
        """Record the second of ``now`` unless it is recorded; never more to do at once."""
        self._recorder.tick(now)
        return False
