"""Settling: what venues report is booked once, in one transaction with the position it changes."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Final

from app.domain import journal, positions
from app.domain.errors import InvariantBroken
from app.domain.events import Fact, FactKind, Level
from app.domain.instruments import Contract, resolve
from app.domain.money import ZERO, divide, wire
from app.domain.orders import Fill, Order, OrderEvent, OrderState, after
from app.domain.orders import apply as transition
from app.domain.reports import AuthReport, FillReport, OrderReport, Report
from app.domain.safety.switches import Scope, Switch, TradingState
from app.services.calendar.booking import count_fill, recount_book
from app.services.ports import Book, BookKey, Clock, OrderStep, Store, UnitOfWork
from app.services.trading.switches import stop_account, tighten

#: Reports booked in one transaction at most, so that no transaction holds the writer for long.
BATCH: Final = 200

_FACTS: Final = {
    OrderEvent.ACCEPT: (FactKind.ORDER_ACCEPTED, Level.INFO, "accepted"),
    OrderEvent.REJECT: (FactKind.ORDER_REJECTED, Level.ERROR, "rejected"),
    OrderEvent.CANCEL: (FactKind.ORDER_CANCELED, Level.INFO, "canceled"),
    OrderEvent.REFUSE_CANCEL: (
        FactKind.ORDER_CANCEL_REFUSED,
        Level.ERROR,
        "not cancelled, it works on",
    ),
    OrderEvent.EXPIRE: (FactKind.ORDER_EXPIRED, Level.WARNING, "expired"),
    OrderEvent.LOSE_ANSWER: (FactKind.ORDER_UNKNOWN, Level.ERROR, "unknown"),
    OrderEvent.DENY: (FactKind.ORDER_DENIED, Level.ERROR, "denied"),
    OrderEvent.SUBMIT: (FactKind.ORDER_SUBMITTED, Level.WARNING, "sent again"),
}


def contract_of(symbol: str, on: date) -> Contract:
    """Return the contract behind a stored symbol."""
    return resolve(symbol, on)


def describe(order: Order) -> str:
    """Return the order in words: "buy 2 ESZ2026 market"."""
    price = order.limit_price if order.limit_price is not None else order.stop_price
    at = f" at {wire(price)}" if price is not None else ""
    kind = order.type.value.replace("_", " ")
    return f"{order.side} {wire(order.quantity)} {order.symbol} {kind}{at}"


class Settler:
    """Queues reports and books them; ``wake`` is called whenever there is something to book."""

    def __init__(self, store: Store, clock: Clock, wake: Callable[[], None]) -> None:
        self._store = store
        self._clock = clock
        self._wake = wake
        self._reports: deque[Report | AuthReport] = deque()
        self._lock = threading.RLock()
        self._touched: set[BookKey] = set()

    def receive(self, report: Report | AuthReport) -> None:
        """Queue what a venue said; it is booked by the next transaction."""
        self._reports.append(report)
        self._wake()

    @property
    def waiting(self) -> bool:
        """Whether reports wait to be booked."""
        return bool(self._reports)

    @property
    def disturbed(self) -> frozenset[BookKey]:
        """The books that changed and were not looked after since."""
        return frozenset(self._touched)

    def touched(self, wanted: Callable[[BookKey], bool]) -> set[BookKey]:
        """Return the books that changed and that ``wanted`` picks, and forget them."""
        with self._lock:
            books = {key for key in self._touched if wanted(key)}
            self._touched -= books
        return books

    @contextmanager
    def transaction(self) -> Iterator[UnitOfWork]:
        """A write transaction that first books what waits; nothing is lost when it fails."""
        with self._lock:
            batch = [self._reports.popleft() for _ in range(min(BATCH, len(self._reports)))]
            try:
                with self._store.write() as uow:
                    touched = {key for report in batch if (key := self._book(uow, report))}
                    yield uow
            except BaseException:
                self._reports.extendleft(reversed(batch))
                raise
            self._touched |= touched

    def settle(self) -> bool:
        """Book one batch; returns whether there was anything."""
        if not self._reports:
            return False
        with self.transaction():
            return True

    def book(self, uow: UnitOfWork, report: Report) -> None:
        """Book a report in the caller's ``transaction``, with all that the caller does there."""
        key = self._book(uow, report)
        if key is not None:
            self._touched.add(key)

    def _book(self, uow: UnitOfWork, report: Report | AuthReport) -> BookKey | None:
        if isinstance(report, AuthReport):
            stop_account(uow, report.account_id, report.at, report.detail)
            return None
        if isinstance(report, OrderReport):
            return self._book_event(uow, report)
        return self._book_fill(uow, report)

    def _book_event(self, uow: UnitOfWork, report: OrderReport) -> BookKey | None:
        order = _order_of(uow, report)
        if order is None:
            self._note(
                uow, report, "REPORT_NOT_OURS", "The venue reported an order that is not ours."
            )
            return None
        try:
            state = after(order, report.event)
        except InvariantBroken as error:
            self._note(uow, report, "REPORT_OUT_OF_ORDER", error.detail)
            return None
        if _says_nothing(order, state, report):
            return None
        step = OrderStep(order.id, report.at, report.event, order.state, state, report.reason)
        changed = replace(
            order,
            state=state,
            updated_at=report.at,
            venue_order_id=report.venue_order_id or order.venue_order_id,
            reason=report.reason or order.reason,
            reason_code=_code(order, report),
        )
        uow.orders.update(changed, step)
        if state != order.state:
            self._tell(uow, changed, report.event, report.reason)
        return _key(order) if order.role.protective or state.terminal else None

    def _book_fill(self, uow: UnitOfWork, report: FillReport) -> BookKey | None:
        order = _order_of(uow, report)
        if order is None or order.strategy_id is None:
            self._note(uow, report, "FILL_NOT_OURS", "The venue reported a fill that is not ours.")
            return None
        fill = replace(report.fill, order_id=order.id, strategy_id=order.strategy_id)
        key = BookKey(order.strategy_id, order.account_id, order.symbol)
        realised = self._fold(uow, key, fill)
        if realised is None:
            self._compare(uow, order, fill)
            return None
        filled = self._advance(uow, order, fill, report.venue_order_id)
        self._tell_fill(uow, filled, fill, realised)
        return key

    def _compare(self, uow: UnitOfWork, order: Order, again: Fill) -> None:
        """Raise the alarm when a fill that was booked before comes again with other numbers."""
        told = (again.venue_fill_id, again.side, again.quantity, again.price)
        booked = uow.fills.of_order(order.id)
        if any((f.venue_fill_id, f.side, f.quantity, f.price) == told for f in booked):
            return
        words = f"{wire(again.quantity)} at {wire(again.price)}"
        detail = f"fill {again.venue_fill_id} came again, now as {words}; the first one counts"
        kind, level = FactKind.REPORT_IGNORED, Level.ERROR
        uow.facts.append(self._fact(uow, order, kind, level, detail, "FILL_CONTRADICTS"))

    def _fold(self, uow: UnitOfWork, key: BookKey, fill: Fill) -> Decimal | None:
        """Fold the fill into its book; the gross it realised, or None when it was booked before."""
        multiplier = contract_of(fill.symbol, fill.at.date()).instrument.multiplier
        book = uow.positions.get(key)
        if not book.position.continues(fill):
            return self._refold(uow, key, fill, multiplier)
        step = positions.Step(fill, book.position, positions.apply(book.position, fill, multiplier))
        if not uow.fills.insert(fill, step.realised_gross, self._clock.now()):
            return None
        progress = journal.advance(book.trip, fill, multiplier)
        if progress.closed is not None:
            uow.trips.insert(key, progress.closed)
        uow.positions.save(key, Book(step.after, progress.open), fill.at)
        count_fill(uow, key, step, progress.closed)
        return step.realised_gross

    def _refold(
        self, uow: UnitOfWork, key: BookKey, late: Fill, multiplier: Decimal
    ) -> Decimal | None:
        """Rebuild the book from all its fills because ``late`` belongs before some of them."""
        if not uow.fills.insert(late, ZERO, self._clock.now()):
            return None
        own, fills = ZERO, uow.fills.of_book(key)
        steps = list(positions.history(fills, multiplier))
        for step in steps:
            uow.fills.set_realised(step.fill, step.realised_gross)
            own = step.realised_gross if step.fill.venue_fill_id == late.venue_fill_id else own
        trips = journal.journal(fills, multiplier)
        uow.trips.replace(key, trips.closed)
        uow.positions.save(key, Book(steps[-1].after, trips.open), late.at)
        recount_book(uow, key, steps, trips.closed)
        return own

    def _advance(self, uow: UnitOfWork, order: Order, fill: Fill, venue_id: str | None) -> Order:
        quantity = order.filled_quantity + fill.quantity
        paid = (order.average_price or ZERO) * order.filled_quantity + fill.price * fill.quantity
        event = OrderEvent.FILL if quantity >= order.quantity else OrderEvent.PARTIAL_FILL
        try:
            state = transition(order.state, event)
        except InvariantBroken:
            # The venue's money is the truth: the fill stays booked, the odd state is shown.
            state = OrderState.FILLED if event is OrderEvent.FILL else order.state
        filled = replace(
            order,
            state=state,
            filled_quantity=quantity,
            average_price=divide(paid, quantity),
            updated_at=fill.at,
            venue_order_id=venue_id or order.venue_order_id,
        )
        detail = f"{wire(fill.quantity)} at {wire(fill.price)}"
        uow.orders.update(filled, OrderStep(order.id, fill.at, event, order.state, state, detail))
        if quantity > order.quantity:
            self._alarm_overfill(uow, filled)
        return filled

    def _alarm_overfill(self, uow: UnitOfWork, order: Order) -> None:
        filled, asked = wire(order.filled_quantity), wire(order.quantity)
        detail = f"the venue filled {filled} of an order for {asked}"
        uow.facts.append(
            self._fact(uow, order, FactKind.ORDER_FILLED, Level.ERROR, detail, "OVERFILL")
        )
        words = (
            f"The venue filled {filled} of an order to {describe(order)}. Compare the position with"
            " the broker's, then resume."
        )
        subject, state = order.strategy_id or "", TradingState.REDUCING
        now = self._clock.now()
        tighten(uow, Switch(Scope.STRATEGY, subject, state, now, "OVERFILL", words))

    def _tell(self, uow: UnitOfWork, order: Order, event: OrderEvent, reason: str | None) -> None:
        if event not in _FACTS:
            return
        kind, level, verb = _FACTS[event]
        why = f": {reason}" if reason else ""
        message = f"order {verb}, {describe(order)}{why}"
        uow.facts.append(self._fact(uow, order, kind, level, message, order.reason_code))

    def _tell_fill(self, uow: UnitOfWork, order: Order, fill: Fill, realised: Decimal) -> None:
        verb = "bought" if fill.side.sign > 0 else "sold"
        message = f"{verb} {wire(fill.quantity)} {fill.symbol} at {wire(fill.price)}"
        key = BookKey(order.strategy_id or "", order.account_id, order.symbol)
        position = uow.positions.get(key).position
        average = position.average_price
        data = {
            "symbol": fill.symbol,
            "side": fill.side.value,
            "quantity": wire(fill.quantity),
            "price": wire(fill.price),
            "commission": wire(fill.commission),
            "pnl": wire(realised - fill.commission),
            "net_quantity": wire(position.quantity),
            "avg_price": None if average is None else wire(average),
        }
        fact = self._fact(uow, order, FactKind.ORDER_FILLED, Level.SUCCESS, message, None)
        uow.facts.append(replace(fact, data=data))
        name = uow.strategies.owner(key.strategy_id).name
        uow.facts.append(
            replace(
                fact,
                kind=FactKind.POSITION_CHANGED,
                data=data,
                message=f"{name}: position in {fill.symbol} is now {wire(position.quantity)}",
                level=Level.INFO,
            )
        )

    def _fact(
        self,
        uow: UnitOfWork,
        order: Order,
        kind: FactKind,
        level: Level,
        message: str,
        code: str | None,
    ) -> Fact:
        owner = uow.strategies.owner(order.strategy_id or "")
        return Fact(
            kind=kind,
            at=self._clock.now(),
            message=f"{owner.name}: {message}",
            level=level,
            code=code,
            user_id=owner.user_id,
            strategy_id=order.strategy_id,
            account_id=order.account_id,
            alert_id=order.alert_id,
            order_id=order.id,
        )

    def _note(self, uow: UnitOfWork, report: Report, code: str, detail: str) -> None:
        uow.facts.append(
            Fact(
                kind=FactKind.REPORT_IGNORED,
                at=self._clock.now(),
                message=detail,
                level=Level.WARNING,
                code=code,
                account_id=report.account_id,
            )
        )


def _order_of(uow: UnitOfWork, report: Report) -> Order | None:
    """The order that the report is about; another account's of the same id is not."""
    order = uow.orders.by_client_id(report.client_order_id) if report.client_order_id else None
    return order if order is not None and order.account_id == report.account_id else None


def _says_nothing(order: Order, state: OrderState, report: OrderReport) -> bool:
    """Whether a report repeats what is known; a lost answer is kept, for when it was lost."""
    if state is not order.state or report.event is OrderEvent.LOSE_ANSWER:
        return False
    return report.venue_order_id in {None, order.venue_order_id}


def _code(order: Order, report: OrderReport) -> str | None:
    """Why the order is where it is; an order that works on after all has no reason to end."""
    return None if report.event is OrderEvent.REFUSE_CANCEL else report.code or order.reason_code


def _key(order: Order) -> BookKey:
    return BookKey(order.strategy_id or "", order.account_id, order.symbol)
