"""Permits: asked again just before an order goes out that was decided, or sent, some time ago."""

from __future__ import annotations

from dataclasses import replace

from app.domain import risk
from app.domain.decisions import Denied, Leg
from app.domain.orders import Order
from app.services.ports import BookKey, UnitOfWork
from app.services.trading.switches import stop_of


def refusal_to_send(uow: UnitOfWork, key: BookKey, leg: Leg, own: Order | None) -> Denied | None:
    """Return why the leg may not go out on the book now, or None.

    What opens needs every switch to be active.  What closes must still close: the position may
    have gone, or another exit may be ahead.  ``own`` is the leg's order when it is written already.
    """
    if not leg.reduce_only:
        return risk.opening_allowed(stop_of(uow, key.strategy_id, key.account_id))
    held = uow.positions.get(key).position.quantity
    working = uow.orders.working(key.strategy_id, key.account_id, key.symbol)
    others = [order for order in working if own is None or order.id != own.id]
    quantity = leg.quantity if own is None else own.remaining
    return risk.closing_allowed(replace(leg, quantity=quantity, symbol=key.symbol), held, others)


def refusal_to_resend(uow: UnitOfWork, order: Order) -> Denied | None:
    """Return why an order that is written and not at its venue may not be sent now, or None."""
    key = BookKey(order.strategy_id or "", order.account_id, order.symbol)
    leg = Leg(order.leg, order.side, order.quantity, order.role, reduce_only=order.reduce_only)
    return refusal_to_send(uow, key, leg, order)
