"""Prices as Alpaca writes them, and which of its quotes tell one."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from app.domain.money import parse
from app.domain.quotes import is_wide


def price_in(value: object) -> Decimal | None:
    """Return a price, None where there is none, which Alpaca writes as 0; raises InvalidInput."""
    return parse(value) or None


def sides_in(
    quote: Mapping[str, Any] | None, last: Decimal | None
) -> tuple[Decimal, Decimal] | None:
    """Return the bid and ask of a quote; None where a side is missing, or they cross.

    So it is where they are far apart, as after a close, and no last trade says what is between.
    """
    bid, ask = (None, None) if not quote else (price_in(quote["bp"]), price_in(quote["ap"]))
    if bid is None or ask is None or bid > ask:
        return None
    return None if last is None and is_wide(bid, ask) else (bid, ask)
