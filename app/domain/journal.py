"""Round trips: from flat to flat, with the exact entry, exit, gross and commission of each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from app.domain.money import ZERO, divide, exact, storable
from app.domain.orders import Fill
from app.domain.positions import closing_part, effect, ordered


class Direction(StrEnum):
    """Which way a round trip bets."""

    LONG = "long"
    SHORT = "short"

    @property
    def sign(self) -> int:
        """+1 for long, -1 for short."""
        return 1 if self is Direction.LONG else -1

    @staticmethod
    def of(signed_quantity: Decimal) -> Direction:
        """The direction of a signed quantity: long above zero, short below."""
        return Direction.LONG if signed_quantity > 0 else Direction.SHORT


@dataclass(frozen=True, slots=True)
class RoundTrip:
    """A finished trade: unsigned quantities, average prices, and money in the quote currency.

    ``quantity`` is all that was entered, which is all that was left; ``peak_quantity`` the most
    that was open at once; ``gross`` is before and ``commission`` the cost of every fill's share.
    ``worst`` and ``best`` are the P&L at the worst and best of its own fills' prices, before costs:
    at most and at least 0.  They are None for what was booked before they were kept, and take no
    part in comparisons.
    """

    symbol: str
    direction: Direction
    opened_at: datetime
    closed_at: datetime
    opening_fill_id: str
    closing_fill_id: str
    peak_quantity: Decimal
    quantity: Decimal
    average_entry: Decimal
    average_exit: Decimal
    gross: Decimal
    commission: Decimal
    worst: Decimal | None = field(default=None, compare=False)
    best: Decimal | None = field(default=None, compare=False)

    @property
    @exact
    def net(self) -> Decimal:
        """Money earned after commission; negative if lost."""
        return self.gross - self.commission


@dataclass(frozen=True, slots=True)
class Trip:
    """A round trip under way, advanced fill by fill; all quantities are unsigned.

    ``entry_cost`` and ``exit_cost`` are sums of quantity times price, without the multiplier;
    ``worst`` and ``best`` are the lowest and highest ``value`` at the prices of its own fills.
    """

    symbol: str
    direction: Direction
    opened_at: datetime
    opening_fill_id: str
    peak_quantity: Decimal = ZERO
    entered: Decimal = ZERO
    entry_cost: Decimal = ZERO
    exited: Decimal = ZERO
    exit_cost: Decimal = ZERO
    commission: Decimal = ZERO
    worst: Decimal = field(default=ZERO, compare=False)
    best: Decimal = field(default=ZERO, compare=False)

    @property
    @exact
    def quantity(self) -> Decimal:
        """Signed quantity that is open, negative if short."""
        return (self.entered - self.exited) * self.direction.sign

    @exact
    def value(self, price: Decimal, multiplier: Decimal) -> Decimal:
        """Return what it realised so far plus its open P&L at ``price``, before costs."""
        points = (self.exit_cost - self.entry_cost) * self.direction.sign + self.quantity * price
        return points * multiplier

    def seen(self, value: Decimal) -> Trip:
        """Return it with ``value`` among the P&L that it went through."""
        return replace(self, worst=min(self.worst, value), best=max(self.best, value))


class Progress(NamedTuple):
    """What a fill did to the journal: the round trip that it closed, and the one now under way."""

    closed: RoundTrip | None
    open: Trip | None


@exact
def advance(trip: Trip | None, fill: Fill, multiplier: Decimal) -> Progress:
    """Return what ``fill`` closes and leaves open; the fills of a book must come in their order.

    A fill that crosses zero closes one trip and opens the next: its commission is split by
    quantity, and the two parts add up exactly.
    """
    change = effect(fill, multiplier)
    closing = closing_part(trip.quantity, change.quantity) if trip else ZERO
    opening = change.quantity - closing
    fee = divide(change.commission * closing, change.quantity) if opening else change.commission
    closed = None
    if trip:
        if closing:
            trip = _reduced(trip, abs(closing), fill.price, fee, multiplier)
        trip = trip.seen(storable(trip.value(fill.price, multiplier)))
        if not trip.quantity:
            closed, trip = _finished(trip, fill, multiplier), None
    if opening:
        trip = _increased(
            trip or Trip(fill.symbol, Direction.of(opening), fill.at, fill.venue_fill_id),
            abs(opening),
            fill.price,
            change.commission - fee,
            multiplier,
        )
    return Progress(closed, trip)


def _reduced(
    trip: Trip, quantity: Decimal, price: Decimal, commission: Decimal, multiplier: Decimal
) -> Trip:
    return replace(
        trip,
        exited=trip.exited + quantity,
        exit_cost=trip.exit_cost + storable(quantity * price, multiplier),
        commission=trip.commission + commission,
    )


def _increased(
    trip: Trip, quantity: Decimal, price: Decimal, commission: Decimal, multiplier: Decimal
) -> Trip:
    return replace(
        trip,
        entered=trip.entered + quantity,
        entry_cost=trip.entry_cost + storable(quantity * price, multiplier),
        peak_quantity=max(trip.peak_quantity, abs(trip.quantity) + quantity),
        commission=trip.commission + commission,
    )


def _finished(trip: Trip, fill: Fill, multiplier: Decimal) -> RoundTrip:
    return RoundTrip(
        symbol=trip.symbol,
        direction=trip.direction,
        opened_at=trip.opened_at,
        closed_at=fill.at,
        opening_fill_id=trip.opening_fill_id,
        closing_fill_id=fill.venue_fill_id,
        peak_quantity=trip.peak_quantity,
        quantity=trip.entered,
        average_entry=divide(trip.entry_cost, trip.entered),
        average_exit=divide(trip.exit_cost, trip.exited),
        gross=(trip.exit_cost - trip.entry_cost) * trip.direction.sign * multiplier,
        commission=trip.commission,
        worst=trip.worst,
        best=trip.best,
    )


class Journal(NamedTuple):
    """All round trips of one book, oldest first, and the one under way (None when flat)."""

    closed: tuple[RoundTrip, ...]
    open: Trip | None


def journal(fills: Iterable[Fill], multiplier: Decimal) -> Journal:
    """Return the journal that ``fills`` of one book lead to, however they arrived."""
    closed: list[RoundTrip] = []
    trip: Trip | None = None
    for fill in ordered(fills):
        finished, trip = advance(trip, fill, multiplier)
        if finished:
            closed.append(finished)
    return Journal(tuple(closed), trip)
