"""What an add-on tells of one account at a time, as it is after it was read."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Final

from app.domain.errors import InvalidInput


class Kind(StrEnum):
    """How much a message tells: everything, what changed, or only that nothing did."""

    SNAPSHOT = "snapshot"
    DELTA = "delta"
    HEARTBEAT = "heartbeat"


class Way(StrEnum):
    """Which way a position points."""

    LONG = "Long"
    SHORT = "Short"
    FLAT = "Flat"


class Operation(StrEnum):
    """Whether an execution is new, corrected or taken back by the platform."""

    ADD = "Add"
    UPDATE = "Update"
    REMOVE = "Remove"


@dataclass(frozen=True, slots=True)
class Values:
    """The platform's figures of the account, in its currency; None is what it did not tell.

    ``cash_value`` is closed, ``unrealized_pnl`` open, ``net_liquidation`` both where the feed has
    it.  The platform's own day ends when its feed says so: none of it is a trading day of ours.
    """

    cash_value: Decimal | None = None
    net_liquidation: Decimal | None = None
    realized_pnl: Decimal | None = None
    gross_realized_pnl: Decimal | None = None
    unrealized_pnl: Decimal | None = None
    commission: Decimal | None = None
    fee: Decimal | None = None
    buying_power: Decimal | None = None
    initial_margin: Decimal | None = None
    intraday_margin: Decimal | None = None
    sod_cash_value: Decimal | None = None
    sod_liquidating_value: Decimal | None = None
    trailing_max_drawdown: Decimal | None = None
    daily_loss_limit: Decimal | None = None

    @property
    def empty(self) -> bool:
        """Whether every figure is zero or not told, as before the platform has the account."""
        return not any(getattr(self, name) for name in VALUE_NAMES)


VALUE_NAMES: Final = tuple(each.name for each in fields(Values))


@dataclass(frozen=True, slots=True)
class HeldPosition:
    """A position as the platform shows it; ``quantity`` is unsigned."""

    instrument: str
    market_position: Way
    quantity: Decimal
    root: str | None = None
    average_price: Decimal | None = None
    unrealized_pnl: Decimal | None = None
    point_value: Decimal | None = None
    tick_size: Decimal | None = None

    @property
    def net(self) -> Decimal:
        """The quantity, negative if short, 0 if flat."""
        signs = {Way.LONG: 1, Way.SHORT: -1, Way.FLAT: 0}
        return self.quantity * signs[self.market_position]


@dataclass(frozen=True, slots=True)
class ToldOrder:
    """An order as the platform shows it, in the platform's own words."""

    order_id: str
    action: str
    type: str
    quantity: Decimal
    state: str
    name: str | None = None
    instrument: str | None = None
    filled: Decimal | None = None
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    avg_fill_price: Decimal | None = None
    oco: str | None = None
    tif: str | None = None
    time: datetime | None = None


@dataclass(frozen=True, slots=True)
class Execution:
    """A fill at the platform; the same id is the same execution however often it is told."""

    execution_id: str
    instrument: str
    side: str
    quantity: Decimal
    price: Decimal
    time: datetime
    order_id: str | None = None
    commission: Decimal | None = None
    fee: Decimal | None = None
    is_entry: bool | None = None
    operation: Operation = Operation.ADD


@dataclass(frozen=True, slots=True)
class ToldDay:
    """What the platform says that a day made; advice, for days that the server did not see."""

    day: date
    pnl: Decimal


@dataclass(frozen=True, slots=True)
class Described:
    """The account as its platform describes it."""

    name: str
    display_name: str | None = None
    connection: str | None = None
    provider: str | None = None
    connection_status: str | None = None
    is_simulated: bool = False
    currency: str = "USD"

    @property
    def connected(self) -> bool:
        """Whether the platform hears from the broker; who does not say so is."""
        return self.connection_status in {None, "Connected"}


@dataclass(frozen=True, slots=True)
class Message:
    """One message of one account.

    ``seq`` counts from 1 within the session of the add-on.  ``sent_at`` and ``event_time`` are by
    the clock of the add-on's machine.  ``positions`` and ``orders`` are None where not told, and
    else complete.
    """

    installation_id: str
    session_id: str
    seq: int
    kind: Kind
    sent_at: datetime
    event_time: datetime
    account: Described
    values: Values
    positions: tuple[HeldPosition, ...] | None = None
    orders: tuple[ToldOrder, ...] | None = None
    executions: tuple[Execution, ...] = ()
    days: tuple[ToldDay, ...] = ()
    reason: tuple[str, ...] = ()
    addon_version: str | None = None
    platform_version: str | None = None


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A message that cannot be read, with as much of it as tells which one it was."""

    error: InvalidInput
    account: str | None = None
    seq: int | None = None


@dataclass(frozen=True, slots=True)
class Posted:
    """What one request brought; ``batch`` is False for a message that came alone."""

    entries: tuple[Message | Unreadable, ...]
    batch: bool
