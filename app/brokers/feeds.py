"""Feeds that put quotes into the book: a synthetic market, and the replay of recorded bars."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from app.domain.quotes import Quote
from app.sim.synthetic import SyntheticMarket

Put = Callable[[Quote], None]


class SyntheticFeed:
    """Quotes a set of synthetic markets at a steady pace."""

    def __init__(self, markets: Sequence[SyntheticMarket], put: Put, every: timedelta) -> None:
        self._markets = {market.symbol: market for market in markets}
        self._put = put
        self._every = every
        self._due: datetime | None = None

    def add(self, market: SyntheticMarket) -> None:
        """Quote ``market`` too from the next step on, unless its symbol is quoted already."""
        self._markets.setdefault(market.symbol, market)

    def step(self, now: datetime) -> bool:
        """Quote every market when its time has come; always False: the next one is not due yet."""
        if self._due is None or now >= self._due or self._due - now > self._every:
            self._due = now + self._every
            for market in tuple(self._markets.values()):
                self._put(market.next(now))
        return False


class ReplayFeed:
    """Recorded quotes in virtual time."""

    def __init__(self, quotes: Sequence[Quote], put: Put) -> None:
        self._quotes = quotes
        self._put = put
        self._next = 0

    @property
    def next_at(self) -> datetime | None:
        """The time of the first quote that is still to come; None at the end."""
        return self._quotes[self._next].at if self._next < len(self._quotes) else None

    def advance_to(self, now: datetime) -> bool:
        """Put the last quote at or before ``now``; whether there was a new one.

        Quotes that were skipped are not put: to see each, advance to ``next_at``.
        """
        first = self._next
        while self._next < len(self._quotes) and self._quotes[self._next].at <= now:
            self._next += 1
        if self._next > first:
            self._put(self._quotes[self._next - 1])
        return self._next > first
