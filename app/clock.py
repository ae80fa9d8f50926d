"""The only reader of wall time, and the virtual clock that replays recorded days."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The current instant, aware UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds that never run backwards, for durations."""
        return time.monotonic()


class VirtualClock:
    """A clock that moves only when told: for replays of recorded days, and for tests."""

    def __init__(self, start: datetime) -> None:
        self._start = start
        self._now = start

    def now(self) -> datetime:
        """The instant that the clock was last moved to."""
        return self._now

    def monotonic(self) -> float:
        """Seconds since the clock was made."""
        return (self._now - self._start).total_seconds()

    def move_to(self, at: datetime) -> None:
        """Set the clock to ``at``, which may not lie before the current instant."""
        if at < self._now:
            raise ValueError("A virtual clock does not run backwards.")
        self._now = at

    def advance(self, seconds: float) -> None:
        """Move the clock on by ``seconds``."""
        self.move_to(self._now + timedelta(seconds=seconds))
