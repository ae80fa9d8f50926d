"""The worker of funded accounts that looks at the clock: days that end, add-ons that are silent."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from app.services.funded.resets import Resets
from app.services.funded.silence import Silence

#: How often the worker looks at the clock, in seconds.
RESETS_EVERY: Final = 0.5


class ResetWorker:
    """Ends the days that are over, and once a second hears who has fallen silent."""

    def __init__(self, resets: Resets, silence: Silence) -> None:
        self._resets = resets
        self._silence = silence
        self._second: int | None = None

    def step(self, now: datetime) -> bool:
        """End one account's day; returns whether another one is due."""
        second = int(now.timestamp())
        if second != self._second:
            self._second = second
            self._silence.step(now)
        return self._resets.step(now)
