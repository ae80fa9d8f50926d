"""Writing orders down: nothing goes to a venue before its row, under its own id, is on disk."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from app.domain.accounts import Mode
from app.domain.decisions import Leg
from app.domain.events import Fact, FactKind, Level
from app.domain.inbox import AlertSource
from app.domain.money import wire
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
    audit(uow, order)
    return order


def audit(uow: UnitOfWork, order: Order, user_id: str | None = None) -> None:
    """Write down who sends an order with real money, and for what, beside the order itself.

    ``user_id`` is who sends it where no alert does.
    """
    account = uow.accounts.get(order.account_id)
    if account is None or account.mode is not Mode.LIVE:
        return
    by = _by(uow, order, user_id)
    sent = _sent(uow, order, f"real money on {account.name}, {order.role} {order.leg}")
    data = {
        "by": by,
        "client_order_id": order.client_order_id,
        "symbol": order.symbol,
        "side": order.side.value,
        "quantity": wire(order.quantity),
        "type": order.type.value,
        "role": order.role.value,
    }
    message = f"{sent.message}, {by}"
    live = replace(sent, kind=FactKind.LIVE_ORDER, level=Level.WARNING, message=message, data=data)
    uow.facts.append(live)


def _by(uow: UnitOfWork, order: Order, user_id: str | None) -> str:
    """Who or what an order comes from, in words."""
    alert = uow.alerts.get(order.alert_id) if order.alert_id else None
    if alert is not None and alert.source is not AlertSource.MANUAL:
        return f"for alert {alert.id}"
    owner_id = user_id or uow.strategies.owner(order.strategy_id or "").user_id
    user = uow.users.get(owner_id) if owner_id else None
    return f"by hand of {user.name}" if user else "by hand"


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
