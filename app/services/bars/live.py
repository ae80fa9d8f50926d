"""Minute bars of prices as they come, and of a venue's own stream."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final

from app.domain.errors import StoreUnavailable
from app.domain.quotes import (
    Bar,
    BarBuilder,
    BarSource,
    KeptBar,
    Quote,
    QuoteSource,
    Timeframe,
)
from app.services.ports import Store

#: Seconds after a minute for which its prices may be under way.
GRACE: Final = timedelta(seconds=2)
#: Ended bars that wait while the database takes nothing; the oldest are given up.
MOST_WAITING: Final = 10_000

#: Prices of which bars are made: the price that an alert carries is nobody's market.
_MADE_OF: Final = {
    QuoteSource.STREAM: BarSource.BUILT,
    QuoteSource.SYNTHETIC: BarSource.SYNTHETIC,
}

Key = tuple[str, BarSource]


class LiveBars:
    """Builds minute bars of every quote, keeps them, and shows each once."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._builders: dict[Key, BarBuilder] = {}
        self._ended: list[KeptBar] = []
        self._unsaved: list[KeptBar] = []
        self._show: Callable[[Bar], None] = _nobody

    @property
    def late(self) -> int:
        """How many prices came after the bar of their minute was made."""
        with self._lock:
            return sum(builder.late for builder in self._builders.values())

    def show(self, receive: Callable[[Bar], None]) -> None:
        """Hand every ended minute bar to ``receive``."""
        self._show = receive

    def hear(self, quote: Quote) -> None:
        """Take a quote; a listener of the quote book."""
        source = _MADE_OF.get(quote.source)
        if source is None:
            return
        key = (quote.symbol, source)
        with self._lock:
            builder = self._builders.get(key)
            if builder is None:
                builder = self._builders[key] = BarBuilder(quote.symbol)
            ended = builder.add(quote.at, quote.mark)
            if ended is not None:
                self._ended.append(KeptBar(ended, source))

    def take(self, bar: Bar) -> None:
        """Take a minute bar that a venue's stream told, or corrected."""
        with self._lock:
            self._ended.append(KeptBar(bar, BarSource.STREAM))

    def step(self, now: datetime) -> bool:
        """Keep and show the bars whose minute is over; returns whether there were any."""
        ended = self._collect(now - GRACE)
        for each in ended:
            self._show(each.bar)
        self._unsaved = [*self._unsaved, *ended][-MOST_WAITING:]
        if self._unsaved:
            self._save()
        return bool(ended)

    def _collect(self, until: datetime) -> Sequence[KeptBar]:
        with self._lock:
            ended, self._ended = self._ended, []
            for (_, source), builder in self._builders.items():
                bar = builder.finish(until)
                if bar is not None:
                    ended.append(KeptBar(bar, source))
        return ended

    def _save(self) -> None:
        """Write what waits; a database that takes nothing now is tried again at the next step."""
        try:
            with self._store.record() as uow:
                for source in BarSource.STREAM.replaceable:
                    bars = [each.bar for each in self._unsaved if each.source is source]
                    uow.bars.save(Timeframe.MINUTE, source, bars)
        except StoreUnavailable:
            return
        self._unsaved = []


def _nobody(_bar: Bar) -> None:
    """Show it to nobody."""
