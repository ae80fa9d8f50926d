"""A venue whose every answer is scripted; its own order log is the judge of what was sent."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal

from app.domain.accounts import Account
from app.domain.errors import BrokerAuth, BrokerError, BrokerUnavailable, BrokerUnknown
from app.domain.instruments import Contract
from app.domain.money import ZERO
from app.domain.orders import Fill, Order, OrderEvent, OrderState, OrderType, Side
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


def _open_gate() -> threading.Event:
    gate = threading.Event()
    gate.set()
    return gate


@dataclass
class ScriptedBroker:
    """Implements the port ``Broker``.

    Market orders fill at once at ``price`` while ``fills_at_once``; all others rest until the test
    fills them.  ``answers`` are what the next submits meet, ``cancel_answers`` the next cancels.
    While ``deaf`` no question is answered, while ``locked`` our credentials are refused, while
    ``empty`` no position is listed, whatever is held;
    fills whose ids are in ``forgets`` count for the position and are never told.  Questions wait
    while ``holds`` is not set.
    """

    account_id: str
    clock: Clock
    price: Decimal = Decimal(5000)
    fills_at_once: bool = True
    cancels_at_once: bool = True
    tells: bool = True
    deaf: bool = False
    locked: bool = False
    empty: bool = False
    forgets: set[str] = field(default_factory=set)
    hangs: threading.Event | None = None
    cancel_waits: threading.Event | None = None
    answers: deque[Answer | None] = field(default_factory=deque)
    cancel_answers: deque[BrokerError] = field(default_factory=deque)
    held: dict[str, VenueOrder] = field(default_factory=dict)
    sent: list[Order] = field(default_factory=list)
    cancelled: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    executed: list[FillReport] = field(default_factory=list)
    receive: Receive | None = None
    average: Decimal | None = None
    holds: threading.Event = field(default_factory=_open_gate)
    opened: int = 0
    closed: int = 0

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(order_types=frozenset(OrderType))

    def open(self) -> None:
        self.opened += 1

    def close(self) -> None:
        self.closed += 1

    def account(self) -> AccountSnapshot:
        return AccountSnapshot(Decimal(100_000), None, None, self.clock.now())

    def positions(self) -> Sequence[VenuePosition]:
        self._listen_or_raise()
        if self.empty:
            return []
        symbols = sorted({report.fill.symbol for report in self.executed})
        held = {symbol: self.held_of(symbol) for symbol in symbols}
        return [VenuePosition(symbol, each, self.average) for symbol, each in held.items() if each]

    @property
    def position(self) -> Decimal:
        """What all fills of the first symbol add up to."""
        return self.held_of("ESZ2026")

    def held_of(self, symbol: str) -> Decimal:
        """What all fills of the symbol add up to."""
        mine = [report.fill for report in self.executed if report.fill.symbol == symbol]
        return sum((fill.quantity * fill.side.sign for fill in mine), ZERO)

    def by_hand(
        self,
        signed: str,
        price: str | None = None,
        *,
        symbol: str = "ESZ2026",
        name: str | None = None,
        told: bool = True,
    ) -> str:
        """Trade as a person does at the venue; what is not ``told`` is never listed."""
        quantity = Decimal(signed)
        order = self.rest_by_hand(signed, symbol=symbol, name=name)
        if not told:
            self.forgets.add(f"{self.account_id}-{len(self.executed) + 1:05d}")
        self.fill(order, str(abs(quantity)), price)
        return order

    def rest_by_hand(self, signed: str, *, symbol: str = "ESZ2026", name: str | None = None) -> str:
        """Place a limit order as a person does; returns the id that the venue gave it."""
        quantity, order_id = Decimal(signed), name or f"hand-{len(self.held) + 1}"
        self.held[order_id] = VenueOrder(
            client_order_id=order_id,
            venue_order_id=f"V{len(self.held) + 1}",
            symbol=symbol,
            side=Side.of(quantity),
            quantity=abs(quantity),
            filled_quantity=ZERO,
            state=OrderState.ACCEPTED,
            at=self.clock.now(),
            type=OrderType.LIMIT,
            limit_price=self.price,
        )
        return order_id

    def _listen_or_raise(self) -> None:
        if self.locked:
            raise BrokerAuth("key revoked.")
        self.holds.wait(20)
        if self.deaf:
            raise BrokerUnavailable("The venue does not answer.")

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

    def forget_fill(self, report: FillReport) -> None:
        """Not know of a fill itself (yet), whoever asks."""
        self.forgets.add(report.fill.venue_fill_id)
        order = self.held[report.client_order_id or ""]
        filled = order.filled_quantity - report.fill.quantity
        self.held[order.client_order_id] = replace(order, filled_quantity=filled)

    def replace(self, order: Order, contract: Contract) -> VenueOrder:
        raise BrokerUnavailable("This venue replaces nothing.")

    def cancel(self, order: Order) -> None:
        self.cancelled.append(order.client_order_id)
        if self.cancel_waits is not None:
            self.cancel_waits.wait(20)
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
        self._listen_or_raise()
        return self.held.get(client_order_id)

    def open_orders(self) -> Sequence[VenueOrder]:
        self._listen_or_raise()
        return self.working

    def fills(self, after: datetime) -> Sequence[Report]:
        self._listen_or_raise()
        found = [report for report in self.executed if report.fill.at >= after]
        return [each for each in found if each.fill.venue_fill_id not in self.forgets]

    def _tell(self, report: Report) -> None:
        if isinstance(report, FillReport) and report.fill.venue_fill_id in self.forgets:
            return
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
