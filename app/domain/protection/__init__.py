"""Protective orders: where take profit, stop loss and trailing stop lie, and what to change.

They follow the position, never the other way round: reduce-only, of exactly the quantity that is
held, measured from its average price, good till cancelled.  An order is placed only after every
older one of its kind is known to be gone, so that they never pile up and an old side never stays.

levels (prices), orders (what to place and cancel), reserved (the same where a venue holds back what
working exits may sell).
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
from app.domain.protection.reserved import (
    Resting,
    as_one,
    changes_as_one,
    leading,
    pair_name,
    twins,
    unclaimed,
)

__all__ = [
    "Cancel",
    "Place",
    "Prices",
    "Protection",
    "Resting",
    "as_one",
    "changes",
    "changes_as_one",
    "desired",
    "distance",
    "leading",
    "offset_from_json",
    "offset_to_json",
    "pair_name",
    "prices",
    "trail_distance",
    "twins",
    "unclaimed",
]
