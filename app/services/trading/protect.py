"""Protection: take profit and stop orders follow the filled position and vanish with it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from app.domain.decisions import Leg
from app.domain.errors import BrokerAuth, BrokerRejected, BrokerUnavailable, BrokerUnknown
from app.domain.events import Fact, FactKind
from app.domain.orders import Order, OrderEvent, OrderState, client_order_id
from app.domain.protection import Cancel, Place, Protection, changes
from app.domain.reports import OrderReport
from app.services.ports import BookKey, Brokers, Clock, Ids, Store, UnitOfWork
from app.services.trading.cancel import cancel_at_venue, request_cancel
from app.services.trading.guard import Guard, guard_of
from app.services.trading.settle import Settler, contract_of, describe

#: Turns that one call takes at most; what is left is tended by the next one.
_TURNS: Final = 10
_REFUSED: Final = frozenset({OrderState.REJECTED, OrderState.DENIED})


class Protector:
    """Mends the protective orders of the books that the settler touched."""

    def __init__(
        self, store: Store, settler: Settler, brokers: Brokers, clock: Clock, ids: Ids
    ) -> None:
        self._store = store
        self._settler = settler
        self._brokers = brokers
        self._clock = clock
        self._ids = ids

    def tend(self) -> None:
        """Look after every book that changed since the last call."""
        for _ in range(_TURNS):
            books = self._settler.touched()
            if not books:
                return
            for key in books:
                self._tend(key)
            self._settler.settle()

    def tend_all(self) -> None:
        """Look after every book that holds something or is guarded, as after a start."""
        with self._store.read() as uow:
            books = set(uow.positions.open())
            books |= {
                BookKey(order.strategy_id, order.account_id, order.symbol)
                for order in uow.orders.working()
                if order.role.protective and order.strategy_id
            }
        for key in books:
            self._tend(key)
        self._settler.settle()
        self.tend()

    def _tend(self, key: BookKey) -> None:
        with self._store.read() as uow:
            if not self._changes(uow, key):
                return
        placed, cancelled = self._write(key)
        for order in cancelled:
            cancel_at_venue(self._brokers, self._settler, order, self._clock.now())
        for order in placed:
            self._send(order)

    def _write(self, key: BookKey) -> tuple[list[Order], list[Order]]:
        """Write down what to place and to cancel, decided again inside the transaction."""
        placed, cancelled = [], []
        with self._settler.transaction() as uow:
            guard = guard_of(uow, key)
            for change in self._changes(uow, key):
                if isinstance(change, Cancel):
                    cancelled.append(request_cancel(uow, change.order, self._clock.now()))
                elif guard is not None:
                    placed.append(self._place(uow, guard.entry, change.leg))
        return placed, cancelled

    def _changes(self, uow: UnitOfWork, key: BookKey) -> Sequence[Place | Cancel]:
        position = uow.positions.get(key).position
        working = uow.orders.working(key.strategy_id, key.account_id, key.symbol)
        guard = guard_of(uow, key)
        if guard is None and not any(order.role.protective for order in working):
            return []
        wanted = guard.protection if guard else Protection()
        contract = contract_of(key.symbol, self._clock.now().date())
        found = changes(position.quantity, position.average_price, wanted, working, contract)
        refused = self._refused(uow, guard)
        return [
            each for each in found if isinstance(each, Cancel) or _shape(each.leg) not in refused
        ]

    def _refused(self, uow: UnitOfWork, guard: Guard | None) -> set[tuple[object, ...]]:
        """Protective orders that the venue refused: the same one is not sent again and again."""
        if guard is None or guard.entry.alert_id is None:
            return set()
        orders = uow.orders.of_alert(guard.entry.alert_id)
        return {_shape(order) for order in orders if order.state in _REFUSED}

    def _place(self, uow: UnitOfWork, entry: Order, leg: Leg) -> Order:
        now = self._clock.now()
        alert_id = entry.alert_id or entry.id
        earlier = [o for o in uow.orders.of_alert(alert_id) if o.role is leg.role]
        name = f"{leg.role}:{len([o for o in earlier if o.account_id == entry.account_id]) + 1}"
        order = Order(
            id=self._ids(),
            client_order_id=client_order_id(alert_id, entry.account_id, name),
            account_id=entry.account_id,
            symbol=entry.symbol,
            side=leg.side,
            quantity=leg.quantity,
            type=leg.type,
            time_in_force=leg.time_in_force,
            role=leg.role,
            state=OrderState.SUBMITTING,
            created_at=now,
            updated_at=now,
            leg=name,
            strategy_id=entry.strategy_id,
            alert_id=entry.alert_id,
            limit_price=leg.limit_price,
            stop_price=leg.stop_price,
            trail=leg.trail,
            reduce_only=True,
        )
        uow.orders.insert(order)
        owner = uow.strategies.owner(entry.strategy_id or "")
        uow.facts.append(
            Fact(
                kind=FactKind.ORDER_SUBMITTED,
                at=now,
                message=f"{owner.name}: protection sent, {describe(order)}",
                user_id=owner.user_id,
                strategy_id=order.strategy_id,
                account_id=order.account_id,
                alert_id=order.alert_id,
                order_id=order.id,
            )
        )
        return order

    def _send(self, order: Order) -> None:
        contract = contract_of(order.symbol, order.created_at.date())
        venue_id, reason = None, None
        try:
            venue_id = self._brokers.of(order.account_id).submit(order, contract).venue_order_id
            event = OrderEvent.ACCEPT
        except BrokerRejected as error:
            event, reason = (
                OrderEvent.REJECT,
                f"{error.detail} The position has no such protection.",
            )
        except (BrokerUnavailable, BrokerAuth) as error:
            event, reason = OrderEvent.DENY, f"{error.detail} The position has no such protection."
        except BrokerUnknown as error:
            event, reason = OrderEvent.LOSE_ANSWER, error.detail
        self._settler.receive(
            OrderReport(
                order.account_id, order.client_order_id, event, self._clock.now(), venue_id, reason
            )
        )


def _shape(order: Order | Leg) -> tuple[object, ...]:
    return (
        order.role,
        order.side,
        order.quantity,
        order.limit_price,
        order.stop_price,
        order.trail,
    )
