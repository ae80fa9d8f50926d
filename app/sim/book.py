"""Matching: how an account's orders on one contract fill against quotes.

Pure: orders and a quote in, changed orders and executions out.  The paper venue and the backtest
share it.  A buy fills at the ask and a sell at the bid: a stop that is gapped over fills at the
gap's price, a limit at its price or better.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Final

from app.domain.money import ZERO, divide, exact
from app.domain.orders import OrderEvent, OrderType, Side, TimeInForce
from app.domain.quotes import Quote
from app.sim.costs import Costs
from app.sim.terms import Terms

NOTHING_TO_REDUCE: Final = "There is no position left that this reduce-only order could reduce."
NOT_AT_ONCE: Final = "What did not fill at once was cancelled, as the order asked (IOC)."
SESSION_OVER: Final = "The session ended before the day order filled."

_STOPS: Final = frozenset({OrderType.STOP, OrderType.STOP_LIMIT, OrderType.TRAILING_STOP})
_LIMITS: Final = frozenset({OrderType.LIMIT, OrderType.STOP_LIMIT})


@dataclass(frozen=True, slots=True)
class WorkingOrder:
    """An order as the market holds it.

    Quantities are unsigned.  ``book`` names whose part of the account's position a reduce-only
    order may reduce.  It is not matched before ``due_at`` nor from ``expires_at`` on.
    ``stop_price`` is the present level of a trailing stop, None until the first quote;
    ``triggered`` says that a stop was reached.  ``cost`` is the sum of quantity times price and
    ``charged`` the commission, both of what has filled.
    """

    terms: Terms
    book: str
    side: Side
    type: OrderType
    time_in_force: TimeInForce
    quantity: Decimal
    due_at: datetime
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    trail: Decimal | None = None
    reduce_only: bool = False
    expires_at: datetime | None = None
    triggered: bool = False
    filled_quantity: Decimal = ZERO
    cost: Decimal = ZERO
    charged: Decimal = ZERO

    @property
    def remaining(self) -> Decimal:
        """Unsigned quantity that may still fill."""
        return max(self.quantity - self.filled_quantity, ZERO)

    @property
    def average_price(self) -> Decimal | None:
        """Average price of what has filled, 18 places; None before the first fill."""
        return divide(self.cost, self.filled_quantity) if self.filled_quantity else None


@dataclass(frozen=True, slots=True)
class Execution:
    """A piece of an order that filled: unsigned quantity, price per unit, commission (+ cost)."""

    side: Side
    quantity: Decimal
    price: Decimal
    commission: Decimal

    @property
    def signed(self) -> Decimal:
        """What it adds to the position: positive for a buy."""
        return self.quantity * self.side.sign


@dataclass(frozen=True, slots=True)
class Match:
    """What one look at the market did to an order.

    ``ended`` is None while the order works on, else FILL, CANCEL or EXPIRE with its ``reason``.
    """

    order: WorkingOrder
    execution: Execution | None = None
    ended: OrderEvent | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Depth:
    """Quantity that the present quote still offers to buyers and to sellers; None is no limit."""

    to_buy: Decimal | None = None
    to_sell: Decimal | None = None

    def of(self, side: Side) -> Decimal | None:
        """Return what an order of ``side`` may still take."""
        return self.to_buy if side is Side.BUY else self.to_sell

    def without(self, taken: Execution) -> Depth:
        """Return what is left after ``taken``."""
        offered = self.of(taken.side)
        if offered is None:
            return self
        if taken.side is Side.BUY:
            return replace(self, to_buy=offered - taken.quantity)
        return replace(self, to_sell=offered - taken.quantity)


@dataclass(frozen=True, slots=True)
class Sweep:
    """What one look at the market did to all orders on a contract.

    ``changes`` are in order of time and may name an order twice; ``held`` is the signed position
    of each book and ``depth`` the quantity left at the quote, both afterwards.
    """

    changes: tuple[tuple[str, Match], ...]
    held: Mapping[str, Decimal]
    depth: Depth


def reducible(side: Side, held: Decimal) -> Decimal:
    """Return the unsigned quantity that an order of ``side`` can take off a signed position."""
    return max(-held * side.sign, ZERO)


@exact
def match(
    order: WorkingOrder, quote: Quote, held: Decimal, available: Decimal | None, costs: Costs
) -> Match:
    """Return what ``quote`` does to ``order``, of which at most ``available`` may fill.

    ``held`` is the signed position of the order's book: a reduce-only order fills no more than it
    and is cancelled when nothing is left to reduce.
    """
    watched = _watch(order, quote)
    room = reducible(order.side, held) if order.reduce_only else order.remaining
    if not room:
        return Match(watched, None, OrderEvent.CANCEL, NOTHING_TO_REDUCE)
    price = _price(watched, quote, costs)
    quantity = min(order.remaining, room)
    if available is not None:
        quantity = min(quantity, available)
    if price is None or quantity <= 0:
        return _unfilled(watched)
    return _filled(watched, quantity, price, room, costs)


@exact
def sweep(
    orders: Iterable[tuple[str, WorkingOrder]],
    quote: Quote,
    held: Mapping[str, Decimal],
    depth: Depth,
    costs: Costs,
) -> Sweep:
    """Match ``orders``, (key, order) in order of arrival, each seeing what the earlier ones left.

    Reduce-only orders of a book that has become flat or has flipped are cancelled at once.
    """
    books = dict(held)
    changes: list[tuple[str, Match]] = []
    working: dict[str, WorkingOrder] = {}
    for key, order in orders:
        found = match(order, quote, books.get(order.book, ZERO), depth.of(order.side), costs)
        if found.execution is not None:
            depth = depth.without(found.execution)
            books[order.book] = books.get(order.book, ZERO) + found.execution.signed
        if found.ended is not None or found.order is not order:
            changes.append((key, found))
        if found.ended is None:
            working[key] = found.order
    changes.extend(orphans(working.items(), books))
    return Sweep(tuple(changes), books, depth)


def orphans(
    orders: Iterable[tuple[str, WorkingOrder]], held: Mapping[str, Decimal]
) -> list[tuple[str, Match]]:
    """Return the cancellation of every reduce-only order that has nothing left to reduce."""
    return [
        (key, Match(order, None, OrderEvent.CANCEL, NOTHING_TO_REDUCE))
        for key, order in orders
        if order.reduce_only and not reducible(order.side, held.get(order.book, ZERO))
    ]


def expired(order: WorkingOrder, now: datetime) -> Match | None:
    """Return the end of an order whose session is over at ``now``; None while it works on."""
    if order.expires_at is None or now < order.expires_at:
        return None
    return Match(order, None, OrderEvent.EXPIRE, SESSION_OVER)


def _watch(order: WorkingOrder, quote: Quote) -> WorkingOrder:
    """Trigger a stop that the quote has reached, or move a trailing stop along with it."""
    if order.triggered or order.type not in _STOPS:
        return order
    reached = quote.ask if order.side is Side.BUY else quote.bid
    if order.stop_price is not None and (reached - order.stop_price) * order.side.sign >= 0:
        return replace(order, triggered=True)
    if order.trail is None:
        return order
    level = reached + order.trail * order.side.sign
    if order.stop_price is None or (order.stop_price - level) * order.side.sign > 0:
        return replace(order, stop_price=level)
    return order


def _price(order: WorkingOrder, quote: Quote, costs: Costs) -> Decimal | None:
    """The price at which the order fills now; None when it does not."""
    if order.type in _STOPS and not order.triggered:
        return None
    offered = quote.ask if order.side is Side.BUY else quote.bid
    taken = costs.taken(order.side, offered, order.terms.tick_size)
    if order.type not in _LIMITS or order.limit_price is None:
        return taken
    if (offered - order.limit_price) * order.side.sign > 0:
        return None
    return (
        min(taken, order.limit_price) if order.side is Side.BUY else max(taken, order.limit_price)
    )


def _unfilled(order: WorkingOrder) -> Match:
    if order.time_in_force is TimeInForce.IOC:
        return Match(order, None, OrderEvent.CANCEL, NOT_AT_ONCE)
    return Match(order)


def _filled(
    order: WorkingOrder, quantity: Decimal, price: Decimal, room: Decimal, costs: Costs
) -> Match:
    total = order.filled_quantity + quantity
    cost = order.cost + quantity * price
    charged = costs.commission(total, cost * order.terms.multiplier)
    after = replace(order, filled_quantity=total, cost=cost, charged=charged)
    execution = Execution(order.side, quantity, price, charged - order.charged)
    if total == order.quantity:
        return Match(after, execution, OrderEvent.FILL)
    if order.reduce_only and quantity == room:
        return Match(after, execution, OrderEvent.CANCEL, NOTHING_TO_REDUCE)
    if order.time_in_force is TimeInForce.IOC:
        return Match(after, execution, OrderEvent.CANCEL, NOT_AT_ONCE)
    return Match(after, execution)
