"""Orders, fills and the strategy books that they add up to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from app.domain.journal import RoundTrip, Trip
from app.domain.orders import Fill, Order, OrderEvent, OrderState
from app.domain.positions import Position


@dataclass(frozen=True, slots=True)
class BookKey:
    """Which book a position belongs to."""

    strategy_id: str
    account_id: str
    symbol: str


@dataclass(frozen=True, slots=True)
class Book:
    """One book's position, with the round trip under way (None when flat)."""

    position: Position
    trip: Trip | None


@dataclass(frozen=True, slots=True)
class OrderStep:
    """One line of an order's history."""

    order_id: str
    at: datetime
    event: OrderEvent
    from_state: OrderState
    to_state: OrderState
    detail: str | None = None


@dataclass(frozen=True, slots=True)
class BookedFill:
    """A fill, and the instant at which we booked it, by our own clock."""

    fill: Fill
    booked_at: datetime


class Orders(Protocol):
    """Orders and their histories."""

    def insert(self, order: Order) -> None: ...

    def update(self, order: Order, step: OrderStep | None) -> None:
        """Store the order's new state and append ``step`` to its history."""

    def get(self, order_id: str) -> Order | None: ...

    def by_client_id(self, client_order_id: str) -> Order | None: ...

    def of_alert(self, alert_id: str) -> Sequence[Order]: ...

    def working(
        self,
        strategy_id: str | None = None,
        account_id: str | None = None,
        symbol: str | None = None,
    ) -> Sequence[Order]:
        """Orders that may still fill, oldest first."""

    def history(self, order_id: str) -> Sequence[OrderStep]: ...

    def last_entry(self, key: BookKey) -> Order | None:
        """The book's newest entry order that filled at least in part."""

    def count_openings(self, account_id: str, since: datetime, but: str | None = None) -> int:
        """How many orders that could open a position were sent for the account since then.

        The one with the id ``but`` is not counted.
        """


class Fills(Protocol):
    """Executions, each booked once."""

    def insert(self, fill: Fill, realised: Decimal, received_at: datetime) -> bool:
        """Book the fill with the gross amount it realised; False when it was booked before."""

    def of_book(self, key: BookKey) -> Sequence[Fill]:
        """All fills of the book, ordered by (at, venue_fill_id)."""

    def of_order(self, order_id: str) -> Sequence[Fill]: ...

    def booked(self, order_id: str) -> Sequence[BookedFill]:
        """The order's fills with when each was booked, ordered by (at, venue_fill_id)."""

    def since(self, account_id: str, at: datetime) -> Sequence[Fill]:
        """The account's fills at or after the instant, ordered by (at, venue_fill_id)."""

    def set_realised(self, fill: Fill, realised: Decimal) -> None:
        """Correct what a fill realised, after a late fill changed the order of events."""

    def realised_since(
        self, strategy_id: str | None, account_id: str | None, since: datetime
    ) -> Decimal:
        """What fills at or after ``since`` realised, less what they cost; None means all."""


class Positions(Protocol):
    """The strategy books."""

    def get(self, key: BookKey) -> Book:
        """The book; a flat one when there is none.  In a write transaction its row stays locked."""

    def save(self, key: BookKey, book: Book, at: datetime) -> None: ...

    def open(
        self, strategy_id: str | None = None, account_id: str | None = None
    ) -> Mapping[BookKey, Position]:
        """Books that hold something."""

    def all(self, account_id: str | None = None) -> Mapping[BookKey, Position]:
        """Every book that was ever written, flat ones too; those of one account when named."""
        ...

    def under_way(self) -> Mapping[BookKey, Trip]:
        """The round trip under way of each book that holds something."""
        ...


class Trips(Protocol):
    """Closed round trips (the journal)."""

    def insert(self, key: BookKey, trip: RoundTrip) -> None: ...

    def replace(self, key: BookKey, trips: Sequence[RoundTrip]) -> None:
        """Swap the book's round trips for those that a late fill leads to."""

    def of_book(self, key: BookKey) -> Sequence[RoundTrip]: ...
