"""Long work in small pieces, so that everything else gets its turn."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from app.domain.statements.lots import T, Work
from app.services.ports import Clock

#: Seconds of work between two rests.
TURN_S: Final = 0.008


class Breath:
    """Rests whenever a turn is over; one for each piece of long work."""

    def __init__(self, clock: Clock, rest: Callable[[], None]) -> None:
        self._clock = clock
        self._rest = rest
        self._began = clock.monotonic()

    def take(self) -> None:
        """Rest when the turn is over."""
        if self._clock.monotonic() - self._began >= TURN_S:
            self.rest()

    def rest(self) -> None:
        """Rest now."""
        self._rest()
        self._began = self._clock.monotonic()

    def through(self, work: Work[T]) -> T:
        """Do the work with rests in between, and return what comes of it."""
        while True:
            try:
                next(work)
            except StopIteration as end:
                result: T = end.value
                return result
            self.take()
