"""The worker that ends the trading days of funded accounts."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from app.services.funded.resets import Resets

#: How often the worker looks at the clock, in seconds.
RESETS_EVERY: Final = 0.5


class ResetWorker:
    """Ends the days that are over."""

    def __init__(self, resets: Resets) -> None:
        self._resets = resets

    def step(self, now: datetime) -> bool:
        """End one account's day; returns whether another one is due."""
        return self._resets.step(now)
