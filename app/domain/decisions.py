"""Decisions: why an alert led to these orders on this account, or to none, in words and numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from app.domain.orders import OrderRole, OrderType, Side, TimeInForce


@dataclass(frozen=True, slots=True)
class Denied:
    """A refusal: ``code`` for programs, ``detail`` for people, with what to change."""

    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class NoAction:
    """Nothing is to be done, and that is no fault: ``code`` for programs, ``detail`` for people."""

    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class Step:
    """One step from the alert's quantity to the order's, with its reason ("max_contracts")."""

    name: str
    before: Decimal | None
    after: Decimal | None
    reason: str


@dataclass(frozen=True, slots=True)
class Leg:
    """One order to send; ``name`` is its place in the decision ("close", "open", "order").

    ``symbol`` is set only where it differs from the decision's: a reversal that closes the month
    that is held and opens the one that is now in front.
    """

    name: str
    side: Side
    quantity: Decimal
    role: OrderRole
    type: OrderType = OrderType.MARKET
    time_in_force: TimeInForce = TimeInForce.GTC
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    trail: Decimal | None = None
    reduce_only: bool = False
    symbol: str | None = None


class Outcome(StrEnum):
    """How far a decision got on one account."""

    WORKING = "working"
    EXECUTED = "executed"
    NO_ACTION = "no_action"
    REFUSED = "refused"
    EXPIRED = "expired"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided for one alert on one account; stored before anything is sent.

    ``held`` and ``wanted`` are signed positions of the strategy's book, ``legs`` go out in order,
    ``settings`` is the frozen snapshot of the resolved settings, ``cancel_working`` says that the
    strategy's working entry orders are cancelled first.
    """

    alert_id: str
    account_id: str
    strategy_id: str
    outcome: Outcome
    at: datetime
    symbol: str | None = None
    held: Decimal | None = None
    wanted: Decimal | None = None
    legs: tuple[Leg, ...] = ()
    steps: tuple[Step, ...] = ()
    cancel_working: bool = False
    code: str | None = None
    detail: str | None = None
    signal_price: Decimal | None = None
    settings: Mapping[str, object] = field(default_factory=dict)
    finished_at: datetime | None = None
