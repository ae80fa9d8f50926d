"""Cancelling: written down before the venue is asked."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Final

from app.domain.orders import Order, OrderEvent, apply
from app.services.ports import OrderStep, UnitOfWork

#: Why an order was cancelled, where that decides whether it may be replaced.
BY_HAND: Final = "CANCELLED_BY_HAND"


def request_cancel(uow: UnitOfWork, order: Order, now: datetime, code: str | None = None) -> Order:
    """Write down that the order is to be cancelled, before the venue is asked."""
    event = OrderEvent.REQUEST_CANCEL
    asked = replace(order, state=apply(order.state, event), updated_at=now, reason_code=code)
    uow.orders.update(asked, OrderStep(order.id, now, event, order.state, asked.state))
    return asked
