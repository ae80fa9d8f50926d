"""Who goes first: while alerts press in, taking them comes before executing them.

A sender gives up after three seconds and an order can wait a few hundredths of a second.  So after
each execution the server listens for a moment; when alerts came in a stream meanwhile, the next one
stands back, twice as long each time up to a bound.  Without pressure nothing waits.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

#: How long the server listens after an execution, in seconds.
LISTEN_S: Final = 0.002
#: The longest that execution stands back, in seconds.
LONGEST_S: Final = 0.05
#: Alerts a second that press, at least two of them: more than people's strategies send for long.
PRESSING: Final = 150
#: When nothing arrived for so long, nobody listens, in seconds.
QUIET_S: Final = 0.1


class Pace:
    """Shares one process between intake and execution; ``monotonic`` counts seconds."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._arrivals = 0
        self._arrived_at = float("-inf")
        self._seen = 0
        self._began_at = float("-inf")
        self._pause = 0.0
        self._listen_until: float | None = None
        self._next = float("-inf")
        self._claimed_at = float("-inf")

    def arrived(self) -> None:
        """Note the arrival of an alert."""
        self._arrivals += 1
        self._arrived_at = self._monotonic()

    def may_execute(self) -> bool:
        """Whether the next alert may be executed now."""
        now = self._monotonic()
        if now - self._arrived_at > QUIET_S:
            return True
        if self._listen_until is not None and now >= self._listen_until:
            self._judge(now)
        return now >= self._next

    def may_claim(self) -> bool:
        """Whether alerts may be claimed now: under pressure many at a time, not each by itself."""
        now = self._monotonic()
        pressed = self._pause > 0 and now - self._arrived_at <= QUIET_S
        if pressed and now - self._claimed_at < LONGEST_S:
            return False
        self._claimed_at = now
        return True

    def began(self) -> None:
        """Note that an execution begins."""
        self._seen = self._arrivals
        self._began_at = self._monotonic()

    def ended(self) -> None:
        """Note that an execution ended: listen before the next one."""
        self._listen_until = self._next = self._monotonic() + LISTEN_S

    def _judge(self, now: float) -> None:
        arrived, elapsed = self._arrivals - self._seen, now - self._began_at
        pressed = arrived > 1 and arrived >= PRESSING * elapsed
        self._pause = min(max(self._pause * 2, 2 * LISTEN_S), LONGEST_S) if pressed else 0.0
        self._listen_until = None
        self._next = now + self._pause
