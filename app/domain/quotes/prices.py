"""Quotes with an age, so that a worth is known or honestly unknown, and when markets trade."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Final

#: A spread that is wider than this part of its middle says little of what a contract is worth.
_WIDE: Final = Decimal("0.1")


class QuoteSource(StrEnum):
    """Where a price came from, best first."""

    STREAM = "stream"
    SNAPSHOT = "snapshot"
    REPLAY = "replay"
    SYNTHETIC = "synthetic"
    ALERT = "alert"


def is_wide(bid: Decimal, ask: Decimal) -> bool:
    """Whether bid and ask are more than a tenth of their middle apart."""
    return ask - bid > abs(bid + ask) / 2 * _WIDE


@dataclass(frozen=True, slots=True)
class Quote:
    """A contract's best bid and ask; both the last price when only that is known.

    ``at`` is when they became so, whether or not they still hold.
    """

    symbol: str
    bid: Decimal
    ask: Decimal
    at: datetime
    source: QuoteSource
    last: Decimal | None = None

    @property
    def mark(self) -> Decimal:
        """The price that values a position: the last trade inside the spread, else the middle.

        In a wide spread, as quotes are after a close, it is the side next to the last trade.
        """
        middle = (self.bid + self.ask) / 2
        if self.last is None:
            return middle
        nearest = min(max(self.last, self.bid), self.ask)
        return nearest if nearest == self.last or is_wide(self.bid, self.ask) else middle

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
