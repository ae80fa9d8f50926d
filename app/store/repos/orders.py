"""Repositories of orders with their histories, and of fills, each booked once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import Select, bindparam, func, insert, select, text, update

from app.domain.errors import NotFound
from app.domain.instruments import resolve
from app.domain.money import ZERO, exact
from app.domain.orders import (
    ADJUSTMENT,
    EXTERNAL,
    Fill,
    Order,
    OrderRole,
    OrderState,
)
from app.domain.positions import cost
from app.services.ports import BookedFill, BookKey, OrderStep
from app.store.records import Record, Repo, insert_or_skip
from app.store.tables.trading import FILLS, ORDER_EVENTS, ORDERS, WORKING_ORDERS

ORDER: Final = Record(Order, ORDERS)
STEP: Final = Record(OrderStep, ORDER_EVENTS)
FILL: Final = Record(Fill, FILLS)

_o, _f = ORDERS.c, FILLS.c

#: What an order is never changes; only how far it got does.
_CHANGING: Final = (
    "state",
    "updated_at",
    "quantity",
    "limit_price",
    "stop_price",
    "trail",
    "filled_quantity",
    "average_price",
    "venue_order_id",
    "reason_code",
    "reason",
)

_INSERT: Final = insert(ORDERS)
_UPDATE: Final = (
    update(ORDERS)
    .where(_o.id == bindparam("order_id"))
    .values({name: bindparam(f"new_{name}") for name in _CHANGING})
)
_INSERT_STEP: Final = insert(ORDER_EVENTS)
_GET: Final = select(*ORDER.columns).where(_o.id == bindparam("id"))
_BY_CLIENT_ID: Final = select(*ORDER.columns).where(_o.client_order_id == bindparam("client_id"))
_OF_ALERT: Final = (
    select(*ORDER.columns).where(_o.alert_id == bindparam("alert_id")).order_by(_o.id)
)


@lru_cache
def _working(*names: str) -> Select[Any]:
    """Working orders, by the columns that are named."""
    wanted = select(*ORDER.columns).where(text(WORKING_ORDERS)).order_by(_o.id)
    return wanted.where(*(_o[name] == bindparam(name) for name in names))


_HISTORY: Final = (
    select(*STEP.columns)
    .where(ORDER_EVENTS.c.order_id == bindparam("order_id"))
    .order_by(ORDER_EVENTS.c.number)
)
_IN_BOOK: Final = (
    _o.strategy_id == bindparam("strategy_id"),
    _o.account_id == bindparam("account_id"),
    _o.symbol == bindparam("symbol"),
)
#: What was never sent was denied, or expired with a reason of ours.
_OPENINGS: Final = select(func.count()).where(
    _o.account_id == bindparam("account_id"),
    _o.created_at >= bindparam("since"),
    _o.id != bindparam("but"),
    _o.reduce_only.is_(False),
    _o.leg.not_in((EXTERNAL, ADJUSTMENT)),
    _o.state != OrderState.DENIED,
    (_o.state != OrderState.EXPIRED) | _o.reason_code.is_(None),
)
_LAST_ENTRY: Final = (
    select(*ORDER.columns)
    .where(*_IN_BOOK, _o.role == OrderRole.ENTRY, _o.filled_quantity != ZERO)
    .order_by(_o.created_at.desc(), _o.id.desc())
    .limit(1)
)


def _book(key: BookKey) -> dict[str, Any]:
    return {
        "strategy_id": key.strategy_id,
        "account_id": key.account_id,
        "symbol": key.symbol,
    }


class Orders(Repo):
    """Orders and their histories."""

    __slots__ = ()

    def insert(self, order: Order) -> None:
        """Keep a new order."""
        self._count(_INSERT, ORDER.values(order))

    def update(self, order: Order, step: OrderStep | None) -> None:
        """Store the order's new state and append ``step``; NotFound without such an order."""
        values = {f"new_{name}": getattr(order, name) for name in _CHANGING}
        if not self._count(_UPDATE, values | {"order_id": order.id}):
            raise NotFound(f"There is no order {order.id}.")
        if step is not None:
            self._count(_INSERT_STEP, STEP.values(step))

    def get(self, order_id: str) -> Order | None:
        """The order with this id."""
        return ORDER.maybe(self._first(_GET, id=order_id))

    def by_client_id(self, client_order_id: str) -> Order | None:
        """The order with our own id for the venue."""
        return ORDER.maybe(self._first(_BY_CLIENT_ID, client_id=client_order_id))

    def of_alert(self, alert_id: str) -> Sequence[Order]:
        """The alert's orders, oldest first."""
        return ORDER.all(self._rows(_OF_ALERT, alert_id=alert_id))

    def working(
        self,
        strategy_id: str | None = None,
        account_id: str | None = None,
        symbol: str | None = None,
    ) -> Sequence[Order]:
        """Orders that may still fill, oldest first."""
        given = {"strategy_id": strategy_id, "account_id": account_id, "symbol": symbol}
        values = {name: value for name, value in given.items() if value is not None}
        return ORDER.all(self._rows(_working(*values), **values))

    def history(self, order_id: str) -> Sequence[OrderStep]:
        """The order's steps, oldest first."""
        return STEP.all(self._rows(_HISTORY, order_id=order_id))

    def last_entry(self, key: BookKey) -> Order | None:
        """The book's newest entry order that filled at least in part."""
        return ORDER.maybe(self._first(_LAST_ENTRY, **_book(key)))

    def count_openings(self, account_id: str, since: datetime, but: str | None = None) -> int:
        """How many orders that could open a position were sent since then, ``but`` not counted."""
        rows = self._rows(_OPENINGS, account_id=account_id, since=since, but=but or "")
        return int(rows[0][0])


_INSERT_FILL: Final = insert_or_skip(FILLS, "account_id", "venue_fill_id")
_OF_BOOK: Final = (
    select(*FILL.columns)
    .where(
        _f.strategy_id == bindparam("strategy_id"),
        _f.account_id == bindparam("account_id"),
        _f.symbol == bindparam("symbol"),
    )
    .order_by(_f.at, _f.venue_fill_id)
)
_OF_ORDER: Final = (
    select(*FILL.columns)
    .where(_f.order_id == bindparam("order_id"))
    .order_by(_f.at, _f.venue_fill_id)
)
_BOOKED: Final = (
    select(*FILL.columns, _f.received_at)
    .where(_f.order_id == bindparam("order_id"))
    .order_by(_f.at, _f.venue_fill_id)
)
_SINCE: Final = (
    select(*FILL.columns)
    .where(_f.account_id == bindparam("account_id"), _f.at >= bindparam("since"))
    .order_by(_f.at, _f.venue_fill_id)
)
_SET_REALISED: Final = (
    update(FILLS)
    .where(_f.account_id == bindparam("of_account"), _f.venue_fill_id == bindparam("of_venue_fill"))
    .values(realised=bindparam("amount"))
)


#: What ``cost_of`` takes.
COST: Final = (_f.commission, _f.base_fee, _f.price, _f.symbol, _f.at)


def cost_of(
    commission: Decimal, kept: Decimal, price: Decimal, symbol: str, at: datetime
) -> Decimal:
    """Return what a fill cost, with what its venue kept in coin; negative for a rebate."""
    if not kept:
        return commission
    return cost(commission, kept, price, resolve(symbol, at.date()).instrument.multiplier)


@lru_cache
def _since(*names: str) -> Select[Any]:
    """What fills realised since an instant, by the columns that are named."""
    wanted = select(_f.realised, *COST).where(_f.at >= bindparam("since"))
    return wanted.where(*(_f[name] == bindparam(name) for name in names))


class Fills(Repo):
    """Executions, each booked once."""

    __slots__ = ()

    def insert(self, fill: Fill, realised: Decimal, received_at: datetime) -> bool:
        """Book the fill with the gross amount it realised; False when it was booked before."""
        values = FILL.values(fill) | {"realised": realised, "received_at": received_at}
        return self._count(self._variant(_INSERT_FILL), values) == 1

    def of_book(self, key: BookKey) -> Sequence[Fill]:
        """All fills of the book, ordered by (at, venue_fill_id)."""
        return FILL.all(self._rows(_OF_BOOK, **_book(key)))

    def of_order(self, order_id: str) -> Sequence[Fill]:
        """The order's fills, ordered by (at, venue_fill_id)."""
        return FILL.all(self._rows(_OF_ORDER, order_id=order_id))

    def booked(self, order_id: str) -> Sequence[BookedFill]:
        """The order's fills with when each was booked, ordered by (at, venue_fill_id)."""
        rows = self._rows(_BOOKED, order_id=order_id)
        return [BookedFill(FILL.of(row[:-1]), row[-1]) for row in rows]

    def since(self, account_id: str, at: datetime) -> Sequence[Fill]:
        """The account's fills at or after the instant, ordered by (at, venue_fill_id)."""
        return FILL.all(self._rows(_SINCE, account_id=account_id, since=at))

    def set_realised(self, fill: Fill, realised: Decimal) -> None:
        """Correct what a fill realised, after a late fill changed the order of events."""
        values = {
            "of_account": fill.account_id,
            "of_venue_fill": fill.venue_fill_id,
            "amount": realised,
        }
        if not self._count(_SET_REALISED, values):
            raise NotFound(f"Fill {fill.venue_fill_id} was never booked.")

    @exact
    def realised_since(
        self, strategy_id: str | None, account_id: str | None, since: datetime
    ) -> Decimal:
        """What fills at or after ``since`` realised, less what they cost; None means all."""
        given = {"strategy_id": strategy_id, "account_id": account_id}
        values = {name: value for name, value in given.items() if value is not None}
        rows = self._rows(_since(*values), since=since, **values)
        return sum((realised - cost_of(*fill) for realised, *fill in rows), ZERO)
