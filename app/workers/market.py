"""The synthetic market: a made-up price for whatever the strategies trade and hold."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Protocol

from app.domain.instruments import resolve
from app.domain.strategies import StrategyKind
from app.services.pnl import Books, Pair


class Feed(Protocol):
    """Quotes whatever it was told to."""

    def step(self, now: datetime) -> bool:
        """Quote what is due."""
        ...


class MarketWorker:
    """Lets a feed quote the symbols of every strategy; ``add`` starts a symbol's market."""

    def __init__(self, books: Books, feed: Feed, add: Callable[[str], None]) -> None:
        self._books = books
        self._feed = feed
        self._add = add
        self._known: set[str] = set()

    def step(self, now: datetime) -> bool:
        """Start the markets that are missing, and quote all that are due."""
        for symbol in sorted(_symbols(self._books.pairs.values(), now) - self._known):
            self._known.add(symbol)
            self._add(symbol)
        return self._feed.step(now)


def _symbols(pairs: Iterable[Pair], now: datetime) -> set[str]:
    wanted = set()
    for pair in list(pairs):
        wanted |= set(pair.holdings)
        if pair.strategy.kind is StrategyKind.WEBHOOK:
            wanted.add(resolve(pair.strategy.symbol, now.date()).symbol)
    return wanted
