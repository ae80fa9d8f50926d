"""The settler's worker: books what venues report, and looks after protection, as it comes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from app.services.trading.protect import Protector
from app.services.trading.settle import Settler
from app.workers.supervisor import Attempt, Spawn


class SettleWorker:
    """Books one batch a step, and has the accounts that it touched looked after.

    Each account is looked after in a background task of its own, so that a venue that hangs holds
    up no other account and no booking.  ``wake`` is called when such a task has ended.
    """

    def __init__(
        self,
        settler: Settler,
        protector: Protector,
        spawn: Spawn,
        attempt: Attempt,
        wake: Callable[[], None],
    ) -> None:
        self._settler = settler
        self._protector = protector
        self._spawn = spawn
        self._attempt = attempt
        self._wake = wake
        self._busy: set[str] = set()

    @property
    def running(self) -> bool:
        """Whether an account is being looked after."""
        return bool(self._busy)

    def step(self, now: datetime) -> bool:  # noqa: ARG002  the settler reads its own clock
        """Do one batch; returns whether more reports wait."""
        self._settler.settle()
        for account_id in self._protector.due() - self._busy:
            self._busy.add(account_id)
            self._spawn(self._tend, account_id)
        return self._settler.waiting

    def _tend(self, account_id: str) -> None:
        self._attempt("settler", lambda: self._protector.tend(account_id))
        self._busy.discard(account_id)
        self._wake()
