"""What surrounds many round trips at once: how far they went, and their fills with the signals."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Select, and_, select, tuple_

from app.domain.excursions import Excursion
from app.domain.remarks import TripId
from app.services.reads import Signalled, TradeRow
from app.store.reads.base import ReadModel
from app.store.records import found_by
from app.store.repos.orders import FILL
from app.store.tables.trading import FILLS, ORDERS, TRADES

_t, _f = TRADES.c, FILLS.c
_KEY: Final = (_t.strategy_id, _t.account_id, _t.symbol, _t.opening_fill_id)

#: The fills of a round trip lie in its book from the one that opened to the one that closed it.
_WITHIN: Final = and_(
    _f.strategy_id == _t.strategy_id,
    _f.account_id == _t.account_id,
    _f.symbol == _t.symbol,
    _f.at >= _t.opened_at,
    _f.at <= _t.closed_at,
    tuple_(_f.at, _f.venue_fill_id) >= tuple_(_t.opened_at, _t.opening_fill_id),
    tuple_(_f.at, _f.venue_fill_id) <= tuple_(_t.closed_at, _t.closing_fill_id),
)
_SIGNALS: Final[Select[Any]] = (
    select(_t.account_id, _t.opening_fill_id, ORDERS.c.signal_price, *FILL.columns)
    .select_from(TRADES.join(FILLS, _WITHIN).outerjoin(ORDERS, ORDERS.c.id == _f.order_id))
    .order_by(_f.at, _f.venue_fill_id)
)


class Around(ReadModel):
    """What surrounds many round trips, one question for all of them."""

    def excursions(self, trips: Collection[TripId]) -> Mapping[TripId, Excursion]:
        """How far these went at the marks of each second; those that are unknown are left out."""
        with self._store.read() as unit:
            return unit.excursions.of(trips)

    def signals(self, rows: Collection[TradeRow]) -> Mapping[TripId, Sequence[Signalled]]:
        """The fills of these round trips, each from the first to the last."""
        if not rows:
            return {}
        keys = [
            (row.strategy_id, row.account_id, row.trip.symbol, row.trip.opening_fill_id)
            for row in rows
        ]
        found: dict[TripId, list[Signalled]] = {}
        for each in self._rows(_SIGNALS.where(found_by(_KEY, keys))):
            found.setdefault(TripId(*each[:2]), []).append(Signalled(FILL.of(each[3:]), each[2]))
        return found
