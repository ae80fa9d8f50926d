"""The measurer's worker: keeps the figures of trading days once they are over."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from app.services.journal import Snapshots

#: Seconds between two pieces of work, so that a run of any length is hardly felt.
MEASURE_EVERY: Final = 0.1


class Measurer:
    """Does one short piece of work a step."""

    def __init__(self, snapshots: Snapshots) -> None:
        self._snapshots = snapshots

    def step(self, now: datetime) -> bool:
        """Go on with what is under way; never more to do at once."""
        self._snapshots.step(now)
        return False
