"""Orders and fills: their words, their states, and the one table of transitions.

Denied is ours, rejected is the venue's, unknown means "sent, answer lost": the broker is asked by
our own id before anything else happens.  The words follow the FIX protocol and NautilusTrader.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Final

from app.domain.errors import InvariantBroken
from app.domain.money import ZERO


class Side(StrEnum):
    """Direction of an order or fill."""

    BUY = "buy"
    SELL = "sell"

    @property
    def sign(self) -> int:
        """+1 for a buy, -1 for a sell."""
        return 1 if self is Side.BUY else -1

    @property
    def opposite(self) -> Side:
        """The side that undoes this one."""
        return Side.SELL if self is Side.BUY else Side.BUY

    @staticmethod
    def of(signed_quantity: Decimal) -> Side:
        """The side of a signed quantity: buy above zero, sell below."""
        return Side.BUY if signed_quantity > 0 else Side.SELL


class OrderType(StrEnum):
    """How an order wants to be filled."""

    MARKET = "market"
    LIMIT = "limit"
    STOP = "stop"
    STOP_LIMIT = "stop_limit"
    TRAILING_STOP = "trailing_stop"


class TimeInForce(StrEnum):
    """How long an order works: until the session ends, until cancelled, or not at all."""

    DAY = "day"
    GTC = "gtc"
    IOC = "ioc"


class OrderRole(StrEnum):
    """What an order is for within its strategy."""

    ENTRY = "entry"
    EXIT = "exit"
    TAKE_PROFIT = "take_profit"
    STOP_LOSS = "stop_loss"
    TRAILING_STOP = "trailing_stop"
    MANUAL = "manual"

    @property
    def protective(self) -> bool:
        """Whether the order guards an open position and must vanish with it."""
        return self in {OrderRole.TAKE_PROFIT, OrderRole.STOP_LOSS, OrderRole.TRAILING_STOP}


class OrderState(StrEnum):
    """Where an order stands."""

    RECEIVED = "received"
    DENIED = "denied"
    QUEUED = "queued"
    SUBMITTING = "submitting"
    SUBMITTED = "submitted"
    UNKNOWN = "unknown"
    ACCEPTED = "accepted"
    PARTIALLY_FILLED = "partially_filled"
    PENDING_CANCEL = "pending_cancel"
    PENDING_REPLACE = "pending_replace"
    FILLED = "filled"
    CANCELED = "canceled"
    REJECTED = "rejected"
    EXPIRED = "expired"

    @property
    def terminal(self) -> bool:
        """Whether the order can no longer work at the venue (a late fill is still booked)."""
        return self in TERMINAL

    @property
    def working(self) -> bool:
        """Whether the order may still fill, as far as we know."""
        return self in WORKING


class OrderEvent(StrEnum):
    """What may happen to an order."""

    DENY = "deny"
    QUEUE = "queue"
    SUBMIT = "submit"
    SENT = "sent"
    LOSE_ANSWER = "lose_answer"
    ACCEPT = "accept"
    PARTIAL_FILL = "partial_fill"
    FILL = "fill"
    REQUEST_CANCEL = "request_cancel"
    REFUSE_CANCEL = "refuse_cancel"
    REQUEST_REPLACE = "request_replace"
    REPLACE = "replace"
    REFUSE_REPLACE = "refuse_replace"
    CANCEL = "cancel"
    REJECT = "reject"
    EXPIRE = "expire"


#: The leg of an order that was placed at the venue by somebody else, and of a booked difference.
EXTERNAL: Final = "external"
ADJUSTMENT: Final = "adjustment"

S, E = OrderState, OrderEvent

#: What has happened to an order that a venue holds in one of these states.
ENDINGS: Final = {S.CANCELED: E.CANCEL, S.REJECTED: E.REJECT, S.EXPIRED: E.EXPIRE}

TERMINAL: Final = frozenset({S.DENIED, S.FILLED, S.CANCELED, S.REJECTED, S.EXPIRED})
WORKING: Final = frozenset(
    {
        S.SUBMITTING,
        S.SUBMITTED,
        S.UNKNOWN,
        S.ACCEPTED,
        S.PARTIALLY_FILLED,
        S.PENDING_CANCEL,
        S.PENDING_REPLACE,
    }
)

#: What a venue may report about an order that it holds, whichever report comes first.
_VENUE_OUTCOMES: Final = {
    E.ACCEPT: S.ACCEPTED,
    E.PARTIAL_FILL: S.PARTIALLY_FILLED,
    E.FILL: S.FILLED,
    E.CANCEL: S.CANCELED,
    E.REJECT: S.REJECTED,
    E.EXPIRE: S.EXPIRED,
}
#: Fills are booked whatever the order's state: the venue's money is the truth.
_LATE_FILLS: Final = {E.PARTIAL_FILL: S.PARTIALLY_FILLED, E.FILL: S.FILLED}

TRANSITIONS: Final[dict[OrderState, dict[OrderEvent, OrderState]]] = {
    S.RECEIVED: {E.DENY: S.DENIED, E.QUEUE: S.QUEUED, E.SUBMIT: S.SUBMITTING, E.EXPIRE: S.EXPIRED},
    S.QUEUED: {E.DENY: S.DENIED, E.SUBMIT: S.SUBMITTING, E.EXPIRE: S.EXPIRED},
    S.SUBMITTING: {
        **_VENUE_OUTCOMES,
        E.DENY: S.DENIED,
        E.SENT: S.SUBMITTED,
        E.LOSE_ANSWER: S.UNKNOWN,
    },
    S.SUBMITTED: {
        **_VENUE_OUTCOMES,
        E.LOSE_ANSWER: S.UNKNOWN,
        E.REQUEST_CANCEL: S.PENDING_CANCEL,
        E.REQUEST_REPLACE: S.PENDING_REPLACE,
    },
    S.UNKNOWN: {**_VENUE_OUTCOMES, E.SUBMIT: S.SUBMITTING, E.SENT: S.SUBMITTED},
    S.ACCEPTED: {
        **_VENUE_OUTCOMES,
        E.REQUEST_CANCEL: S.PENDING_CANCEL,
        E.REQUEST_REPLACE: S.PENDING_REPLACE,
    },
    S.PARTIALLY_FILLED: {
        **_VENUE_OUTCOMES,
        E.ACCEPT: S.PARTIALLY_FILLED,
        E.REQUEST_CANCEL: S.PENDING_CANCEL,
        E.REQUEST_REPLACE: S.PENDING_REPLACE,
    },
    S.PENDING_CANCEL: {
        **_VENUE_OUTCOMES,
        E.ACCEPT: S.PENDING_CANCEL,
        E.PARTIAL_FILL: S.PENDING_CANCEL,
        E.REFUSE_CANCEL: S.ACCEPTED,
        E.LOSE_ANSWER: S.PENDING_CANCEL,
    },
    S.PENDING_REPLACE: {
        **_VENUE_OUTCOMES,
        E.ACCEPT: S.PENDING_REPLACE,
        E.PARTIAL_FILL: S.PENDING_REPLACE,
        E.REPLACE: S.ACCEPTED,
        E.REFUSE_REPLACE: S.ACCEPTED,
        E.REQUEST_CANCEL: S.PENDING_CANCEL,
        E.LOSE_ANSWER: S.PENDING_REPLACE,
    },
    S.FILLED: {E.ACCEPT: S.FILLED, **_LATE_FILLS, E.PARTIAL_FILL: S.FILLED},
    S.CANCELED: {
        E.ACCEPT: S.CANCELED,
        E.CANCEL: S.CANCELED,
        E.PARTIAL_FILL: S.CANCELED,
        E.FILL: S.FILLED,
    },
    S.REJECTED: {E.REJECT: S.REJECTED, **_LATE_FILLS},
    S.EXPIRED: {E.EXPIRE: S.EXPIRED, E.PARTIAL_FILL: S.EXPIRED, E.FILL: S.FILLED},
    S.DENIED: {},
}


def apply(state: OrderState, event: OrderEvent) -> OrderState:
    """Return the state after ``event``; raises InvariantBroken when the table has no such step."""
    try:
        return TRANSITIONS[state][event]
    except KeyError:
        raise InvariantBroken(f"An order that is {state} cannot {event}.") from None


@dataclass(frozen=True, slots=True)
class Order:
    """An instruction to one venue account, written before it is sent.

    ``quantity`` and ``filled_quantity`` are unsigned; prices are in the instrument's quote
    currency; ``trail`` is a distance in price.  ``settings`` is the frozen snapshot of the
    strategy's resolved settings at the moment of the decision.
    """

    id: str
    client_order_id: str
    account_id: str
    symbol: str
    side: Side
    quantity: Decimal
    type: OrderType
    time_in_force: TimeInForce
    role: OrderRole
    state: OrderState
    created_at: datetime
    updated_at: datetime
    leg: str
    strategy_id: str | None = None
    alert_id: str | None = None
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    trail: Decimal | None = None
    reduce_only: bool = False
    filled_quantity: Decimal = ZERO
    average_price: Decimal | None = None
    venue_order_id: str | None = None
    reason_code: str | None = None
    reason: str | None = None
    signal_price: Decimal | None = None

    @property
    def external(self) -> bool:
        """Whether somebody else placed it at the venue and it was imported into the manual book."""
        return self.leg == EXTERNAL

    @property
    def remaining(self) -> Decimal:
        """Unsigned quantity that may still fill; never below zero, also after an overfill."""
        return max(self.quantity - self.filled_quantity, ZERO)


def after(order: Order, event: OrderEvent) -> OrderState:
    """Return the order's state after ``event``; raises InvariantBroken like ``apply``.

    The table does not know what has filled: an order that works on after a refused cancel is
    partially filled again if it was.
    """
    state = apply(order.state, event)
    filled = state is OrderState.ACCEPTED and order.filled_quantity > 0
    return OrderState.PARTIALLY_FILLED if filled else state


def can_cancel(order: Order) -> bool:
    """Return whether the venue can be asked to cancel the order, as far as we know."""
    return OrderEvent.REQUEST_CANCEL in TRANSITIONS[order.state]


@dataclass(frozen=True, slots=True)
class Fill:
    """One execution at the venue: unsigned quantity, price per unit, commission (+ cost, - rebate).

    ``base_fee`` is a quantity that the venue kept from what was bought (crypto).
    """

    venue_fill_id: str
    account_id: str
    symbol: str
    side: Side
    quantity: Decimal
    price: Decimal
    commission: Decimal
    at: datetime
    order_id: str | None = None
    strategy_id: str | None = None
    base_fee: Decimal = ZERO


def client_order_id(alert_id: str, account_id: str, leg: str) -> str:
    """Return our own id of an order: a pure function of the alert, the account and the leg.

    It holds no retry counter, so a second attempt at the same leg is the same order to the venue.
    """
    digest = hashlib.sha256(f"{alert_id}|{account_id}|{leg}".encode()).digest()
    return "sb-" + base64.b32encode(digest).decode().rstrip("=").lower()[:26]
