"""The days of an account by its venue's own count, beside those of our books."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Final

from app.domain.accounts import Account
from app.domain.errors import BrokerError, BrokerUnavailable, Conflict
from app.domain.money import ZERO, exact
from app.domain.refusals import explain
from app.domain.sessions import Roll, trading_day
from app.services.calendar.desk import Ask, CalendarDesk
from app.services.ports import Clock, Insight, VenueDay
from app.services.reads import Scope

#: Seconds for which an answer is good, and for which a venue that was silent is not asked again.
GOOD_S: Final = 60.0
SILENT_S: Final = 5.0
#: Days that are shown, the newest.
DAYS: Final = 10


@dataclass(frozen=True, slots=True)
class DayBeside:
    """One day: what the venue says that the account was worth at its end, and how that changed.

    ``theirs`` is the change of the equity, with deposits and payouts in it, None where the day
    before is not known or had no money; ``ours`` is the P&L of the trading day of that date, None
    before the account was connected and while a price is unknown.
    """

    day: date
    equity: Decimal
    theirs: Decimal | None
    ours: Decimal | None

    @property
    @exact
    def difference(self) -> Decimal | None:
        """Theirs less ours; None when one of them is."""
        if self.theirs is None or self.ours is None:
            return None
        return self.theirs - self.ours


@dataclass(slots=True)
class _Entry:
    """The venue's last answer; ``problem`` is why there was none when it was asked ``at``."""

    days: Sequence[VenueDay] = ()
    problem: str | None = None
    at: float | None = None
    asking: threading.Lock = field(default_factory=threading.Lock)


class BesideDesk:
    """Puts both counts side by side; ``insights`` are the venues that tell theirs, by name."""

    def __init__(
        self, insights: Mapping[str, Insight], calendar: CalendarDesk, clock: Clock
    ) -> None:
        self._insights = insights
        self._calendar = calendar
        self._clock = clock
        self._entries: dict[str, _Entry] = {}

    def days(self, user_id: str, account: Account) -> Sequence[DayBeside]:
        """Return the last days, the newest first.

        Raises Conflict at a venue that counts no days, BrokerUnavailable when it is silent.
        """
        days = self._told(account)
        if not days:
            return []
        ours = self._ours(user_id, account, days[0].day, days[-1].day)
        firsts = [DayBeside(days[0].day, days[0].equity, None, ours.get(days[0].day))]
        later = [
            DayBeside(day.day, day.equity, _change(before, day), ours.get(day.day))
            for before, day in pairwise(days)
        ]
        return [*firsts, *later][: -DAYS - 1 : -1]

    def _ours(
        self, user_id: str, account: Account, first: date, last: date
    ) -> Mapping[date, Decimal | None]:
        """Our P&L of each date on which the account was here."""
        scope = Scope(user_id, account_id=account.id)
        begun = trading_day(account.created_at, Roll.parse(account.roll))
        found = self._calendar.calendar(Ask(scope, first, last)).days
        pnls = {day.day: day.pnl for day in found}
        return {day: pnls.get(day, ZERO) for day in _dates(max(first, begun), last)}

    def _told(self, account: Account) -> Sequence[VenueDay]:
        insight = self._insights.get(account.venue)
        if insight is None:
            raise Conflict(f"{account.traits.title} counts no days of an account.")
        entry = self._entries.setdefault(account.id, _Entry())
        with entry.asking:
            good_for = GOOD_S if entry.problem is None else SILENT_S
            now = self._clock.monotonic()
            if entry.at is None or now - entry.at >= good_for:
                self._ask(insight, account, entry)
            if entry.problem is not None:
                words = explain("NO_VENUE_HISTORY", venue=account.traits.title, said=entry.problem)
                raise BrokerUnavailable(words, code="NO_VENUE_HISTORY")
            return entry.days

    def _ask(self, insight: Insight, account: Account, entry: _Entry) -> None:
        try:
            entry.days, entry.problem = insight.days(account.id), None
        except BrokerError as error:
            entry.problem = error.detail
        entry.at = self._clock.monotonic()


@exact
def _change(before: VenueDay, day: VenueDay) -> Decimal | None:
    """How the worth of the account changed; an account without money had no day to compare."""
    return day.equity - before.equity if before.equity else None


def _dates(first: date, last: date) -> Sequence[date]:
    return [date.fromordinal(each) for each in range(first.toordinal(), last.toordinal() + 1)]
