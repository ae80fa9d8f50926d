"""The journal's desk: round trips in lists, one opened to its fills, what is written about it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from app.domain.errors import NotFound
from app.domain.excursions import Reach, reach
from app.domain.journal import RoundTrip
from app.domain.metrics import Trade, initial_risk
from app.domain.orders import Fill, Order
from app.domain.remarks import Remarks, TripId, remarks
from app.services.journal.shares import cost, multiplier_of, shares, slippage
from app.services.ports import Clock, Store
from app.services.reads import (
    ANY,
    Page,
    Paging,
    Pick,
    Reads,
    Scope,
    Span,
    TradeRow,
    TripFill,
    TripRow,
)

ALWAYS: Final = Span()
#: Round trips that are read at once of a whole list.
AT_ONCE: Final = 200


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
class Told:
    """A round trip as lists tell it: what was at risk, how far it went, what the fills cost.

    ``slippage`` is money against the signals, above zero if worse; None if no order had one.
    """

    row: TradeRow
    trade: Trade
    reach: Reach
    slippage: Decimal | None


@dataclass(frozen=True, slots=True)
class Opened:
    """A round trip with the fills that it is made of, from the first to the last."""

    told: Told
    parts: Sequence[Part]

    @property
    def row(self) -> TradeRow:
        """The round trip with what surrounds it."""
        return self.told.row


class JournalDesk:
    """Opens round trips and keeps what people write about them."""

    def __init__(self, store: Store, reads: Reads, clock: Clock) -> None:
        self._store = store
        self._reads = reads
        self._clock = clock

    def opened(self, user_id: str, trip_id: str) -> Opened:
        """Return one round trip with its fills; raises NotFound when it is not the user's."""
        row = self._row(user_id, trip_id)
        (told,) = self.told([row])
        return Opened(told, _parts(row.trip, self._reads.trade_fills(row)))

    def page(
        self, scope: Scope, paging: Paging, *, pick: Pick = ANY, span: Span = ALWAYS
    ) -> Page[Told]:
        """Return one page of round trips; the questions that it takes do not grow with the rows."""
        found = self._reads.trades(scope, paging, pick=pick, span=span)
        return Page(self.told(found.rows), found.total)

    def all(
        self, scope: Scope, *, descending: bool = True, pick: Pick = ANY, span: Span = ALWAYS
    ) -> Iterator[Sequence[Told]]:
        """Yield every round trip by the time it closed, piece by piece, each read on its own."""
        last: TradeRow | None = None
        while rows := self._reads.trades_after(
            scope, AT_ONCE, last, descending=descending, pick=pick, span=span
        ):
            yield self.told(rows)
            last = rows[-1]

    def told(self, rows: Sequence[TradeRow]) -> list[Told]:
        """Return the rows with what surrounds them."""
        marks = self._reads.excursions([row.id for row in rows])
        signals = self._reads.signals(rows)
        found = []
        for row in rows:
            trade = measured(row)
            far = reach(row.trip, marks.get(row.id), trade.risk)
            found.append(Told(row, trade, far, slippage(row.trip, signals.get(row.id, ()))))
        return found

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
        risk=initial_risk(trip, row.stop, row.trail, multiplier_of(trip)),
    )


def _parts(trip: RoundTrip, fills: Sequence[TripFill]) -> list[Part]:
    """The fills with their part in the trip: of one that crosses zero only what is this side."""
    multiplier = multiplier_of(trip)
    quantities = shares(trip, [each.fill for each in fills], multiplier)
    return [
        _part(each, quantity, multiplier) for each, quantity in zip(fills, quantities, strict=True)
    ]


def _part(each: TripFill, quantity: Decimal, multiplier: Decimal) -> Part:
    signal = each.order.signal_price if each.order else None
    return Part(each.fill, each.order, quantity, cost(each.fill, signal, quantity, multiplier))
