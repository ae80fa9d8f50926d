"""The halt keeper: sees a halt through, whoever threw it and whatever went wrong at first.

While trading is halted, an entry that turns up working (its answer was late, its cancel was refused
or lost, the server was down) is cancelled; what is to be flat is closed until it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from app.domain.orders import Order, OrderState, can_cancel
from app.domain.safety.switches import Switch, TradingState
from app.services.halts.asking import Asking
from app.services.halts.closing import Closer
from app.services.halts.reach import working_in
from app.services.inbox import Inbox
from app.services.ports import Store, UnitOfWork
from app.services.trading.cancel import request_cancel
from app.services.trading.send import GRACE
from app.services.trading.settle import Settler

#: How long until a venue is asked about the same order again.
_REST: Final = timedelta(seconds=10)
#: How long one look waits for the venues at most, in seconds.
_PATIENCE_S: Final = 0.25


class HaltKeeper:
    """Looks once a second whether a halt has left anything to do."""

    def __init__(
        self, store: Store, settler: Settler, closer: Closer, asking: Asking, inbox: Inbox
    ) -> None:
        self._store = store
        self._settler = settler
        self._closer = closer
        self._asking = asking
        self._inbox = inbox
        self._asked: dict[str, datetime] = {}

    @property
    def closer(self) -> Closer:
        """Who closes what is to be flat."""
        return self._closer

    def step(self, now: datetime) -> bool:
        """Cancel and close what is left; returns False, for once a second is enough."""
        with self._store.read() as uow:
            strays = self._strays(uow, now)
            flattening = self._closer.pending(uow)
        if strays or flattening:
            self._see_to(now, flattening=flattening)
        return False

    def _see_to(self, now: datetime, *, flattening: bool) -> None:
        """Decide again in the transaction, write down what is asked, then ask."""
        with self._settler.transaction() as uow:
            strays = self._strays(uow, now)
            lost = [order for order in strays if order.state is OrderState.PENDING_CANCEL]
            fresh = [request_cancel(uow, order, now) for order in strays if order not in lost]
            closes = flattening and self._closer.go_on(uow)
        self._asked = {id_: at for id_, at in self._asked.items() if abs(now - at) < _REST}
        self._asked |= {order.id: now for order in strays}
        self._asking.cancel(fresh, _PATIENCE_S)
        self._asking.clear_up(lost, _PATIENCE_S)
        if closes:
            self._inbox.wake()

    def _strays(self, uow: UnitOfWork, now: datetime) -> list[Order]:
        """Return the entries in reach of a halt that are to be asked about now."""
        halted = [s for s in uow.switches.all() if s.state is TradingState.HALTED]
        found = {order.id: order for switch in halted for order in _entries(uow, switch)}
        return [order for order in found.values() if self._due(order, now)]

    def _due(self, order: Order, now: datetime) -> bool:
        asked = self._asked.get(order.id)
        if asked is not None and abs(now - asked) < _REST:
            return False
        if order.state is OrderState.PENDING_CANCEL:
            return abs(now - order.updated_at) >= GRACE
        return can_cancel(order)


def _entries(uow: UnitOfWork, switch: Switch) -> Sequence[Order]:
    orders = working_in(uow, switch.scope, switch.subject_id)
    return [order for order in orders if not (order.reduce_only or order.external)]
