"""The journal's desk: one round trip opened down to its fills, and what is written about it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from app.domain.errors import NotFound
from app.domain.instruments import resolve
from app.domain.journal import RoundTrip
from app.domain.metrics import Trade, initial_risk
from app.domain.money import ZERO, exact
from app.domain.orders import Fill, Order
from app.domain.positions import effect
from app.domain.remarks import Remarks, TripId, remarks
from app.services.ports import Clock, Store
from app.services.reads import Reads, TradeRow, TripFill, TripRow


@dataclass(frozen=True, slots=True)
class Part:
    """A fill's part in a round trip: the signed ``quantity`` of it that belongs to this one.

    ``slippage`` is what the part cost against the order's signal price, money, above zero if
    worse; None where the order had none.
    """

    fill: Fill
    order: Order | None
    quantity: Decimal
    slippage: Decimal | None


@dataclass(frozen=True, slots=True)
class Opened:
    """A round trip with the fills that it is made of, from the first to the last."""

    row: TradeRow
    trade: Trade
    parts: Sequence[Part]

    @property
    @exact
    def slippage(self) -> Decimal | None:
        """What all parts cost against their signals, above zero if worse; None if none had one."""
        known = [each.slippage for each in self.parts if each.slippage is not None]
        return sum(known, ZERO) if known else None


class JournalDesk:
    """Opens round trips and keeps what people write about them."""

    def __init__(self, store: Store, reads: Reads, clock: Clock) -> None:
        self._store = store
        self._reads = reads
        self._clock = clock

    def opened(self, user_id: str, trip_id: str) -> Opened:
        """Return one round trip with its fills; raises NotFound when it is not the user's."""
        row = self._row(user_id, trip_id)
        return Opened(row, measured(row), _parts(row.trip, self._reads.trade_fills(row)))

    def remark(self, user_id: str, trip_id: str, note: str, tags: Iterable[str]) -> Remarks:
        """Keep a note and tags in place of those before, and return them as they are kept.

        Raises NotFound when the round trip is not the user's, InvalidInput with what is too long.
        """
        kept = remarks(note, tags)
        row = self._row(user_id, trip_id)
        with self._store.write() as uow:
            uow.remarks.save(row.id, kept, self._clock.now())
        return kept

    def _row(self, user_id: str, trip_id: str) -> TradeRow:
        row = self._reads.trade(user_id, TripId.parse(trip_id))
        if row is None:
            raise NotFound("There is no such round trip.")
        return row


def measured(row: TripRow) -> Trade:
    """Return the round trip with what its first stop put at risk."""
    trip = row.trip
    return Trade(
        trip=trip,
        strategy_id=row.strategy_id,
        strategy_name=row.strategy_name,
        account_id=row.account_id,
        account_name=row.account_name,
        risk=initial_risk(trip, row.stop, row.trail, _multiplier(trip)),
    )


def _multiplier(trip: RoundTrip) -> Decimal:
    return resolve(trip.symbol, trip.closed_at.date()).instrument.multiplier


@exact
def _parts(trip: RoundTrip, fills: Sequence[TripFill]) -> list[Part]:
    """The fills with their part in the trip: of one that crosses zero only what is this side."""
    multiplier = _multiplier(trip)
    held, parts = ZERO, []
    for each in fills:
        quantity = effect(each.fill, multiplier).quantity
        if each.fill.venue_fill_id == trip.closing_fill_id:
            quantity = -held
        elif each.fill.venue_fill_id == trip.opening_fill_id:
            quantity = _opened_by_first(trip, fills, multiplier)
        held += quantity
        parts.append(_part(each, quantity, multiplier))
    return parts


@exact
def _opened_by_first(trip: RoundTrip, fills: Sequence[TripFill], multiplier: Decimal) -> Decimal:
    """What the first fill opened: all that was entered, less what later fills entered."""
    sign = trip.direction.sign
    ends = {trip.opening_fill_id, trip.closing_fill_id}
    later = (
        effect(each.fill, multiplier).quantity * sign
        for each in fills
        if each.fill.venue_fill_id not in ends
    )
    return (trip.quantity - sum((each for each in later if each > 0), ZERO)) * sign


def _part(each: TripFill, quantity: Decimal, multiplier: Decimal) -> Part:
    signal = each.order.signal_price if each.order else None
    slippage = None if signal is None else (each.fill.price - signal) * quantity * multiplier
    return Part(each.fill, each.order, quantity, slippage)
