"""What is known of a funded account, and what can happen to it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from app.domain.money import ZERO, exact
from app.propfirm.rulesets import RuleSet


class Status(StrEnum):
    """Whether the account may trade: yes, from the next session on, or never again."""

    ACTIVE = "active"
    PAUSED_DAY = "paused_day"
    FAILED = "failed"


class Rule(StrEnum):
    """A rule that can be broken at an instant; the others only delay."""

    MAX_LOSS = "max_drawdown"
    DAILY_LOSS = "daily_loss"
    MAX_CONTRACTS = "max_contracts"
    FLAT_TIME = "flat_time"


class Severity(StrEnum):
    """What a breach does: fails the account, pauses the day, or must be undone."""

    HARD = "hard"
    SOFT = "soft"
    DENY = "deny"


@dataclass(frozen=True, slots=True)
class Breach:
    """A rule that was broken at ``at``; ``limit`` is the floor, the daily loss or the contracts.

    ``seen`` is what broke it: the equity, the day's P&L or the contracts.
    """

    rule: Rule
    severity: Severity
    at: datetime
    limit: Decimal
    seen: Decimal


@dataclass(frozen=True, slots=True)
class DayResult:
    """A trading day with news of the account, and its closed P&L, payouts apart."""

    day: date
    pnl: Decimal


@dataclass(frozen=True, slots=True)
class Update:
    """News of the account: the closed ``balance`` and the open P&L.

    A ``balance`` of None means that the sender had no data of the account: nothing is taken.  An
    ``unrealized`` of None means that it is not known, and without a valid quote behind it
    (``quoted``) it is not taken either: the account is not judged until it is known again.
    """

    at: datetime
    balance: Decimal | None
    unrealized: Decimal | None
    quoted: bool = True

    def empty(self, rules: RuleSet) -> bool:
        """Whether it tells nothing: a platform sends zeros before it has the account's data."""
        if self.balance is None:
            return True
        return rules.first_floor > 0 and not self.balance and not self.unrealized

    @exact
    def equity(self, rules: RuleSet) -> Decimal | None:
        """Balance and open P&L together; None where one of them is not told, or not to be taken."""
        if self.balance is None or self.unrealized is None or not self.quoted:
            return None
        return None if self.empty(rules) else self.balance + self.unrealized


@dataclass(frozen=True, slots=True)
class Clock:
    """Time passes."""

    at: datetime


@dataclass(frozen=True, slots=True)
class Held:
    """How many contracts the account holds from ``at`` on, all products together, unsigned."""

    at: datetime
    contracts: Decimal


@dataclass(frozen=True, slots=True)
class Payout:
    """Money that leaves the account; ``amount`` is positive."""

    at: datetime
    amount: Decimal


Event = Update | Clock | Held | Payout


@dataclass(frozen=True, slots=True)
class AccountState:
    """A funded account after its last event; every amount is in the account's currency.

    ``at`` and ``day`` are None before the first event.  ``unrealized`` is the open P&L, negative
    for a loss, None while it is not known.  ``high_water`` and ``floor`` never fall.  ``days`` are
    the days with news, the present one last.  ``paid_out`` is the sum of all payouts and
    ``paid_on`` the trading day of the last one.
    """

    balance: Decimal
    high_water: Decimal
    floor: Decimal
    day_start_balance: Decimal
    at: datetime | None = None
    day: date | None = None
    unrealized: Decimal | None = ZERO
    contracts: Decimal = ZERO
    status: Status = Status.ACTIVE
    breaches: tuple[Breach, ...] = ()
    days: tuple[DayResult, ...] = ()
    paid_out: Decimal = ZERO
    paid_on: date | None = None

    @property
    @exact
    def equity(self) -> Decimal | None:
        """Balance and open P&L together; None while the open P&L is not known."""
        return None if self.unrealized is None else self.balance + self.unrealized

    @property
    @exact
    def room(self) -> Decimal | None:
        """How far equity may fall to the floor, negative below it; None while it is not known."""
        return None if self.equity is None else self.equity - self.floor

    @property
    @exact
    def day_pnl(self) -> Decimal | None:
        """What equity gained since the day began, negative for a loss; None while not known."""
        return None if self.equity is None else self.equity - self.day_start_balance

    @exact
    def daily_room(self, rules: RuleSet) -> Decimal | None:
        """How far equity may fall to the daily limit; None without one or while not known."""
        if rules.daily_loss is None or self.day_pnl is None:
            return None
        return rules.daily_loss.amount + self.day_pnl

    def most_contracts(self, rules: RuleSet) -> int | None:
        """How many contracts may be held today; None without a limit."""
        return rules.contracts_at(self.day_start_balance)

    def locked(self, rules: RuleSet) -> bool:
        """True once the floor will never move again."""
        lock = rules.drawdown.lock_at
        return lock is not None and self.floor >= lock


def opened(rules: RuleSet) -> AccountState:
    """Return the state of a new account, before its first event."""
    return AccountState(
        balance=rules.start_balance,
        high_water=rules.start_balance,
        floor=rules.first_floor,
        day_start_balance=rules.start_balance,
    )
