"""Cancelling: written down before the venue is asked, and undone when the venue refuses."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from app.domain.errors import BrokerAuth, BrokerRejected, BrokerUnavailable, BrokerUnknown
from app.domain.orders import TRANSITIONS, Order, OrderEvent, apply
from app.domain.reports import OrderReport
from app.services.ports import Brokers, OrderStep, UnitOfWork
from app.services.trading.settle import Settler


def can_cancel(order: Order) -> bool:
    """Whether the venue can be asked to cancel the order, as far as we know."""
    return OrderEvent.REQUEST_CANCEL in TRANSITIONS[order.state] and not order.state.terminal


def request_cancel(uow: UnitOfWork, order: Order, now: datetime) -> Order:
    """Write down that the order is to be cancelled, before the venue is asked."""
    event = OrderEvent.REQUEST_CANCEL
    asked = replace(order, state=apply(order.state, event), updated_at=now)
    uow.orders.update(asked, OrderStep(order.id, now, event, order.state, asked.state))
    return asked


def cancel_at_venue(brokers: Brokers, settler: Settler, order: Order, now: datetime) -> None:
    """Ask the venue to cancel; a refusal is reported, so the order works again in our books."""
    try:
        brokers.of(order.account_id).cancel(order)
    except BrokerRejected as error:
        event, reason = OrderEvent.REFUSE_CANCEL, error.detail
    except (BrokerUnavailable, BrokerUnknown, BrokerAuth) as error:
        event, reason = OrderEvent.LOSE_ANSWER, error.detail
    else:
        return
    settler.receive(OrderReport(order.account_id, order.client_order_id, event, now, reason=reason))
