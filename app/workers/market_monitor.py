"""The monitor of markets: asks the venue for its hours beside its steps, and tells what turned."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from app.services.market import HoursBook, MarketWatch
from app.workers.supervisor import Attempt, Spawn

#: How often it is looked whether a market opened or closed, in seconds.
MONITOR_EVERY: Final = 1.0
_NAME: Final = "market_monitor"


class MarketMonitor:
    """Looks at every market in each step; a venue that is slow to answer holds up none."""

    def __init__(
        self, hours: HoursBook, watch: MarketWatch, spawn: Spawn, attempt: Attempt
    ) -> None:
        self._hours = hours
        self._watch = watch
        self._spawn = spawn
        self._attempt = attempt
        self._asking = False

    def step(self, now: datetime) -> bool:
        """Start a question when one is due, and tell what is known; never more to do at once."""
        if self._hours.due() and not self._asking:
            self._asking = True
            self._spawn(self._ask)
        self._watch.look(now)
        return False

    def _ask(self) -> None:
        self._attempt(_NAME, self._hours.ask)
        self._asking = False
