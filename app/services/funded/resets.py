"""The end of each funded account's trading day, as work of its own and not of the next news."""

from __future__ import annotations

from collections import deque
from datetime import datetime, timedelta
from typing import Final

from app.domain.sessions import day_bounds
from app.propfirm import FundedAccount, Source
from app.services.funded.tracker import Tracker
from app.services.ports import Store, UnitOfWork

#: How long after a day's end an add-on's last news of it may still come in.
_ON_THE_WAY: Final = timedelta(seconds=10)
#: At least so often it is looked who is due, for accounts that were put under rules meanwhile.
_LOOKED_EVERY: Final = timedelta(seconds=10)


class Resets:
    """Ends days when they are over, one account in a transaction; what was missed is made up.

    A day that began already begins no second time, whoever began it.
    """

    def __init__(self, store: Store, tracker: Tracker) -> None:
        self._store = store
        self._tracker = tracker
        self._due: deque[str] = deque()
        self._looked: datetime | None = None
        self._next: datetime | None = None

    def step(self, now: datetime) -> bool:
        """End the day of one account that is due; returns whether to go on at once."""
        if not self._due and self._looks(now):
            self._look(now)
        if not self._due:
            return False
        # What raises is left out until it is looked again, so that it holds up nobody else.
        account_id = self._due.popleft()
        with self._store.write() as uow:
            self._tracker.end_day(uow, account_id, now)
        return bool(self._due)

    def _looks(self, now: datetime) -> bool:
        if self._looked is None or self._next is None or now < self._looked:
            return True
        return now >= self._next or now - self._looked >= _LOOKED_EVERY

    def _look(self, now: datetime) -> None:
        self._looked, self._next = now, now + _LOOKED_EVERY
        with self._store.read() as uow:
            for account in uow.funded.list():
                ends = self._ends(uow, account)
                if ends is None:
                    continue
                if ends <= now:
                    self._due.append(account.account_id)
                else:
                    self._next = min(self._next, ends)

    def _ends(self, uow: UnitOfWork, account: FundedAccount) -> datetime | None:
        """When the account's present day is to be ended; None before its first."""
        if account.state is None or account.state.day is None:
            return None
        rules = self._tracker.rules_of(uow, account)
        _, end = day_bounds(account.state.day, rules.roll)
        return end + _ON_THE_WAY if account.source is Source.ADDON else end
