"""A clock that can be set, as a person or a time server sets a machine's; durations go on."""

from __future__ import annotations

from datetime import datetime, timedelta

from app.clock import VirtualClock


class JumpingClock(VirtualClock):
    """A virtual clock whose wall time jumps by what ``jump`` says; ``monotonic`` never does."""

    def __init__(self, start: datetime) -> None:
        super().__init__(start)
        self._off = timedelta(0)

    def now(self) -> datetime:
        """The wall time that everybody reads."""
        return super().now() + self._off

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.move_to(super().now() + timedelta(seconds=seconds))

    def jump(self, hours: float) -> None:
        """Set the wall clock forwards, or back when negative."""
        self._off += timedelta(hours=hours)
