"""The manual desk: tickets, closes and cancels by hand, on the same pipeline as every alert."""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Decimal

from app.domain.alerts import read
from app.domain.errors import Conflict, InvalidInput, NotFound, StoreUnavailable
from app.domain.inbox import Alert
from app.domain.instruments import resolve
from app.domain.money import wire
from app.domain.orders import Order, OrderType, Side, TimeInForce, can_cancel
from app.domain.remarks import FLATTEN
from app.domain.strategies import Strategy
from app.services.inbox import Inbox
from app.services.ports import BookKey, Clock, Store, UnitOfWork
from app.services.trading.cancel import BY_HAND, request_cancel
from app.services.trading.send import Sender
from app.services.trading.settle import Settler


@dataclass(frozen=True, slots=True)
class Ticket:
    """A manual order: unsigned quantity; prices as the order type needs them."""

    account_id: str
    symbol: str
    side: Side
    quantity: Decimal
    order_type: OrderType = OrderType.MARKET
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    time_in_force: TimeInForce = TimeInForce.GTC
    strategy_id: str | None = None


class ManualDesk:
    """Turns what a person does by hand into alerts from inside, and cancels orders."""

    def __init__(
        self, store: Store, clock: Clock, inbox: Inbox, sender: Sender, settler: Settler
    ) -> None:
        self._store = store
        self._clock = clock
        self._inbox = inbox
        self._sender = sender
        self._settler = settler

    def ticket(self, user_id: str | None, ticket: Ticket) -> Alert:
        """Send an order by hand, for a strategy or (without one) for the account's manual book.

        Raises InvalidInput with the fields that are wrong, NotFound for another user's account.
        """
        body = _message(ticket)
        self._check(ticket, body)
        words = f"{ticket.side} {wire(ticket.quantity)} {ticket.symbol}"
        with self._store.write() as uow:
            strategy = self._book(uow, user_id, ticket.account_id, ticket.strategy_id)
            alert = self._inbox.enqueue(
                uow, strategy.id, strategy.user_id, body, f"{strategy.name}: {words} by hand"
            )
        self._inbox.wake()
        return alert

    def close_position(self, user_id: str | None, key: BookKey) -> Alert:
        """Close one position at the market; raises Conflict when there is none."""
        with self._store.write() as uow:
            self._book(uow, user_id, key.account_id, key.strategy_id)
            if not uow.positions.get(key).position.quantity:
                raise Conflict(f"There is no open position in {key.symbol} to close.")
            alert = self.enqueue_close(uow, key)
        self._inbox.wake()
        return alert

    def enqueue_close(self, uow: UnitOfWork, key: BookKey, comment: str = "") -> Alert:
        """Keep the alert that closes a book, in the caller's transaction."""
        # To be flat is said twice: an exit alone may mean a part, by the strategy's sizing.
        message = {"action": "exit", "market_position": "flat"}
        if comment:
            message["comment"] = comment
        body = json.dumps({**message, "symbol": key.symbol, "account": key.account_id})
        owner = uow.strategies.owner(key.strategy_id)
        how = "to be flat" if comment == FLATTEN else "by hand"
        what = f"{owner.name}: close {key.symbol} {how}"
        return self._inbox.enqueue(uow, key.strategy_id, owner.user_id, body.encode(), what)

    def cancel_order(self, user_id: str | None, order_id: str) -> bool:
        """Cancel one working order; one that guards a position is not placed again.

        Returns whether that is written down: while the database takes nothing, the venue is asked
        all the same.  Raises NotFound, or Conflict when it no longer works.
        """
        now = self._clock.now()
        try:
            with self._store.write() as uow:
                order = request_cancel(uow, _working(uow, user_id, order_id), now, BY_HAND)
        except StoreUnavailable:
            with self._store.read() as uow:
                order = _working(uow, user_id, order_id)
            self._sender.cancel(order)
            return False
        self._sender.cancel(order)
        self._settler.settle()
        return True

    def _check(self, ticket: Ticket, body: bytes) -> None:
        if ticket.quantity <= 0:
            raise InvalidInput(
                "The quantity must be above zero.", fields={"quantity": "above zero"}
            )
        needs_limit = ticket.order_type in {OrderType.LIMIT, OrderType.STOP_LIMIT}
        needs_stop = ticket.order_type in {OrderType.STOP, OrderType.STOP_LIMIT}
        for field, needed, price in (
            ("limit_price", needs_limit, ticket.limit_price),
            ("stop_price", needs_stop, ticket.stop_price),
        ):
            if needed and price is None:
                raise InvalidInput(
                    f"A {ticket.order_type.value.replace('_', ' ')} order needs a price.",
                    fields={field: "must be given"},
                )
        resolve(ticket.symbol, self._clock.now().date())
        read(body)

    def _book(
        self, uow: UnitOfWork, user_id: str | None, account_id: str, strategy_id: str | None
    ) -> Strategy:
        account = uow.accounts.get(account_id)
        if account is None or (user_id is not None and account.user_id != user_id):
            raise NotFound("There is no such account.")
        strategy = (
            uow.strategies.get(strategy_id) if strategy_id else uow.strategies.manual_of(account_id)
        )
        if strategy is None or (user_id is not None and strategy.user_id != user_id):
            raise NotFound("There is no such strategy.")
        if strategy.link(account_id) is None:
            raise InvalidInput(
                f"{strategy.name} does not trade on {account.name}.",
                fields={"account_id": "is not one of the strategy's accounts"},
            )
        return strategy


def _working(uow: UnitOfWork, user_id: str | None, order_id: str) -> Order:
    """The user's order that can be cancelled; raises NotFound or Conflict."""
    order = uow.orders.get(order_id)
    if order is None or not _sees(uow, user_id, order):
        raise NotFound("There is no such order.")
    if not can_cancel(order):
        raise Conflict(f"The order is {order.state}: there is nothing to cancel.")
    return order


def _sees(uow: UnitOfWork, user_id: str | None, order: Order) -> bool:
    if user_id is None or order.strategy_id is None:
        return user_id is None
    return uow.strategies.owner(order.strategy_id).user_id == user_id


def _message(ticket: Ticket) -> bytes:
    """The ticket in the words of an alert."""
    fields: dict[str, str] = {
        "action": ticket.side.value,
        "symbol": ticket.symbol,
        "quantity": wire(ticket.quantity),
        "order_type": ticket.order_type.value,
        "time_in_force": ticket.time_in_force.value,
        "account": ticket.account_id,
    }
    if ticket.limit_price is not None:
        fields["limit_price"] = wire(ticket.limit_price)
    if ticket.stop_price is not None:
        fields["stop_price"] = wire(ticket.stop_price)
    return json.dumps(fields).encode()
