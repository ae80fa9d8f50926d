"""Catching up: what happened at the venues while nobody listened is booked before any trade."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Final

from app.domain.errors import BrokerError
from app.domain.orders import Order, OrderState
from app.domain.reports import FillReport
from app.services.ports import Broker, Brokers, Store
from app.services.trading.send import Sender
from app.services.trading.settle import Settler

#: Orders that the venue took; those whose answer is not known are asked for by who sent them.
_TAKEN: Final = frozenset({OrderState.SUBMITTED, OrderState.ACCEPTED, OrderState.PARTIALLY_FILLED})


class Reconciler:
    """Asks each venue for what our working orders there did in the meantime."""

    def __init__(self, store: Store, brokers: Brokers, settler: Settler, sender: Sender) -> None:
        self._store = store
        self._brokers = brokers
        self._settler = settler
        self._sender = sender

    def run(self) -> tuple[str, ...]:
        """Book what was missed, and return the accounts whose venue did not answer.

        Fills are booked once by their own ids, with the venue's time, however often they come.
        """
        with self._store.read() as uow:
            working = sorted(uow.orders.working(), key=lambda order: order.account_id)
        silent = []
        for account_id, orders in groupby(working, key=lambda order: order.account_id):
            try:
                self._ask(self._brokers.of(account_id), list(orders))
            except BrokerError:
                silent.append(account_id)
        while self._settler.settle():
            pass
        return tuple(silent)

    def _ask(self, broker: Broker, orders: Sequence[Order]) -> None:
        ours = {order.client_order_id for order in orders}
        there = {held.client_order_id for held in broker.open_orders()}
        for report in broker.fills(min(order.created_at for order in orders)):
            if isinstance(report, FillReport) and report.client_order_id in ours:
                self._settler.receive(report)
        for order in orders:
            if order.state in _TAKEN and order.client_order_id not in there:
                held = broker.order(order.client_order_id)
                if held is not None:
                    self._sender.adopt(order, held)
