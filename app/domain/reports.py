"""What a venue says about our orders: its word is the truth that the books follow."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from app.domain.orders import Fill, OrderEvent, OrderState, OrderType, Side


@dataclass(frozen=True, slots=True)
class OrderReport:
    """The venue says that something other than a fill happened to an order of ours.

    ``code`` is the reason for programs, ``reason`` the venue's words for people.
    """

    account_id: str
    client_order_id: str
    event: OrderEvent
    at: datetime
    venue_order_id: str | None = None
    reason: str | None = None
    code: str | None = None


@dataclass(frozen=True, slots=True)
class FillReport:
    """The venue says that an order filled; ``client_order_id`` is None when it was not ours."""

    account_id: str
    client_order_id: str | None
    fill: Fill
    venue_order_id: str | None = None


@dataclass(frozen=True, slots=True)
class LinkReport:
    """The connection to the venue went down (``up`` is False) or came back."""

    account_id: str
    up: bool
    at: datetime
    detail: str | None = None


@dataclass(frozen=True, slots=True)
class AuthReport:
    """The venue refused the account's credentials; ``detail`` is what it said."""

    account_id: str
    at: datetime
    detail: str


Report = OrderReport | FillReport
"""What a venue says about orders."""


@dataclass(frozen=True, slots=True)
class VenueOrder:
    """An order as the venue holds it; ``type`` and prices are None where it does not say them."""

    client_order_id: str
    venue_order_id: str
    symbol: str
    side: Side
    quantity: Decimal
    filled_quantity: Decimal
    state: OrderState
    at: datetime
    average_price: Decimal | None = None
    reason: str | None = None
    type: OrderType | None = None
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None


@dataclass(frozen=True, slots=True)
class VenuePosition:
    """A position as the venue holds it; ``quantity`` is signed, negative if short."""

    symbol: str
    quantity: Decimal
    average_price: Decimal | None


@dataclass(frozen=True, slots=True)
class AccountSnapshot:
    """Money as the venue reports it, in the account's currency."""

    cash: Decimal
    equity: Decimal | None
    buying_power: Decimal | None
    at: datetime
