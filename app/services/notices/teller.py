"""The teller: reads the log from where it stopped last, and says who is told what."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from app.domain.events import Fact, FactKind, Level
from app.domain.notices import Category, Notice, Whose, category_of, notice_of
from app.services.ports import UnitOfWork

#: The flag that holds the number of the last fact that was gone through.
FLAG: Final = "notices_told"
#: Facts read at once.
_BATCH: Final = 500
#: How long a number that is missing in the log is waited for: it may be a transaction under way.
_MISSING: Final = timedelta(seconds=3)
#: An alarm that goes on is written each minute, and told no more often than this.
_QUIET: Final = timedelta(minutes=15)
#: Alarms and refused orders that are remembered.
_REMEMBERED: Final = 500


@dataclass(frozen=True, slots=True)
class Told:
    """A notice and the user whom it concerns, None for everybody."""

    notice: Notice
    user_id: str | None


class Teller:
    """Goes through the facts once, in their order; ``number`` is the last one that it is past."""

    def __init__(self) -> None:
        self.number: int | None = None
        #: Whether there is more to read at once.
        self.more = False
        self._gap_since: datetime | None = None
        self._alarms: dict[str, datetime] = {}
        self._refused: deque[tuple[str | None, str]] = deque(maxlen=_REMEMBERED)

    def skip(self, uow: UnitOfWork) -> None:
        """Go past everything that there is: nobody wants to know it."""
        self.number = uow.facts.newest()

    def read(self, uow: UnitOfWork, now: datetime) -> list[Told]:
        """Return what is to be told now; ``more`` says that there is more to read at once.

        Another server may have gone on where this one stopped, so the flag is read each time.
        """
        kept = uow.flags.get(FLAG)
        if self.number is None and kept is None:
            self.skip(uow)
        self.number = max(self.number or 0, int(kept or 0))
        read = uow.facts.after(self.number, _BATCH)
        facts = self._whole(read, self.number, now)
        self.more = len(facts) == _BATCH
        if facts:
            self.number = facts[-1].number
        return list(self._told(uow, facts, now))

    def alarm(self, text: str, now: datetime) -> Notice | None:
        """Return the alarm as a notice, unless it was told a short while ago."""
        fact = Fact(FactKind.WORKER_FAILED, now, text, Level.ERROR)
        if not self._is_new(fact, Category.ALARM, now):
            return None
        return notice_of(fact, Category.ALARM, Whose())

    def _whole(self, facts: Sequence[Fact], number: int, now: datetime) -> Sequence[Fact]:
        """Return the facts before the first missing number, all of them when it stays missing."""
        whole = 0
        while whole < len(facts) and facts[whole].number == number + whole + 1:
            whole += 1
        if whole == len(facts):
            self._gap_since = None
            return facts
        self._gap_since = self._gap_since or now
        if now - self._gap_since < _MISSING:
            return facts[:whole]
        self._gap_since = None
        return facts

    def _told(self, uow: UnitOfWork, facts: Sequence[Fact], now: datetime) -> Iterator[Told]:
        for fact in facts:
            category = category_of(fact)
            if category is not None and self._is_new(fact, category, now):
                whose, owner = _whose(uow, fact)
                yield Told(notice_of(fact, category, whose), owner)

    def _is_new(self, fact: Fact, category: Category, now: datetime) -> bool:
        """Whether nothing else tells the same: an alarm that goes on, an alert after its order."""
        if category is Category.ALARM:
            key = re.sub(r"[\d.]+", "", f"{fact.message[:200]} {fact.user_id}")
            self._alarms = {k: at for k, at in self._alarms.items() if now - at < _QUIET}
            if key in self._alarms or len(self._alarms) >= _REMEMBERED:
                return False
            self._alarms[key] = now
        if category is Category.REFUSAL:
            if fact.kind is FactKind.ALERT_REFUSED:
                return not self._told_by_order(fact)
            self._refused.append((fact.alert_id, fact.message))
        return True

    def _told_by_order(self, fact: Fact) -> bool:
        """Whether the reason for which an alert ended was told when its order did."""
        reason = fact.message.partition(". ")[2]
        return any(
            alert_id == fact.alert_id and reason in message for alert_id, message in self._refused
        )


def _whose(uow: UnitOfWork, fact: Fact) -> tuple[Whose, str | None]:
    """Return the names, and the user whom the fact concerns: its own, or the account's owner."""
    strategy = uow.strategies.get(fact.strategy_id) if fact.strategy_id is not None else None
    account = uow.accounts.get(fact.account_id) if fact.account_id is not None else None
    names = Whose(strategy.name if strategy else None, account.name if account else None)
    return names, fact.user_id or (account.user_id if account else None)
