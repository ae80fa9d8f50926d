"""The notifier's worker: each message is sent in a background task of its own."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from app.services.notices import Dispatcher
from app.workers.supervisor import Attempt, Spawn

#: How often the log is read on, in seconds.
NOTICES_EVERY: Final = 1.0
#: Messages under way at a time, so that silent services do not take all tasks.
_AT_ONCE: Final = 4


class NoticeWorker:
    """Reads the log on and starts what is due; a service that hangs holds up nothing else."""

    def __init__(self, dispatcher: Dispatcher, spawn: Spawn, attempt: Attempt) -> None:
        self._dispatcher = dispatcher
        self._spawn = spawn
        self._attempt = attempt
        self._busy: set[str] = set()

    def step(self, now: datetime) -> bool:
        """Read a piece of the log and start messages; whether there is more to read at once."""
        more = self._dispatcher.step(now)
        for channel_id in self._dispatcher.due(now):
            if channel_id not in self._busy and len(self._busy) < _AT_ONCE:
                self._busy.add(channel_id)
                self._spawn(self._deliver, channel_id)
        return more

    def _deliver(self, channel_id: str) -> None:
        self._attempt("notices", lambda: self._dispatcher.deliver(channel_id))
        self._busy.discard(channel_id)
