"""A venue whose every answer is scripted; its own order log is the judge of what was sent."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal

from app.domain.accounts import Account
from app.domain.errors import BrokerError, BrokerUnavailable, BrokerUnknown
from app.domain.instruments import Contract
from app.domain.money import ZERO
from app.domain.orders import Fill, Order, OrderEvent, OrderState, OrderType
from app.domain.reports import (
    AccountSnapshot,
    FillReport,
    OrderReport,
    Report,
    VenueOrder,
    VenuePosition,
)
from app.services.ports import Capabilities, Clock

Receive = Callable[[Report], None]


@dataclass(frozen=True)
class Lost:
    """The answer to a submit gets lost; ``kept`` says whether the venue took the order."""

    kept: bool


Answer = BrokerError | Lost


@dataclass
class ScriptedBroker:
    """Implements the port ``Broker``.

    Market orders fill at once at ``price`` while ``fills_at_once``; all others rest until the test
    fills them.  ``answers`` are what the next submits meet, ``cancel_answers`` the next cancels.
    """

    account_id: str
    clock: Clock
    price: Decimal = Decimal(5000)
    fills_at_once: bool = True
    cancels_at_once: bool = True
    tells: bool = True
    deaf: bool = False
    hangs: threading.Event | None = None
    answers: deque[Answer | None] = field(default_factory=deque)
    cancel_answers: deque[BrokerError] = field(default_factory=deque)
    held: dict[str, VenueOrder] = field(default_factory=dict)
    sent: list[Order] = field(default_factory=list)
    cancelled: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    executed: list[FillReport] = field(default_factory=list)
    receive: Receive | None = None

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(order_types=frozenset(OrderType))

    def open(self) -> None:
        return

    def close(self) -> None:
        return

    def account(self) -> AccountSnapshot:
        return AccountSnapshot(Decimal(100_000), None, None, self.clock.now())

    def positions(self) -> Sequence[VenuePosition]:
        return [VenuePosition("ESZ2026", self.position, None)] if self.position else []

    @property
    def position(self) -> Decimal:
        """What all fills add up to."""
        return sum((r.fill.quantity * r.fill.side.sign for r in self.executed), ZERO)

    @property
    def working(self) -> list[VenueOrder]:
        return [order for order in self.held.values() if order.state.working]

    def listen(self, receive: Receive) -> None:
        self.receive = receive

    def submit(self, order: Order, contract: Contract) -> VenueOrder:
        self.sent.append(order)
        if self.hangs is not None:
            self.hangs.wait(20)
        answer = self.answers.popleft() if self.answers else None
        if isinstance(answer, BrokerError):
            raise answer
        if answer is None or answer.kept:
            self._keep(order)
        if answer is not None:
            raise BrokerUnknown("The answer was lost.")
        return self.held[order.client_order_id]

    def _keep(self, order: Order) -> None:
        """Take the order, once: the same id again is the same order."""
        if order.client_order_id in self.held:
            return
        self.held[order.client_order_id] = VenueOrder(
            client_order_id=order.client_order_id,
            venue_order_id=f"V{len(self.held) + 1}",
            symbol=order.symbol,
            side=order.side,
            quantity=order.quantity,
            filled_quantity=ZERO,
            state=OrderState.ACCEPTED,
            at=self.clock.now(),
        )
        if self.fills_at_once and order.type is OrderType.MARKET:
            self.fill(order.client_order_id)

    def fill(
        self,
        client_order_id: str,
        quantity: str | None = None,
        price: str | None = None,
        *,
        name: str | None = None,
        at: datetime | None = None,
    ) -> FillReport:
        """Fill an order, by default all that is left of it, and tell it."""
        order = self.held[client_order_id]
        done = Decimal(quantity) if quantity else order.quantity - order.filled_quantity
        filled = order.filled_quantity + done
        state = OrderState.FILLED if filled >= order.quantity else OrderState.PARTIALLY_FILLED
        self.held[client_order_id] = replace(order, filled_quantity=filled, state=state)
        fill = Fill(
            venue_fill_id=name or f"{self.account_id}-{len(self.executed) + 1:05d}",
            account_id=self.account_id,
            symbol=order.symbol,
            side=order.side,
            quantity=done,
            price=Decimal(price) if price else self.price,
            commission=Decimal("2.25") * done,
            at=at or self.clock.now(),
        )
        report = FillReport(self.account_id, client_order_id, fill, order.venue_order_id)
        self.executed.append(report)
        self._tell(report)
        return report

    def replace(self, order: Order, contract: Contract) -> VenueOrder:
        raise BrokerUnavailable("This venue replaces nothing.")

    def cancel(self, order: Order) -> None:
        self.cancelled.append(order.client_order_id)
        if self.cancel_answers:
            raise self.cancel_answers.popleft()
        if self.cancels_at_once:
            self.end(order.client_order_id, OrderEvent.CANCEL)

    def end(self, client_order_id: str, event: OrderEvent, reason: str | None = None) -> None:
        """End an order and tell it."""
        state = {
            OrderEvent.CANCEL: OrderState.CANCELED,
            OrderEvent.EXPIRE: OrderState.EXPIRED,
            OrderEvent.REJECT: OrderState.REJECTED,
        }[event]
        self.held[client_order_id] = replace(self.held[client_order_id], state=state, reason=reason)
        self._tell(
            OrderReport(self.account_id, client_order_id, event, self.clock.now(), reason=reason)
        )

    def order(self, client_order_id: str) -> VenueOrder | None:
        self.asked.append(client_order_id)
        if self.deaf:
            raise BrokerUnavailable("The venue does not answer.")
        return self.held.get(client_order_id)

    def open_orders(self) -> Sequence[VenueOrder]:
        return self.working

    def fills(self, after: datetime) -> Sequence[Report]:
        if self.deaf:
            raise BrokerUnavailable("The venue does not answer.")
        return [report for report in self.executed if report.fill.at >= after]

    def _tell(self, report: Report) -> None:
        if self.tells and self.receive is not None:
            self.receive(report)


class ScriptedVenue:
    """Makes a scripted broker for each account, and remembers it over restarts of the server."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.brokers: dict[str, ScriptedBroker] = {}

    def broker(self, account: Account) -> ScriptedBroker:
        return self.at(account.id)

    def at(self, account_id: str) -> ScriptedBroker:
        return self.brokers.setdefault(account_id, ScriptedBroker(account_id, self._clock))
