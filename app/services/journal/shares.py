"""Which part of each fill belongs to a round trip, and what it cost against its signal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

from app.domain.instruments import resolve
from app.domain.journal import RoundTrip
from app.domain.money import ZERO, exact
from app.domain.orders import Fill
from app.domain.positions import effect
from app.services.reads import Signalled


def multiplier_of(trip: RoundTrip) -> Decimal:
    """Return the money that a price move of one makes per unit."""
    return resolve(trip.symbol, trip.closed_at.date()).instrument.multiplier


@exact
def shares(trip: RoundTrip, fills: Sequence[Fill], multiplier: Decimal) -> list[Decimal]:
    """Return the signed quantity of each fill that is the trip's: of one that crosses zero a part.

    ``fills`` are the trip's, from the first to the last.
    """
    held, found = ZERO, []
    for each in fills:
        quantity = effect(each, multiplier).quantity
        if each.venue_fill_id == trip.closing_fill_id:
            quantity = -held
        elif each.venue_fill_id == trip.opening_fill_id:
            quantity = _opened_by_first(trip, fills, multiplier)
        held += quantity
        found.append(quantity)
    return found


def _opened_by_first(trip: RoundTrip, fills: Sequence[Fill], multiplier: Decimal) -> Decimal:
    """What the first fill opened: all that was entered, less what later fills entered."""
    sign = trip.direction.sign
    ends = {trip.opening_fill_id, trip.closing_fill_id}
    later = (
        effect(each, multiplier).quantity * sign for each in fills if each.venue_fill_id not in ends
    )
    return (trip.quantity - sum((each for each in later if each > 0), ZERO)) * sign


@exact
def cost(
    fill: Fill, signal: Decimal | None, quantity: Decimal, multiplier: Decimal
) -> Decimal | None:
    """Return what ``quantity`` of the fill cost against the signal, above zero if worse."""
    return None if signal is None else (fill.price - signal) * quantity * multiplier


@exact
def total(costs: Iterable[Decimal | None]) -> Decimal | None:
    """Return the sum of what is known; None when nothing is."""
    known = [each for each in costs if each is not None]
    return sum(known, ZERO) if known else None


def slippage(trip: RoundTrip, fills: Sequence[Signalled]) -> Decimal | None:
    """Return what the trip's fills cost against their signals; None without any signal."""
    if all(each.signal is None for each in fills):
        return None
    multiplier = multiplier_of(trip)
    parts = shares(trip, [each.fill for each in fills], multiplier)
    return total(
        cost(each.fill, each.signal, part, multiplier)
        for each, part in zip(fills, parts, strict=True)
    )
