"""What is written down of a funded account while events are played: days, minutes, violations."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Final

from app.domain.events import Fact, FactKind
from app.domain.money import wire
from app.propfirm import (
    AccountState,
    Breach,
    Event,
    FundedAccount,
    FundedDay,
    FundedMinute,
    Payout,
    Recorded,
    RuleSet,
    Status,
    Step,
    Update,
    Violation,
)
from app.services.funded import words
from app.services.ports import Ids, UnitOfWork

MINUTE_S: Final = 60


def minute_of(at: datetime) -> int:
    """Return the minute of the instant, counted from 1970."""
    return int(at.timestamp()) // MINUTE_S


class Chronicle:
    """Notes each step of one account, and writes all of it at the end, in the same transaction."""

    def __init__(
        self, uow: UnitOfWork, account: FundedAccount, rules: RuleSet, ids: Ids, now: datetime
    ) -> None:
        self._uow = uow
        self._account = account
        self._rules = rules
        self._ids = ids
        self._now = now
        self._days: dict[date, FundedDay] = {}
        self._minutes: dict[int, FundedMinute] = {}
        self._violations: list[Violation] = []
        self._facts: list[Fact] = []
        self._name: str | None = None
        self._owner: str | None = None

    @property
    def breaches(self) -> Sequence[Breach]:
        """What was broken, in the order in which it was."""
        return [each.breach for each in self._violations]

    def note(self, before: AccountState, done: Step, event: Event) -> None:
        """Note what ``event`` made of the account."""
        after = done.state
        for breach in done.breaches:
            self._violated(after, breach)
        if before.status is Status.FAILED or not isinstance(event, Update | Payout):
            return
        late = before.at is not None and event.at < before.at
        equity = event.equity(self._rules) if isinstance(event, Update) else after.equity
        if equity is not None:
            self._observe(event.at, equity, after.floor, late=late)
        if after.days and after.days[-1].day == after.day == self._rules.day(event.at):
            self._day(after, equity)

    def began(self, state: AccountState, missed: int) -> None:
        """Note that the account's present trading day began."""
        name = self._named()
        self._tell(
            FactKind.FUNDED_DAY_BEGAN,
            words.of_day(name, state, missed),
            {
                "day": str(state.day),
                "balance": wire(state.balance),
                "high_water": wire(state.high_water),
                "floor": wire(state.floor),
                "missed": missed,
            },
        )

    def write(self) -> None:
        """Write what was noted."""
        funded = self._uow.funded
        for day in self._days.values():
            funded.save_day(day)
        for minute in self._minutes.values():
            funded.save_minute(minute)
        for violation in self._violations:
            funded.add_violation(violation)
        for fact in self._facts:
            self._uow.facts.append(fact)

    def _observe(self, at: datetime, equity: Decimal, floor: Decimal, *, late: bool) -> None:
        own, minute = self._account.account_id, minute_of(at)
        known = self._minutes.get(minute) or self._uow.funded.minute(own, minute)
        if known is None:
            self._minutes[minute] = FundedMinute(own, minute, equity, equity, equity, floor)
            return
        after = FundedMinute(
            account_id=own,
            minute=minute,
            high=max(known.high, equity),
            low=min(known.low, equity),
            last=known.last if late else equity,
            floor=known.floor if late else floor,
        )
        if after != known:
            self._minutes[minute] = after

    def _day(self, after: AccountState, equity: Decimal | None) -> None:
        today = after.days[-1]
        known = self._days.get(today.day) or self._own_day(today.day)
        seen = [] if equity is None else [equity]
        highs = [known.high] if known is not None and known.high is not None else []
        lows = [known.low] if known is not None and known.low is not None else []
        written = FundedDay(
            account_id=self._account.account_id,
            day=today.day,
            pnl=today.pnl,
            start_balance=after.day_start_balance,
            end_balance=after.balance,
            high=max(seen + highs, default=None),
            low=min(seen + lows, default=None),
            floor=after.floor,
        )
        if written != known:
            self._days[today.day] = written

    def _own_day(self, day: date) -> FundedDay | None:
        """What we recorded of the day ourselves; what a platform told of it gives way."""
        known = self._uow.funded.day(self._account.account_id, day)
        return known if known is not None and known.recorded is Recorded.OWN else None

    def _violated(self, after: AccountState, breach: Breach) -> None:
        code, level = words.TOLD_AS[breach.severity]
        violation = Violation(
            id=self._ids(),
            account_id=self._account.account_id,
            day=self._rules.day(breach.at),
            breach=breach,
            rule_set_id=self._rules.id,
            rule_set_version=self._rules.version,
            balance=after.balance,
            equity=after.equity,
            high_water=after.high_water,
            floor=after.floor,
            day_pnl=after.day_pnl,
            contracts=after.contracts,
        )
        self._violations.append(violation)
        text = words.of_breach(self._named(), breach, self._rules)
        self._facts.append(
            Fact(
                kind=FactKind.RULE_BREACHED,
                at=self._now,
                message=text,
                level=level,
                code=code,
                user_id=self._owner,
                account_id=self._account.account_id,
                data=_figures(violation),
            )
        )

    def _tell(self, kind: FactKind, message: str, data: dict[str, object]) -> None:
        self._facts.append(
            Fact(
                kind=kind,
                at=self._now,
                message=message,
                user_id=self._owner,
                account_id=self._account.account_id,
                data=data,
            )
        )

    def _named(self) -> str:
        """The account's name; who may see the facts is found out with it."""
        if self._name is None:
            account = self._uow.accounts.get(self._account.account_id)
            self._name = self._account.account_id if account is None else account.name
            self._owner = None if account is None else account.user_id
        return self._name


def _figures(violation: Violation) -> dict[str, object]:
    breach = violation.breach
    return {
        "violation_id": violation.id,
        "rule": breach.rule.value,
        "severity": breach.severity.value,
        "at": breach.at.isoformat(),
        "limit": wire(breach.limit),
        "seen": wire(breach.seen),
        "day": violation.day.isoformat(),
        "balance": wire(violation.balance),
        "equity": None if violation.equity is None else wire(violation.equity),
        "high_water": wire(violation.high_water),
        "floor": wire(violation.floor),
        "day_pnl": None if violation.day_pnl is None else wire(violation.day_pnl),
        "contracts": wire(violation.contracts),
    }
