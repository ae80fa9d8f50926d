"""Slippage: how much worse than the signal's price an order was filled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from app.domain.instruments import resolve
from app.domain.money import ZERO, divide, exact, plain
from app.domain.orders import Fill, Order


@dataclass(frozen=True, slots=True)
class Slippage:
    """``ticks`` of one unit and ``money`` of the whole quantity, above zero if worse.

    ``ticks`` is weighted by volume where there are several fills.
    """

    ticks: Decimal
    money: Decimal
    currency: str


@exact
def slippage_of(order: Order, fills: Sequence[Fill]) -> Slippage | None:
    """Return the slippage of these fills of the order; None without a signal price or a fill."""
    signal = order.signal_price
    quantity = sum((fill.quantity for fill in fills), ZERO)
    if signal is None or not quantity:
        return None
    instrument = resolve(order.symbol, order.created_at.date()).instrument
    worse = sum(((fill.price - signal) * fill.side.sign * fill.quantity for fill in fills), ZERO)
    return Slippage(
        ticks=plain(divide(worse, quantity * instrument.tick_size)),
        money=plain(worse * instrument.multiplier),
        currency=instrument.currency,
    )
