"""Drift: a difference between our books and what a venue holds, shown and never mended silently."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum


class DriftState(StrEnum):
    """Suspected within the grace period, then open until it is resolved."""

    SUSPECTED = "suspected"
    OPEN = "open"
    RESOLVED = "resolved"


class DriftCause(StrEnum):
    """What most likely made the difference."""

    MANUAL_TRADE = "manual_trade"
    MISSED_FILL = "missed_fill"
    LATE_FILL = "late_fill"
    UNKNOWN = "unknown"


class Resolution(StrEnum):
    """How a drift ended: by itself, by importing what explains it, or by a person's word."""

    VANISHED = "vanished"
    IMPORTED = "imported"
    ACCEPTED = "accepted"
    FLATTENED = "flattened"


@dataclass(frozen=True, slots=True)
class Drift:
    """One difference on an account.

    ``ours`` and ``theirs`` are signed quantities of the symbol, negative if short; ``theirs`` is
    None when the venue lists no such position, which is no proof that it is flat.  With an
    ``order_id`` the difference is about that order.  ``resolved_by`` is the user who decided.
    """

    id: str
    account_id: str
    symbol: str
    state: DriftState
    cause: DriftCause
    ours: Decimal
    theirs: Decimal | None
    detail: str
    found_at: datetime
    seen_at: datetime
    order_id: str | None = None
    resolution: Resolution | None = None
    resolved_at: datetime | None = None
    resolved_by: str | None = None
