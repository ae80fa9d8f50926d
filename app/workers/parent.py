"""The parent's watch: a worker whose master was killed must not go on trading as an orphan."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime


class ParentWatch:
    """Ends the process when its parent is another one than ``parent``: the master is gone.

    gunicorn's eventlet worker does not look; it would keep the port and every worker running
    beside the server that is started next.
    """

    def __init__(self, parent: int, current: Callable[[], int], end: Callable[[], None]) -> None:
        self._parent = parent
        self._current = current
        self._end = end

    def step(self, now: datetime) -> bool:  # noqa: ARG002  every worker's step takes the time
        """Look once; never more to do at once."""
        if self._current() != self._parent:
            self._end()
        return False
