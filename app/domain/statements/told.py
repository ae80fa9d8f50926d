"""What a statement tells: executions by somebody else's word, and what is wrong with a file."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from app.domain.errors import InvalidInput
from app.domain.orders import Side


class Format(StrEnum):
    """The files that can be read; each is known by the names of its columns."""

    ALPACA_ACTIVITIES = "alpaca_activities"
    ALPACA_ORDERS = "alpaca_orders"
    TRADOVATE_FILLS = "tradovate_fills"
    TRADOVATE_ORDERS = "tradovate_orders"
    TRADOVATE_PERFORMANCE = "tradovate_performance"
    TRADINGVIEW_TRADES = "tradingview_trades"

    @property
    def simulated(self) -> bool:
        """Whether it tells what a strategy would have traded, and not what a broker did."""
        return self is Format.TRADINGVIEW_TRADES

    @property
    def by_order(self) -> bool:
        """Whether one line sums up an order; otherwise it is one execution, or a part of one."""
        return self in {
            Format.ALPACA_ORDERS,
            Format.TRADOVATE_ORDERS,
            Format.TRADINGVIEW_TRADES,
        }


@dataclass(frozen=True, slots=True)
class Told:
    """An execution as a statement tells it: unsigned quantity, price per unit, aware UTC.

    ``key`` is the same whenever the same line is read again.  ``fee`` is money (+ cost), None where
    nothing is told.  What has the same ``group`` is one order; ``fill_id`` and ``order_id`` are the
    venue's own, ``client_id`` is ours, ``label`` is for people.
    """

    key: str
    line: int
    symbol: str
    side: Side
    quantity: Decimal
    price: Decimal
    at: datetime
    fee: Decimal | None = None
    fill_id: str | None = None
    order_id: str | None = None
    client_id: str | None = None
    group: str | None = None
    label: str = ""


def fault(line: int, column: int | None, name: str, what: str) -> InvalidInput:
    """Return the refusal of a file: where the first fault is, both counted from 1, and what."""
    where = f"line {line}" if column is None else f"line {line}, column {column}"
    place = f"{where} ({name})" if name else where
    return InvalidInput(
        f"{place[:1].upper()}{place[1:]}: {what} Nothing was imported.", fields={"file": place}
    )
