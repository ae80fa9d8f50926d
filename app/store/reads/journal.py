"""Round trips with what surrounds them: the stop that was known at entry, how they were left."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import and_, func, select

from app.domain.orders import OrderRole
from app.services.reads import Scope, Span, TripRow
from app.store.reads.base import ALWAYS, ReadModel, where_given, within
from app.store.repos.books import ROUND_TRIP
from app.store.tables.people import ACCOUNTS, STRATEGIES
from app.store.tables.trading import FILLS, ORDERS, TRADES

_t = TRADES.c

OPENING_FILL: Final = FILLS.alias("opening_fill")
OPENING: Final = ORDERS.alias("opening")
STOP: Final = ORDERS.alias("stop_order")
_GUARD: Final = ORDERS.alias("guard")

#: The first stop that was placed for the alert (or order) that opened the round trip; ids are
#: ordered by time.
_FIRST_STOP: Final = (
    select(func.min(_GUARD.c.id))
    .where(
        _GUARD.c.alert_id == func.coalesce(OPENING.c.alert_id, OPENING.c.id),
        _GUARD.c.account_id == _t.account_id,
        _GUARD.c.strategy_id == _t.strategy_id,
        _GUARD.c.symbol == _t.symbol,
        _GUARD.c.role.in_((OrderRole.STOP_LOSS, OrderRole.TRAILING_STOP)),
    )
    .correlate(OPENING, TRADES)
    .scalar_subquery()
)

#: Closed round trips with their names, the order that opened each, and its first stop.
WITH_STOPS: Final = (
    TRADES.join(ACCOUNTS, ACCOUNTS.c.id == _t.account_id)
    .join(STRATEGIES, STRATEGIES.c.id == _t.strategy_id)
    .outerjoin(
        OPENING_FILL,
        and_(
            OPENING_FILL.c.account_id == _t.account_id,
            OPENING_FILL.c.venue_fill_id == _t.opening_fill_id,
        ),
    )
    .outerjoin(OPENING, OPENING.c.id == OPENING_FILL.c.order_id)
    .outerjoin(STOP, STOP.c.id == _FIRST_STOP)
)

_TRIPS: Final = (
    select(
        *ROUND_TRIP.columns,
        _t.strategy_id,
        STRATEGIES.c.name,
        _t.account_id,
        ACCOUNTS.c.name,
        STOP.c.stop_price,
        STOP.c.trail,
    )
    .select_from(WITH_STOPS)
    .where(_t.closed_at.is_not(None))
    .order_by(_t.closed_at, _t.number)
)


class Journal(ReadModel):
    """Finished round trips."""

    def trips(
        self, scope: Scope, most: int, *, symbol: str | None = None, span: Span = ALWAYS
    ) -> Sequence[TripRow]:
        """At most ``most`` round trips with their stops, by the time they closed, oldest first."""
        wanted = _TRIPS.where(
            ACCOUNTS.c.user_id == scope.user_id,
            *where_given(
                {
                    _t.strategy_id: scope.strategy_id,
                    _t.account_id: scope.account_id,
                    _t.symbol: symbol,
                }
            ),
            *within(_t.closed_at, span),
        ).limit(most)
        return [TripRow(ROUND_TRIP.of(row[:-6]), *row[-6:]) for row in self._rows(wanted)]
