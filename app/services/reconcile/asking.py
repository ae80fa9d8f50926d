"""Asking a venue for all that a comparison needs, with no transaction open."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from app.domain.accounts import Account
from app.domain.errors import InvalidInput
from app.domain.instruments import resolve
from app.domain.orders import Fill, Order, OrderState
from app.domain.reports import FillReport, VenueOrder, VenuePosition
from app.services.ports import Broker, UnitOfWork
from app.services.reconcile.compare import Quantities, account_book
from app.services.trading.send import GRACE

#: Fills are asked for from so long before the last comparison: a venue may report one late.
OVERLAP: Final = timedelta(minutes=2)
#: Orders that the venue took; those whose answer is not known are asked for by who sent them.
_TAKEN: Final = frozenset({OrderState.SUBMITTED, OrderState.ACCEPTED, OrderState.PARTIALLY_FILLED})
#: So long who sent an order has to find out what became of it, before it is asked for here.
_SENDERS_TIME: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Question:
    """What is known of an account before its venue is asked.

    ``since`` is from when on fills are asked for, ``booked`` are those of that time that are
    booked, by the venue's id.
    """

    account: Account
    at: datetime
    since: datetime
    working: Sequence[Order]
    booked: Mapping[str, Fill]
    held: Quantities


@dataclass(frozen=True, slots=True)
class Answer:
    """What the venue said.

    ``fills`` are those that are not booked as they are, oldest first; ``found`` are orders that
    were asked for by their id, None for one that the venue has not; ``open_orders`` and ``found``
    are by that id.
    """

    open_orders: Mapping[str, VenueOrder]
    fills: Sequence[FillReport]
    positions: Mapping[str, VenuePosition]
    found: Mapping[str, VenueOrder | None]

    @property
    def quantities(self) -> dict[str, Decimal]:
        """The signed positions by symbol; one that is listed as zero is a zero."""
        return {symbol: held.quantity for symbol, held in self.positions.items()}


def expected(asked: Question, answer: Answer) -> Quantities:
    """Return what we held before the venue was asked, with the fills that it then told of."""
    moves = [
        (report.fill.symbol, report.fill.quantity * report.fill.side.sign)
        for report in answer.fills
        if report.fill.venue_fill_id not in asked.booked
        and bookable(report.fill.symbol, report.fill.at)
    ]
    return account_book([*asked.held.items(), *moves])


def question(uow: UnitOfWork, account: Account, last: datetime | None, now: datetime) -> Question:
    """Gather what is known; ``last`` is when the account was compared last, None for never."""
    since = account.created_at if last is None else min(last, now) - OVERLAP
    return Question(
        account=account,
        at=now,
        since=since,
        working=uow.orders.working(account_id=account.id),
        booked={fill.venue_fill_id: fill for fill in uow.fills.since(account.id, since)},
        held=held_now(uow, account.id),
    )


def held_now(uow: UnitOfWork, account_id: str) -> Quantities:
    """Return the account book: the sum of the strategies' books and the manual book."""
    books = uow.positions.open(account_id=account_id)
    return account_book((key.symbol, position.quantity) for key, position in books.items())


def ask(broker: Broker, asked: Question) -> Answer:
    """Ask the venue; raises BrokerError when any part of the answer is missing."""
    open_orders = {held.client_order_id: held for held in broker.open_orders()}
    names = {held.venue_order_id: name for name, held in open_orders.items()}
    reports = [each for each in broker.fills(asked.since) if isinstance(each, FillReport)]
    fills = [
        each if each.client_order_id else replace(each, client_order_id=names.get(_order(each)))
        for each in reports
        if not _same(asked.booked.get(each.fill.venue_fill_id), each.fill)
    ]
    wanted = {order.client_order_id for order in asked.working if _overdue(order, asked.at)}
    wanted |= {each.client_order_id for each in fills if each.client_order_id}
    found = {name: broker.order(name) for name in sorted(wanted - open_orders.keys())}
    held = {each.symbol: each for each in broker.positions()}
    return Answer(open_orders, fills, held, found)


def bookable(symbol: str, at: datetime) -> bool:
    """Whether we know the instrument; what we do not know cannot be booked, and stays a drift."""
    try:
        resolve(symbol, at.date())
    except InvalidInput:
        return False
    return True


def _overdue(order: Order, now: datetime) -> bool:
    """Whether an order that is not among the venue's open ones has to be asked for."""
    waited = abs(now - order.updated_at)
    if order.state in _TAKEN:
        return True
    return waited >= (GRACE if order.state is OrderState.PENDING_CANCEL else _SENDERS_TIME)


def _order(report: FillReport) -> str:
    return report.venue_order_id or ""


def _same(booked: Fill | None, told: Fill) -> bool:
    """Whether the fill is booked with these numbers; with others it is booked again and alarmed."""
    if booked is None:
        return False
    return (booked.side, booked.quantity, booked.price) == (told.side, told.quantity, told.price)
