"""The historian's worker: rolls curves up as they grow, then deletes what is old."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from app.services.history import Keeper, Roller

#: Seconds between two steps, so that a thousand curves are spread over the minute, and whatever is
#: behind takes a tenth of a core to catch up, not all of it.
HISTORY_EVERY: Final = 0.025


class Historian:
    """Does one short piece of work a step; what is deleted waits until everything is rolled up."""

    def __init__(self, roller: Roller, keeper: Keeper) -> None:
        self._roller = roller
        self._keeper = keeper

    def step(self, now: datetime) -> bool:
        """Roll a few curves on, or delete one chunk; there is never a hurry."""
        if not self._roller.step(now):
            self._keeper.step(now)
        return False
