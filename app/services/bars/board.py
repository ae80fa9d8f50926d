"""What is told of prices: of symbols that somebody watches, and not more often than one can see."""

from __future__ import annotations

import threading
from collections.abc import Callable, Container
from datetime import datetime, timedelta
from typing import Final

from app.domain.quotes import Bar, Quote

#: The least time between two quotes of one symbol.
EVERY: Final = timedelta(milliseconds=250)


class Board:
    """Keeps the newest quote of each watched symbol until it may be told, and every bar."""

    def __init__(self, watched: Callable[[], Container[str]]) -> None:
        """``watched`` gives the symbols that somebody watches, at no cost."""
        self._watched = watched
        self._lock = threading.Lock()
        self._quotes: dict[str, Quote] = {}
        self._bars: dict[tuple[str, datetime], Bar] = {}
        self._told: dict[str, datetime] = {}

    def quote(self, quote: Quote) -> None:
        """Take a quote; a listener of the quote book."""
        if quote.symbol in self._watched():
            with self._lock:
                self._quotes[quote.symbol] = quote

    def bar(self, bar: Bar) -> None:
        """Take an ended minute bar; a later one of the same minute is in its place."""
        if bar.symbol in self._watched():
            with self._lock:
                self._bars[bar.symbol, bar.at] = bar

    def due(self, now: datetime) -> list[Quote | Bar]:
        """Return what is to be told now, each once."""
        with self._lock:
            ready = [symbol for symbol in self._quotes if self._may_tell(symbol, now)]
            quotes = [self._quotes.pop(symbol) for symbol in ready]
            bars, self._bars = list(self._bars.values()), {}
            self._told = {name: at for name, at in self._told.items() if _recent(at, now)}
            self._told |= dict.fromkeys(ready, now)
        return [*bars, *quotes]

    def _may_tell(self, symbol: str, now: datetime) -> bool:
        at = self._told.get(symbol)
        return at is None or not _recent(at, now)


def _recent(at: datetime, now: datetime) -> bool:
    """Whether that was less than a moment ago, by a clock that may have been set back."""
    return abs(now - at) < EVERY
