"""What a firm demands of a funded account, as one dated version of its rules."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from enum import StrEnum
from functools import cached_property
from zoneinfo import ZoneInfo

from app.domain.money import exact
from app.domain.sessions import Roll, Window, trading_day


class Mode(StrEnum):
    """What the floor follows: the balance at the end of each day, live equity, or nothing."""

    END_OF_DAY = "eod"
    INTRADAY = "intraday"
    STATIC = "static"


class Kind(StrEnum):
    """What a daily loss does: it pauses the account until the next session, or it fails it."""

    SOFT = "soft"
    HARD = "hard"


class Compare(StrEnum):
    """Whether the best day may be exactly its share of the profit, or must be below it."""

    BELOW = "<"
    AT_MOST = "<="


class Policy(StrEnum):
    """From where orders may be sent by a program; unknown forbids nothing and is shown."""

    ANYWHERE = "anywhere"
    OWN_DEVICE = "own_device"
    FORBIDDEN = "forbidden"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Drawdown:
    """The maximum loss: the floor lies ``amount`` below what it follows, up to ``lock_at``.

    ``lock_at`` is the balance at which the floor stops for good, None when it never stops.
    """

    amount: Decimal
    mode: Mode
    lock_at: Decimal | None = None


@dataclass(frozen=True, slots=True)
class DailyLoss:
    """The most that equity may fall below the day's start, and what happens then."""

    amount: Decimal
    kind: Kind


@dataclass(frozen=True, slots=True)
class Consistency:
    """The largest share of the profit, in percent, that one day may have made."""

    percent: Decimal
    compare: Compare

    @exact
    def allows(self, best_day: Decimal, profit: Decimal) -> bool:
        """True when the best day is no larger part of the profit; False without a profit."""
        if profit <= 0:
            return False
        made, most = best_day * 100, profit * self.percent
        return made < most if self.compare is Compare.BELOW else made <= most


@dataclass(frozen=True, slots=True)
class Tier:
    """A step of a scaling plan: ``contracts`` from ``profit`` on, None for the first step."""

    profit: Decimal | None
    contracts: int


@dataclass(frozen=True, slots=True)
class Automation:
    """Whether programs may trade, and what the firm says about it."""

    policy: Policy
    note: str


@dataclass(frozen=True)
class RuleSet:
    """One version of a firm's rules; every amount is unsigned and in the account's currency.

    ``winning_day_min`` is the closed profit that makes a day a winning one, None where the firm
    names none; ``max_contracts`` is None without a limit.  ``session_end`` and ``flat_time`` are by
    the clock on the wall in ``zone``.  With ``breach_on_touch`` a limit is broken when it is
    reached, else when it is crossed.  Empty ``allowed_hours`` and ``allowed_products`` allow all.
    ``checked_on`` is the year, month or day of the newest source, None when it is not known.
    """

    id: str
    version: str
    firm: str
    program: str
    account_size: Decimal
    start_balance: Decimal
    drawdown: Drawdown
    zone: ZoneInfo
    session_end: time
    flat_time: time | None
    automation: Automation
    confidence: str
    sources: tuple[str, ...]
    checked_on: str | None = None
    daily_loss: DailyLoss | None = None
    profit_target: Decimal | None = None
    consistency: Consistency | None = None
    min_trading_days: int = 0
    winning_day_min: Decimal | None = None
    winning_days_required: int = 0
    max_contracts: int | None = None
    scaling: tuple[Tier, ...] = ()
    breach_on_touch: bool = True
    allowed_hours: tuple[Window, ...] = ()
    allowed_products: frozenset[str] = field(default_factory=frozenset)

    @cached_property
    def roll(self) -> Roll:
        """When a trading day ends; what would be a weekend's day belongs to Monday's."""
        return Roll(self.session_end, self.zone, roll_weekend=True)

    def day(self, at: datetime) -> date:
        """Return the trading day of the instant; exactly at the session's end it is the new one."""
        return trading_day(at, self.roll)

    @property
    @exact
    def first_floor(self) -> Decimal:
        """The floor of a new account."""
        return self.start_balance - self.drawdown.amount

    def broken(self, room: Decimal) -> bool:
        """True when a limit that is ``room`` away is broken; negative room lies beyond it."""
        return room <= 0 if self.breach_on_touch else room < 0

    @exact
    def contracts_at(self, closing_balance: Decimal) -> int | None:
        """Return how many contracts may be held after a day that closed there; None: no limit."""
        profit = closing_balance - self.start_balance
        reached = [
            tier.contracts for tier in self.scaling if tier.profit is None or profit >= tier.profit
        ]
        return reached[-1] if reached else self.max_contracts
