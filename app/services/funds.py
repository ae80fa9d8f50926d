"""What venues say of the money on their accounts, asked seldom, and never by two at once."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from app.domain.errors import BrokerError, NotFound
from app.domain.events import Fact
from app.domain.reports import AccountSnapshot
from app.services.ports import Brokers, Clock

#: Seconds for which an answer is good, so that open pages do not use up a venue's limit, and how
#: soon it is asked again at the earliest when something happened on the account.
GOOD_S: Final = 15.0
SOON_S: Final = 2.0


@dataclass(frozen=True, slots=True)
class Told:
    """The venue's last answer, None before the first, and why there is no newer one."""

    snapshot: AccountSnapshot | None = None
    problem: str | None = None


class Funds:
    """The venue's word on each account's cash, equity and buying power."""

    def __init__(self, brokers: Brokers, clock: Clock) -> None:
        self._brokers = brokers
        self._clock = clock
        self._told: dict[str, tuple[float, Told]] = {}
        self._asking: dict[str, threading.Lock] = {}
        self._moved: set[str] = set()

    def hear(self, facts: Sequence[Fact]) -> None:
        """Listen to the bus: what happened on an account may have changed its money."""
        self._moved |= {fact.account_id for fact in facts if fact.account_id is not None}

    def of(self, account_id: str) -> Told:
        """Return what the venue says; while somebody else asks it, what it said last.

        Never raises for a venue: what it did not answer is in ``problem``, as a sentence.
        """
        asked, told = self._told.get(account_id, (None, Told(problem="It is being asked.")))
        good_for = SOON_S if account_id in self._moved else GOOD_S
        if asked is not None and self._clock.monotonic() - asked < good_for:
            return told
        asking = self._asking.setdefault(account_id, threading.Lock())
        if not asking.acquire(blocking=False):
            return told
        try:
            self._moved.discard(account_id)
            told = self._ask(account_id, told)
            self._told[account_id] = (self._clock.monotonic(), told)
        finally:
            asking.release()
        return told

    def _ask(self, account_id: str, last: Told) -> Told:
        try:
            return Told(self._brokers.of(account_id).account())
        except (BrokerError, NotFound) as error:
            return replace(last, problem=error.detail)
