"""Limits before orders go out; what only reduces a position always passes.

The plan is checked when it is made and again just before each leg is sent, because a switch may
have been thrown in between.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Final

from app.domain.accounts import Account, Mode
from app.domain.catalogue import InstrumentKind
from app.domain.decisions import Denied, Leg
from app.domain.instruments import Contract
from app.domain.money import ZERO, exact, plain
from app.domain.orders import Order, OrderType
from app.domain.planning import Market, Plan
from app.domain.planning.pricing import bad_price
from app.domain.refusals import denied
from app.domain.safety.switches import Stop, TradingState

#: A limit or stop further than half the price away is a slip of the finger.
FURTHEST: Final = Decimal("0.5")


@dataclass(frozen=True, slots=True)
class Limits:
    """The strictest switch of server, account and strategy, and what is known of the market.

    ``max_position`` is unsigned, None for no limit; ``stop`` is None while nothing is stopped.
    """

    contract: Contract
    stop: Stop | None = None
    max_position: Decimal | None = None
    market: Market = field(default_factory=Market)


def check(plan: Plan, limits: Limits) -> Denied | None:
    """Return why the plan may not go out, or None when it may."""
    if plan.closes:
        return None
    return (
        opening_allowed(limits.stop)
        or _position(plan, limits)
        or _prices(plan.legs, limits)
        or _buying_power(plan, limits)
    )


def opening_allowed(stop: Stop | None) -> Denied | None:
    """Return why nothing may be opened while ``stop`` holds, or None."""
    if stop is None:
        return None
    return denied(
        _CODES[stop.switch.state],
        subject=stop.subject,
        since=stop.since,
        thrower=stop.thrower,
        reason=stop.switch.detail or "thrown by hand.",
    )


@exact
def closing_allowed(leg: Leg, held: Decimal, working: Iterable[Order]) -> Denied | None:
    """Return why an order that is to reduce would not, or None.

    ``held`` is the signed position of its book, ``working`` are the book's other orders.  What
    other exits may still fill is taken off; protection goes with the position, and is not.
    """
    ahead = sum((order.remaining for order in working if _ahead(order, leg)), ZERO)
    left = plain(max(-held * leg.side.sign - ahead, ZERO))
    if leg.quantity <= left:
        return None
    words = {"side": leg.side, "quantity": leg.quantity, "symbol": leg.symbol}
    return denied("NOTHING_LEFT_TO_CLOSE", left=left, **words)


def _ahead(order: Order, leg: Leg) -> bool:
    exits = order.reduce_only and not order.role.protective
    return exits and order.side is leg.side and not leg.role.protective


_CODES: Final = {
    TradingState.HALTED: "TRADING_HALTED",
    TradingState.REDUCING: "TRADING_REDUCING",
}


def _position(plan: Plan, limits: Limits) -> Denied | None:
    limit = limits.max_position
    if limit is None or abs(plan.wanted) <= max(limit, _kept(plan)):
        return None
    return denied("MAX_POSITION", held=plan.held, symbol=plan.symbol, limit=limit)


def _kept(plan: Plan) -> Decimal:
    return abs(plan.held) if plan.held * plan.wanted > 0 else ZERO


@exact
def _prices(legs: Iterable[Leg], limits: Limits) -> Denied | None:
    market = limits.market.price
    if market is None or market <= 0:
        return None
    for leg in legs:
        for name, price in (("limit_price", leg.limit_price), ("stop_price", leg.stop_price)):
            if price is not None and abs(price - market) > market * FURTHEST:
                return bad_price(name, price, limits.contract, f"the price is {market:f}")
    return None


@exact
def _buying_power(plan: Plan, limits: Limits) -> Denied | None:
    """Refuse only what certainly cannot be paid for; the venue knows its own margins better."""
    available = limits.market.buying_power
    if available is None:
        return None
    needed = _needed(plan, limits)
    if available > 0 and needed <= available:
        return None
    return denied("NO_BUYING_POWER", needed=needed, available=available)


def _needed(plan: Plan, limits: Limits) -> Decimal:
    """Money for the opening legs: their value, or zero where margin or the price is not known.

    A reversal frees buying power before it needs any, so only the venue can tell.
    """
    instrument, price = limits.contract.instrument, limits.market.price
    reverses = len(plan.legs) > 1
    if price is None or reverses or instrument.kind is InstrumentKind.FUTURE:
        return ZERO
    quantity = sum((leg.quantity for leg in plan.legs), ZERO)
    return quantity * abs(price) * instrument.multiplier


_LIMITED: Final = frozenset({OrderType.LIMIT, OrderType.STOP_LIMIT})


def entry_price(order: Order | Leg, mark: Decimal | None) -> Decimal | None:
    """Return the worst price at which an entry is filled, but for slippage; None when unknown."""
    if order.type in _LIMITED:
        return order.limit_price
    return order.stop_price if order.type is OrderType.STOP else mark


def live_allowed(account: Account, *, on: bool) -> Denied | None:
    """Return why nothing may be opened with real money, or None; ``on`` is the server's setting."""
    if account.mode is not Mode.LIVE:
        return None
    bounds = (account.max_order_value, account.max_daily_loss, account.max_orders_a_day)
    if not on:
        return denied("LIVE_TRADING_OFF")
    return denied("LIVE_WITHOUT_LIMITS", account=account.name) if None in bounds else None


@exact
def value_allowed(
    account: Account, leg: Leg, contract: Contract, mark: Decimal | None
) -> Denied | None:
    """Return why an order that opens may not be so large, or None."""
    limit = account.max_order_value
    if limit is None:
        return None
    price = entry_price(leg, mark)
    if price is None:
        return denied("NO_PRICE", symbol=contract.symbol)
    value = plain(leg.quantity * abs(price) * contract.instrument.multiplier)
    if value <= limit:
        return None
    return denied("ORDER_VALUE_LIMIT", value=value, limit=limit, account=account.name)


def loss_allowed(
    account: Account, today: Callable[[], Decimal | None], until: datetime
) -> Denied | None:
    """Return why nothing may be opened before ``until``, or None.

    ``today`` tells the account's P&L of its trading day, None when it is not known.
    """
    limit = account.max_daily_loss
    if limit is None:
        return None
    made = today()
    if made is None:
        return denied("DAY_PNL_UNKNOWN", account=account.name)
    if made > -limit:
        return None
    return denied(
        "DAILY_LOSS_LIMIT", account=account.name, lost=plain(-made), limit=limit, until=until
    )


def count_allowed(account: Account, sent: Callable[[], int], until: datetime) -> Denied | None:
    """Return why no further order may open anything before ``until``, or None.

    ``sent`` tells how many of the trading day were sent.
    """
    limit = account.max_orders_a_day
    if limit is None:
        return None
    count = sent()
    if count < limit:
        return None
    return denied("ORDERS_A_DAY_LIMIT", account=account.name, sent=count, limit=limit, until=until)
