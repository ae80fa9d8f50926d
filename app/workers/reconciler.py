"""The reconciler's worker: each account is compared in a background task of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime
from typing import Final

from app.services.reconcile import Reconciler
from app.workers.supervisor import Attempt, Spawn

#: How often the worker looks which accounts are due, in seconds.
RECONCILE_EVERY: Final = 1.0
#: How long a start waits for the venues; accounts of those that are slower open nothing until then.
START_S: Final = 5.0
#: Accounts compared at a time, so that many silent venues do not take all tasks.
_AT_ONCE: Final = 16


class ReconcileWorker:
    """Starts a look at each account that is due; one that hangs holds up no other account."""

    def __init__(
        self,
        reconciler: Reconciler,
        spawn: Spawn,
        attempt: Attempt,
        wake: Callable[[], None],
        wait_s: float = START_S,
    ) -> None:
        """``wake`` is called after each look: what it booked may have to be looked after."""
        self._wait_s = wait_s
        self._reconciler = reconciler
        self._spawn = spawn
        self._attempt = attempt
        self._wake = wake
        self._busy: set[str] = set()
        self._ended = threading.Event()

    @property
    def running(self) -> bool:
        """Whether an account is being looked at."""
        return bool(self._busy)

    def start(self) -> tuple[str, ...]:
        """Look at every account before anything trades; return those that were too slow.

        They open no position until they were; the others do not wait for them.
        """
        accounts = self._reconciler.begin()
        for account_id in accounts:
            self._begin(account_id)
        self._wait(self._wait_s)
        return tuple(each for each in accounts if not self._reconciler.compared(each))

    def step(self, now: datetime) -> bool:  # noqa: ARG002  the reconciler reads its own clock
        """Start the looks that are due; never more to do at once."""
        for account_id in self._reconciler.due():
            if account_id not in self._busy and len(self._busy) < _AT_ONCE:
                self._begin(account_id)
        return False

    def _begin(self, account_id: str) -> None:
        self._busy.add(account_id)
        self._spawn(self._look, account_id)

    def _look(self, account_id: str) -> None:
        self._attempt("reconciler", lambda: self._reconciler.look(account_id))
        self._busy.discard(account_id)
        self._ended.set()
        self._wake()

    def _wait(self, seconds: float) -> None:
        """Wait until no look is under way, but not longer than this."""
        rounds = round(seconds / 0.1)
        for _ in range(rounds):
            if not self._busy:
                return
            self._ended.wait(0.1)
            self._ended.clear()
