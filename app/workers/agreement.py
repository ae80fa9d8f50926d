"""The agreement's worker: carries a run on, and begins the night's when it is due."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final

from app.domain.errors import Conflict
from app.domain.safety.agreement import Asked, Run, RunState, last_quiet
from app.domain.sessions import Roll
from app.services.agreement import Agreement

#: How often it is looked whether a run is due, and how long a run rests, in seconds.
AGREEMENT_EVERY: Final = 1.0
#: How long after its start a server has other things to do.
_SETTLING: Final = timedelta(minutes=2)
#: How long after a run that could not go on, or another server's, the next one is tried.
_AGAIN: Final = timedelta(hours=1)


class AgreementWorker:
    """Runs the comparison once a day after ``roll``; what was missed is made up."""

    def __init__(self, agreement: Agreement, roll: Roll) -> None:
        self._agreement = agreement
        self._roll = roll
        self._began: datetime | None = None
        self._last: Run | None = None

    def step(self, now: datetime) -> bool:
        """Do one piece of a run, or begin one that is due; returns whether to go on at once."""
        if self._agreement.going:
            return self._agreement.step()
        self._began = self._began or now
        if now - self._began < _SETTLING or not self._due(now):
            return False
        with suppress(Conflict):
            self._agreement.begin(Asked.NIGHTLY)
        return self._agreement.going

    def _due(self, now: datetime) -> bool:
        """Whether no run has begun since the books were to be compared last."""
        quiet = last_quiet(now, self._roll)
        if self._last is None or self._last.began_at < quiet:
            self._last = self._agreement.last()
        last = self._last
        if last is None:
            return True
        if last.state in {RunState.BROKEN, RunState.RUNNING}:
            self._last = None
            return now - last.began_at > _AGAIN
        return last.began_at < quiet
