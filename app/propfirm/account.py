"""A funded account as it is kept: what it is pinned to, how it is watched, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from app.domain.money import ZERO
from app.propfirm.state import AccountState, Breach


class Source(StrEnum):
    """Where the news of the account come from: our own fills, or a platform's add-on."""

    FILLS = "fills"
    ADDON = "addon"


class Near(StrEnum):
    """What is done near a limit: say so, open nothing more, or close everything."""

    WARN = "warn"
    REDUCE = "reduce"
    FLATTEN = "flatten"


@dataclass(frozen=True, slots=True)
class Preferences:
    """What its owner chose for the account.

    ``near_percent`` is the part of a limit, in percent, that is left when it counts as near;
    ``flat_warning`` how many minutes before the flat time a warning comes.  ``size_down`` lets an
    order that is too large go out as large as it fits.  ``own_device`` says that this server is the
    trader's own machine.
    """

    near_percent: Decimal = Decimal(20)
    near: Near = Near.WARN
    flat_warning: int = 10
    size_down: bool = False
    own_device: bool = False


@dataclass(frozen=True, slots=True)
class FundedAccount:
    """An account under a firm's rules.

    Until ``accepted_at`` it is pending: a platform told of it, and nobody pinned it to rules yet,
    so that its rule set and ``state`` are None.  ``baseline`` is what the account's books had
    realised, net, when it was accepted: the engine counts from there.  ``updated_at`` is when the
    server heard of it last, None when never.  ``told`` is what has been warned of already, by the
    name of the limit and the day ("daily_loss@2026-03-04").
    """

    account_id: str
    source: Source
    rule_set_id: str | None = None
    rule_set_version: str | None = None
    state: AccountState | None = None
    baseline: Decimal = ZERO
    preferences: Preferences = field(default_factory=Preferences)
    accepted_at: datetime | None = None
    updated_at: datetime | None = None
    told: tuple[str, ...] = ()

    @property
    def pending(self) -> bool:
        """Whether nobody has pinned the account to rules yet."""
        return self.accepted_at is None


class Recorded(StrEnum):
    """Who recorded a day: the server itself, or a platform that told of one before its time."""

    OWN = "own"
    ADDON = "addon"


@dataclass(frozen=True, slots=True)
class FundedDay:
    """One trading day of a funded account, in its currency.

    ``pnl`` is closed, payouts apart; ``high``, ``low`` and ``floor`` (the last of the day) are of
    the equity, None where only the day's P&L was told.
    """

    account_id: str
    day: date
    pnl: Decimal
    recorded: Recorded = Recorded.OWN
    start_balance: Decimal | None = None
    end_balance: Decimal | None = None
    high: Decimal | None = None
    low: Decimal | None = None
    floor: Decimal | None = None


@dataclass(frozen=True, slots=True)
class FundedMinute:
    """A minute of the equity and the floor below it; ``minute`` counts from 1970."""

    account_id: str
    minute: int
    high: Decimal
    low: Decimal
    last: Decimal
    floor: Decimal


@dataclass(frozen=True, slots=True)
class Violation:
    """A breach with the figures and the rules of its moment."""

    id: str
    account_id: str
    day: date
    breach: Breach
    rule_set_id: str
    rule_set_version: str
    balance: Decimal
    equity: Decimal | None
    high_water: Decimal
    floor: Decimal
    day_pnl: Decimal | None
    contracts: Decimal
