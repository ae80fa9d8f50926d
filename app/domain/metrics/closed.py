"""A finished round trip with no more of it than is measured, so that many are read fast."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import NamedTuple


class ClosedTrip(NamedTuple):
    """Whose round trip it was, from when to when, and its money.

    ``net`` is ``gross`` less fees, negative if lost; ``r`` the same in multiples of what was at
    risk, None when no stop was known at entry.
    """

    strategy_id: str
    strategy_name: str
    account_id: str
    account_name: str
    symbol: str
    opened_at: datetime
    closed_at: datetime
    gross: Decimal
    net: Decimal
    r: Decimal | None = None
