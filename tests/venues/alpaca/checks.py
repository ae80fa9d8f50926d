"""What an account may not do now, whatever the order says of itself."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from tests.venues.alpaca.account import AccountBook
from tests.venues.alpaca.market.assets import Asset
from tests.venues.alpaca.market.prices import Prices
from tests.venues.alpaca.orders import Ticket
from tests.venues.alpaca.words import (
    PATTERN_DAY_TRADER,
    bad_field,
    cents,
    forbidden,
    refusal,
    said,
    unprocessable,
)

_AT_ANY_PRICE: Final = frozenset({"market", "stop", "trailing_stop"})


def check(book: AccountBook, ticket: Ticket, asset: Asset, prices: Prices) -> None:
    """Refuse what the account may not send; raises ApiError."""
    if ticket.client_order_id in book.by_client_id:
        raise bad_field("client_order_id must be unique")
    _may_trade(book)
    if ticket.notional is not None and ticket.side == "sell":
        _enough(book, ticket, ticket.notional / prices.quote(asset.symbol).bid)
    elif _closes(book, ticket):
        _enough(book, ticket, ticket.remaining)
    elif ticket.side == "sell":
        _may_short(book, ticket, asset)
    elif _open(book, ticket.symbol, "sell", shorts=True):
        raise forbidden("cannot open a long buy while a short sell order is open")
    if ticket.order_class in {"", "simple"}:
        _no_wash_trade(book, ticket)
    _affordable(book, ticket, asset, prices)


def _may_trade(book: AccountBook) -> None:
    terms = book.terms
    if terms.account_blocked or terms.trading_blocked:
        raise forbidden("account is not allowed to trade")
    if terms.trade_suspended_by_user:
        raise forbidden("new orders are rejected by user request")
    if terms.pattern_day_trader_block:
        raise refusal(403, PATTERN_DAY_TRADER, "trade denied due to pattern day trading protection")


def _closes(book: AccountBook, ticket: Ticket) -> bool:
    """Whether the order takes from a position; OCO orders do, or are refused."""
    held = book.held(ticket.symbol)
    if ticket.order_class == "oco" and held * ticket.direction.sign >= 0:
        raise unprocessable("oco orders must be exit orders")
    return held * ticket.direction.sign < 0


def _enough(book: AccountBook, ticket: Ticket, wanted: Decimal) -> None:
    available = book.available(ticket.symbol)
    if wanted <= available:
        return
    held = abs(book.held(ticket.symbol))
    others = book.spoken_for(ticket.symbol, ticket.side)
    raise forbidden(
        "insufficient qty available for order"
        f" (requested: {said(wanted)}, available: {said(available)})",
        available=said(available),
        existing_qty=said(held),
        held_for_orders=said(held - available),
        related_orders=[one.id for one in others],
        symbol=ticket.symbol,
    )


def _may_short(book: AccountBook, ticket: Ticket, asset: Asset) -> None:
    if asset.crypto:
        coin = asset.symbol.partition("/")[0]
        raise forbidden(
            f"insufficient balance for {coin} (requested: {said(ticket.remaining)}, available: 0)",
            available="0",
            balance="0",
            symbol=coin,
        )
    if not book.terms.shorting_enabled:
        raise forbidden("account is not allowed to short")
    if ticket.remaining % 1:
        raise unprocessable("fractional orders cannot be sold short")
    if not asset.shortable:
        raise unprocessable(f'asset "{asset.symbol}" cannot be sold short')
    if _open(book, ticket.symbol, "buy", shorts=False):
        raise forbidden("cannot open a short sell while a long buy order is open")


def _open(book: AccountBook, symbol: str, side: str, *, shorts: bool) -> bool:
    """Whether an order that opens a position on that side waits, while nothing is held there."""
    held = book.held(symbol)
    if (held > 0) if shorts else (held < 0):
        return False
    return any(
        one.symbol == symbol and one.side == side and one.leg is None for one in book.working
    )


def _no_wash_trade(book: AccountBook, ticket: Ticket) -> None:
    """Refuse an order that could trade against another simple one of the same account."""
    for other in book.working:
        same = other.symbol != ticket.symbol or other.side == ticket.side
        if same or other.order_class not in {"", "simple"}:
            continue
        blind = {ticket.type, other.type} & _AT_ANY_PRICE
        if not blind and not _cross(ticket, other):
            continue
        kind = "market/stop" if blind else "limit"
        raise forbidden(
            "potential wash trade detected. use complex orders",
            reject_reason=f"opposite side {kind} order exists",
            existing_order_id=other.id,
        )


def _cross(ticket: Ticket, other: Ticket) -> bool:
    buy, sell = (ticket, other) if ticket.side == "buy" else (other, ticket)
    return (buy.limit_price or Decimal(0)) >= (sell.limit_price or Decimal(0))


def _affordable(book: AccountBook, ticket: Ticket, asset: Asset, prices: Prices) -> None:
    cost = book.cost_basis(ticket, prices)
    if not cost:
        return
    free = book.buying_power(prices, crypto=asset.crypto)
    if cost > free:
        raise forbidden(
            "insufficient buying power", buying_power=cents(free), cost_basis=cents(cost)
        )


def check_change(book: AccountBook, old: Ticket, new: Ticket, asset: Asset, prices: Prices) -> None:
    """Refuse a replacement that the account could not have sent; raises ApiError."""
    _may_trade(book)
    free = book.buying_power(prices, crypto=asset.crypto) + book.cost_basis(old, prices)
    cost = book.cost_basis(new, prices)
    if cost > free:
        raise forbidden(
            "insufficient buying power", buying_power=cents(free), cost_basis=cents(cost)
        )
    if book.held(new.symbol) * new.direction.sign < 0:
        available = book.available(new.symbol) + old.remaining
        if new.remaining > available:
            raise forbidden(
                "insufficient qty available for order"
                f" (requested: {said(new.remaining)}, available: {said(available)})",
                symbol=new.symbol,
            )
