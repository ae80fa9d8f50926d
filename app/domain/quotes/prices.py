"""Quotes with an age, so that a worth is known or honestly unknown, and when markets trade."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum


class QuoteSource(StrEnum):
    """Where a price came from, best first."""

    STREAM = "stream"
    SNAPSHOT = "snapshot"
    REPLAY = "replay"
    SYNTHETIC = "synthetic"
    ALERT = "alert"


@dataclass(frozen=True, slots=True)
class Quote:
    """A contract's best bid and ask at an instant; both the last price when only that is known."""

    symbol: str
    bid: Decimal
    ask: Decimal
    at: datetime
    source: QuoteSource
    last: Decimal | None = None

    @property
    def mark(self) -> Decimal:
        """The price that values a position: the last trade inside the spread, else the middle."""
        if self.last is not None and self.bid <= self.last <= self.ask:
            return self.last
        return (self.bid + self.ask) / 2

    def age(self, now: datetime) -> timedelta:
        """Time since the quote; never below zero."""
        return max(now - self.at, timedelta(0))


@dataclass(frozen=True, slots=True)
class MarketHours:
    """Whether a market trades at ``at``, and when it opens and closes next."""

    at: datetime
    is_open: bool
    next_open: datetime
    next_close: datetime
