"""Halting: stop new orders everywhere, cancel what works, and close what is open if asked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from app.domain.events import Fact, FactKind, Level
from app.domain.orders import Order, OrderState
from app.domain.safety.switches import Scope, Switch, TradingState
from app.services.inbox import Inbox
from app.services.manual import ManualDesk
from app.services.ports import Clock, Store, UnitOfWork
from app.services.trading.cancel import can_cancel, request_cancel
from app.services.trading.send import Sender
from app.services.trading.settle import Settler, describe
from app.services.trading.switches import trading_state


@dataclass(frozen=True, slots=True)
class HaltReport:
    """What a halt did: orders asked to cancel, positions being closed, and what it could not do."""

    cancelled: int
    closing: int
    problems: tuple[str, ...]


class HaltDesk:
    """The switch that stops trading for the whole server; it survives a restart."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        inbox: Inbox,
        desk: ManualDesk,
        sender: Sender,
        settler: Settler,
    ) -> None:
        self._store = store
        self._clock = clock
        self._inbox = inbox
        self._desk = desk
        self._sender = sender
        self._settler = settler

    def state(self) -> TradingState:
        """Return the server's trading state."""
        with self._store.read() as uow:
            return trading_state(uow)

    def halt(self, user_id: str | None, *, flatten: bool) -> HaltReport:
        """Stop new orders, cancel what works, and with ``flatten`` close every position.

        No order is written after the switch commits, except those that reduce a position.
        What protects an open position stays until it is flat; without ``flatten`` exits stay too.
        """
        now = self._clock.now()
        with self._store.write() as uow:
            uow.switches.throw(
                Switch(Scope.SERVER, "", TradingState.HALTED, now, thrown_by=user_id)
            )
            working = [
                order
                for order in uow.orders.working()
                if not order.role.protective and (flatten or not order.reduce_only)
            ]
            asked, problems = _ask(uow, working, now)
            closing = self._close_all(uow) if flatten else 0
            self._tell(
                uow, FactKind.TRADING_HALTED, Level.WARNING, user_id, _words(len(asked), closing)
            )
        for order in asked:
            self._sender.cancel(order)
        self._settler.settle()
        self._inbox.wake()
        return HaltReport(len(asked), closing, tuple(problems))

    def resume(self, user_id: str | None) -> None:
        """Let new orders out again."""
        with self._store.write() as uow:
            now = self._clock.now()
            uow.switches.throw(
                Switch(Scope.SERVER, "", TradingState.ACTIVE, now, thrown_by=user_id)
            )
            self._tell(uow, FactKind.TRADING_RESUMED, Level.INFO, user_id, "Trading resumed")

    def _close_all(self, uow: UnitOfWork) -> int:
        books = list(uow.positions.open())
        for key in books:
            self._desk.enqueue_close(uow, key)
        return len(books)

    def _tell(
        self, uow: UnitOfWork, kind: FactKind, level: Level, user_id: str | None, message: str
    ) -> None:
        fact = Fact(kind=kind, at=self._clock.now(), message=message, level=level, user_id=user_id)
        uow.facts.append(fact)


def _ask(uow: UnitOfWork, orders: list[Order], now: datetime) -> tuple[list[Order], list[str]]:
    """Write down which orders are to be cancelled; those that cannot be are named."""
    asked, problems = [], []
    for order in orders:
        if can_cancel(order):
            asked.append(request_cancel(uow, order, now))
        elif order.state is not OrderState.PENDING_CANCEL:
            problems.append(
                f"{describe(order)} is {order.state}: it can be cancelled when its state is known."
            )
    return asked, problems


def _words(cancelled: int, closing: int) -> str:
    orders = "1 order" if cancelled == 1 else f"{cancelled} orders"
    positions = "1 position" if closing == 1 else f"{closing} positions"
    return f"Trading halted: {orders} being cancelled, {positions} being closed"
