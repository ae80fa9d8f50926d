"""Lists of alerts, orders, fills and round trips: filtered, sorted, a page at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Select, or_, select, text

from app.domain.inbox import AlertState
from app.domain.orders import OrderState
from app.services.reads import AlertRow, FillRow, OrderRow, Page, Paging, Scope, Span
from app.store.reads.base import ALWAYS, Columns, ReadModel, contains, member, where_given, within
from app.store.repos.orders import FILL, ORDER
from app.store.tables.people import ACCOUNTS, STRATEGIES
from app.store.tables.trading import ALERTS, FILLS, ORDERS, WORKING_ORDERS

#: Not a state of an order but all those in which it may still fill.
WORKING: Final = "working"

_a, _o, _f = ALERTS.c, ORDERS.c, FILLS.c

_NAMES: Final = (
    STRATEGIES.c.name.label("strategy_name"),
    ACCOUNTS.c.name.label("account_name"),
)

_ALERTS: Final = select(
    _a.id,
    _a.strategy_id,
    STRATEGIES.c.name,
    _a.received_at,
    _a.source,
    _a.state,
    _a.code,
    _a.detail,
    _a.body,
    _a.finished_at,
).join_from(ALERTS, STRATEGIES, STRATEGIES.c.id == _a.strategy_id)
_ALERT_ORDER: Final[Columns] = {
    "": _a.id,
    "received_at": _a.received_at,
    "state": _a.state,
    "code": _a.code,
    "source": _a.source,
    "strategy_name": STRATEGIES.c.name,
    "finished_at": _a.finished_at,
    "id": _a.id,
}

_ORDERS: Final = (
    select(*ORDER.columns, *_NAMES)
    .join_from(ORDERS, ACCOUNTS, ACCOUNTS.c.id == _o.account_id)
    .outerjoin(STRATEGIES, STRATEGIES.c.id == _o.strategy_id)
)
_ORDER_ORDER: Final[Columns] = {
    "": _o.id,
    **{
        name: _o[name]
        for name in (
            "created_at",
            "updated_at",
            "symbol",
            "side",
            "quantity",
            "filled_quantity",
            "type",
            "state",
            "role",
            "limit_price",
            "stop_price",
            "average_price",
        )
    },
    "strategy_name": STRATEGIES.c.name,
    "account_name": ACCOUNTS.c.name,
    "id": _o.id,
}

_FILLS: Final = (
    select(*FILL.columns, _f.realised, *_NAMES)
    .join_from(FILLS, ACCOUNTS, ACCOUNTS.c.id == _f.account_id)
    .outerjoin(STRATEGIES, STRATEGIES.c.id == _f.strategy_id)
)
_FILL_ORDER: Final[Columns] = {
    "": _f.at,
    **{
        name: _f[name]
        for name in ("at", "symbol", "side", "quantity", "price", "commission", "realised")
    },
    "strategy_name": STRATEGIES.c.name,
    "account_name": ACCOUNTS.c.name,
    "id": _f.venue_fill_id,
}


class Lists(ReadModel):
    """What was received, sent, filled and finished."""

    def alerts(
        self,
        user_id: str,
        paging: Paging,
        *,
        state: str | None = None,
        strategy_id: str | None = None,
        q: str | None = None,
        heartbeats: bool = True,
    ) -> Page[AlertRow]:
        """Alerts, newest first; ``q`` looks into body, code and detail.

        Without ``heartbeats`` those that only said that the sender is alive are left out.
        """
        wanted = _ALERTS.where(
            STRATEGIES.c.user_id == user_id, *where_given({_a.strategy_id: strategy_id})
        )
        if state is not None:
            wanted = wanted.where(_a.state == member(AlertState, state, "state"))
        if q:
            wanted = wanted.where(contains(q, self._text(_a.body), _a.code, _a.detail))
        if not heartbeats:
            wanted = wanted.where(or_(_a.code.is_(None), _a.code != "HEARTBEAT"))
        return self._page(wanted, paging, _ALERT_ORDER, lambda row: AlertRow(*row))

    def orders(
        self,
        scope: Scope,
        paging: Paging,
        *,
        state: str | None = None,
        symbol: str | None = None,
        alert_id: str | None = None,
    ) -> Page[OrderRow]:
        """Orders, newest first; ``state`` may also be "working"."""
        wanted = _of(scope, _ORDERS, _o).where(
            *where_given({_o.symbol: symbol, _o.alert_id: alert_id})
        )
        if state == WORKING:
            wanted = wanted.where(text(f"orders.{WORKING_ORDERS}"))
        elif state is not None:
            wanted = wanted.where(_o.state == member(OrderState, state, "state"))
        return self._page(wanted, paging, _ORDER_ORDER, _order_row)

    def fills(
        self, scope: Scope, paging: Paging, *, symbol: str | None = None, span: Span = ALWAYS
    ) -> Page[FillRow]:
        """Fills by their own time, newest first."""
        wanted = _of(scope, _FILLS, _f).where(
            *where_given({_f.symbol: symbol}), *within(_f.at, span)
        )
        return self._page(wanted, paging, _FILL_ORDER, _fill_row)


def _of(scope: Scope, wanted: Select[Any], columns: Any) -> Select[Any]:  # noqa: ANN401  a table's .c
    """Keep the rows on the scope's accounts and strategies; the account says whose they are."""
    return wanted.where(
        ACCOUNTS.c.user_id == scope.user_id,
        *where_given(
            {columns.strategy_id: scope.strategy_id, columns.account_id: scope.account_id}
        ),
    )


def _order_row(row: Sequence[Any]) -> OrderRow:
    return OrderRow(ORDER.of(row[:-2]), row[-2], row[-1])


def _fill_row(row: Sequence[Any]) -> FillRow:
    return FillRow(FILL.of(row[:-3]), row[-3], row[-2], row[-1])
