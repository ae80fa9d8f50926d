"""An order of Alpaca before the simulated market: what the quote does to it.

The matching is the simulated market's own (``app.sim.book``); here is only the translation.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from decimal import ROUND_DOWN, Decimal
from typing import Final

from app.domain.money import ZERO, divide, exact, to_step
from app.domain.orders import OrderEvent, OrderType, TimeInForce
from app.domain.quotes import Quote
from app.sim import book
from app.sim.book import Depth, WorkingOrder
from app.sim.costs import Costs
from tests.venues.alpaca.market.assets import Asset
from tests.venues.alpaca.orders import Execution, Ticket
from tests.venues.alpaca.words import name_of

FREE: Final = Costs()
_FRACTION: Final = Decimal("1e-9")
_AT_ONCE: Final = frozenset({"ioc", "fok"})


def expected(ticket: Ticket, quote: Quote) -> Ticket:
    """The order with a quantity: one in dollars buys what they buy at the quote."""
    if ticket.qty is not None or ticket.notional is None:
        return ticket
    price = quote.ask if ticket.side == "buy" else quote.bid
    if ticket.limit_price is not None and ticket.side == "buy":
        price = min(price, ticket.limit_price)
    return replace(ticket, qty=to_step(divide(ticket.notional, price), _FRACTION, ROUND_DOWN))


@exact
def met(ticket: Ticket, asset: Asset, quote: Quote, depth: Depth) -> book.Match:
    """What the quote does to an order that is live."""
    sized = expected(ticket, quote)
    order = _working(sized, asset, quote)
    available = depth.of(order.side)
    short = available is not None and available < order.remaining
    if sized.time_in_force == "fok" and short:
        return book.Match(order, None, OrderEvent.CANCEL, book.NOT_AT_ONCE)
    return book.match(order, quote, ZERO, available, FREE)


def _working(ticket: Ticket, asset: Asset, quote: Quote) -> WorkingOrder:
    at_once = ticket.time_in_force in _AT_ONCE
    return WorkingOrder(
        terms=asset.terms(),
        book="",
        side=ticket.direction,
        type=OrderType(ticket.type),
        time_in_force=TimeInForce.IOC if at_once else TimeInForce.GTC,
        quantity=ticket.qty or ZERO,
        due_at=ticket.submitted_at,
        limit_price=ticket.limit_price,
        stop_price=ticket.stop_price,
        trail=_distance(ticket, quote),
        triggered=ticket.triggered,
        filled_quantity=ticket.filled_qty,
        cost=ticket.cost,
    )


def _distance(ticket: Ticket, quote: Quote) -> Decimal | None:
    """How far a trailing stop lies behind the best price that was seen."""
    if ticket.trail_percent is None:
        return ticket.trail_price
    best = _best(ticket, quote)
    return to_step(best * ticket.trail_percent / 100, Decimal("0.0001"))


def _best(ticket: Ticket, quote: Quote) -> Decimal:
    seen = quote.ask if ticket.side == "buy" else quote.bid
    if ticket.hwm is None:
        return seen
    return min(seen, ticket.hwm) if ticket.side == "buy" else max(seen, ticket.hwm)


def watched(ticket: Ticket, match: book.Match, quote: Quote) -> Ticket:
    """The order after a look that filled nothing: a stop triggered, a trailing stop moved."""
    after = replace(ticket, stop_price=match.order.stop_price, triggered=match.order.triggered)
    if ticket.type == "trailing_stop":
        after = replace(after, hwm=_best(ticket, quote))
    return after


@exact
def executed(
    ticket: Ticket, done: book.Execution, order: WorkingOrder, number: int, now: datetime
) -> tuple[Ticket, Execution]:
    """The order after an execution, and the execution."""
    left = order.quantity - order.filled_quantity
    status = "partially_filled" if left else "filled"
    if left and ticket.status in {"pending_cancel", "pending_replace"}:
        status = ticket.status
    after = replace(
        ticket,
        status=status,
        filled_qty=order.filled_quantity,
        cost=order.cost,
        stop_price=order.stop_price,
        triggered=order.triggered,
        updated_at=now,
        filled_at=now,
    )
    execution = Execution(
        id=name_of("execution", ticket.id, number),
        number=number,
        order_id=ticket.id,
        symbol=ticket.symbol,
        side=ticket.side,
        qty=done.quantity,
        price=done.price,
        at=now,
        cum_qty=order.filled_quantity,
        leaves_qty=left,
        order_status="filled" if not left else "partially_filled",
    )
    return after, execution
