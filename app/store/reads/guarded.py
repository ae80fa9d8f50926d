"""Round trips with their names and, where it is wanted, the first stop that guarded the entry."""

from __future__ import annotations

from typing import Final

from sqlalchemy import and_, func, select, text

from app.store.tables.people import ACCOUNTS, STRATEGIES
from app.store.tables.trading import FILLS, ORDERS, STOPS, TRADES

_t = TRADES.c
_FIRST_FILL, _GUARD = FILLS.alias("first_fill"), ORDERS.alias("guard")
ENTRY: Final = ORDERS.alias("entry")
STOP: Final = ORDERS.alias("stop_order")

#: The first stop that was placed for the alert (or order) behind the first fill; ids are ordered
#: by time.
_FIRST_STOP: Final = (
    select(func.min(_GUARD.c.id))
    .where(
        _GUARD.c.alert_id == func.coalesce(ENTRY.c.alert_id, ENTRY.c.id),
        _GUARD.c.account_id == _t.account_id,
        _GUARD.c.strategy_id == _t.strategy_id,
        _GUARD.c.symbol == _t.symbol,
        # The innermost table, which is the guard, has the column that these literals mean.
        text(STOPS),
    )
    .correlate(ENTRY, TRADES)
    .scalar_subquery()
)

NAMED: Final = TRADES.join(ACCOUNTS, ACCOUNTS.c.id == _t.account_id).join(
    STRATEGIES, STRATEGIES.c.id == _t.strategy_id
)
GUARDED: Final = (
    NAMED.outerjoin(
        _FIRST_FILL,
        and_(
            _FIRST_FILL.c.account_id == _t.account_id,
            _FIRST_FILL.c.venue_fill_id == _t.opening_fill_id,
        ),
    )
    .outerjoin(ENTRY, ENTRY.c.id == _FIRST_FILL.c.order_id)
    .outerjoin(STOP, STOP.c.id == _FIRST_STOP)
)
