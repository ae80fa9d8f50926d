"""Protective orders: where take profit, stop loss and trailing stop lie, and what to change.

They follow the position, never the other way round: reduce-only, of exactly the quantity that is
held, measured from its average price, good till cancelled.  An order is placed only after every
older one of its kind is known to be gone, so that they never pile up and an old side never stays.
"""

from app.domain.protection.levels import (
    Prices,
    Protection,
    distance,
    offset_from_json,
    offset_to_json,
    prices,
    trail_distance,
)
from app.domain.protection.orders import Cancel, Place, changes, desired

__all__ = [
    "Cancel",
    "Place",
    "Prices",
    "Protection",
    "changes",
    "desired",
    "distance",
    "offset_from_json",
    "offset_to_json",
    "prices",
    "trail_distance",
]
