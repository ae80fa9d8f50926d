"""What a person or program does by hand: tickets, closes, cancels, prices."""

from __future__ import annotations

from typing import Final

from apiflask import APIBlueprint
from flask import Response
from pydantic import Field

from app.domain.errors import InvalidInput
from app.domain.instruments import resolve
from app.domain.orders import OrderType, Side, TimeInForce
from app.domain.quotes import Quote, QuoteSource
from app.services.manual import Ticket
from app.services.ports import BookKey
from app.web import wire
from app.web.api.listing import Amount, ListQuery, Strict, add, part
from app.web.auth import Guard, guard, me
from app.web.deps import deps
from app.web.wire import Json


class PositionsQuery(ListQuery):
    """Filters of the open positions."""

    strategy_id: str | None = None
    account_id: str | None = None
    symbol: str | None = None


class TicketIn(Strict):
    """A manual order; without a strategy it goes to the account's manual book."""

    account_id: str
    strategy_id: str | None = None
    symbol: str = Field(min_length=1, max_length=40)
    side: Side
    quantity: Amount
    order_type: OrderType = OrderType.MARKET
    limit_price: Amount | None = None
    stop_price: Amount | None = None
    time_in_force: TimeInForce = TimeInForce.GTC


class CloseIn(Strict):
    """Which position to close."""

    strategy_id: str
    account_id: str
    symbol: str


class QuoteIn(Strict):
    """A price for the paper market."""

    symbol: str = Field(min_length=1, max_length=40)
    bid: Amount
    ask: Amount
    last: Amount | None = None


@guard(Guard.EITHER)
def positions(query: PositionsQuery) -> Response:
    """List the open positions at their marks; an unknown price is null, never zero."""
    held = deps().recorder.positions(me().id, query.strategy_id, query.account_id)
    rows = [wire.position(each) for each in held if query.symbol in {None, each.symbol}]
    return part(rows, query)


@guard(Guard.EITHER)
def close(body: CloseIn) -> tuple[Json, int]:
    """Close one position at the market; the order goes the way of every alert."""
    key = BookKey(body.strategy_id, body.account_id, body.symbol)
    alert = deps().desk.close_position(me().id, key)
    message = f"Closing {body.symbol}: the order is on its way."
    return {"alert_id": alert.id, "status": "accepted", "message": message}, 202


@guard(Guard.EITHER)
def ticket(body: TicketIn) -> tuple[Json, int]:
    """Send an order by hand."""
    alert = deps().desk.ticket(me().id, Ticket(**body.model_dump()))
    return {"alert_id": alert.id, "status": "accepted"}, 202


#: What is told of a cancel that could be sent and not written down.
_UNRECORDED: Final = (
    "The venue was asked to cancel, but the database takes no writes, so this is not recorded: look"
    " at the order at the venue. One that guards a position may be placed again."
)


@guard(Guard.EITHER)
def cancel(order_id: str) -> tuple[Json, int]:
    """Cancel one working order; ``recorded`` is false while the database takes no writes."""
    recorded = deps().desk.cancel_order(me().id, order_id)
    return {
        "order_id": order_id,
        "status": "cancelling",
        "recorded": recorded,
        "message": "The venue is asked to cancel." if recorded else _UNRECORDED,
    }, 202


@guard(Guard.EITHER)
def quote(body: QuoteIn) -> tuple[Json, int]:
    """Put a price into the paper market, as a replay or a test would."""
    web = deps()
    if body.bid > body.ask:
        raise InvalidInput("The bid is above the ask.", fields={"bid": "must not be above ask"})
    now = web.clock.now()
    symbol = resolve(body.symbol, now.date()).symbol
    web.quotes.put(Quote(symbol, body.bid, body.ask, now, QuoteSource.REPLAY, body.last))
    kept = web.quotes.latest(symbol)
    if kept is None or kept.at != now:
        raise InvalidInput(
            "The quote book does not take this price.",
            fields={"bid": "must be a price that the instrument can have"},
        )
    return {"symbol": symbol, "at": wire.iso(now)}, 202


def install(api: APIBlueprint) -> None:
    """Add these routes."""
    add(api, "GET", "/positions", positions, query=PositionsQuery)
    add(api, "POST", "/positions/close", close, body=CloseIn)
    add(api, "POST", "/orders", ticket, body=TicketIn)
    add(api, "POST", "/orders/<order_id>/cancel", cancel)
    add(api, "POST", "/paper-trading/quotes", quote, body=QuoteIn)
