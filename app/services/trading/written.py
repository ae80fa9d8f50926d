"""Writing orders down: nothing goes to a venue before its row, under its own id, is on disk."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from app.domain.decisions import Leg
from app.domain.events import Fact, FactKind
from app.domain.orders import Order, OrderState, client_order_id
from app.services.ports import BookKey, Ids, UnitOfWork
from app.services.trading.settle import describe


def write_order(
    uow: UnitOfWork,
    ids: Ids,
    leg: Leg,
    key: BookKey,
    alert_id: str,
    now: datetime,
    *,
    what: str,
    signal_price: Decimal | None = None,
) -> Order:
    """Keep the order for one leg of an alert, in the caller's transaction, and return it.

    ``what`` says in the log what is sent ("order", "protection").
    """
    order = Order(
        id=ids(),
        client_order_id=client_order_id(alert_id, key.account_id, leg.name),
        account_id=key.account_id,
        symbol=key.symbol,
        side=leg.side,
        quantity=leg.quantity,
        type=leg.type,
        time_in_force=leg.time_in_force,
        role=leg.role,
        state=OrderState.SUBMITTING,
        created_at=now,
        updated_at=now,
        leg=leg.name,
        strategy_id=key.strategy_id,
        alert_id=alert_id,
        limit_price=leg.limit_price,
        stop_price=leg.stop_price,
        trail=leg.trail,
        reduce_only=leg.reduce_only,
        signal_price=signal_price,
    )
    uow.orders.insert(order)
    uow.facts.append(_sent(uow, order, what))
    return order


def _sent(uow: UnitOfWork, order: Order, what: str) -> Fact:
    owner = uow.strategies.owner(order.strategy_id or "")
    return Fact(
        kind=FactKind.ORDER_SUBMITTED,
        at=order.created_at,
        message=f"{owner.name}: {what} sent, {describe(order)}",
        user_id=owner.user_id,
        strategy_id=order.strategy_id,
        account_id=order.account_id,
        alert_id=order.alert_id,
        order_id=order.id,
    )
