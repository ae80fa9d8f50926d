"""Takes away old bars that piled up by themselves; what was asked for or imported stays."""

from __future__ import annotations

from datetime import datetime, timedelta

from app.domain.quotes import BarSource, Timeframe
from app.services.ports import Store
from app.services.ports.bars import BarsOf


class BarKeeper:
    """Forgets the minutes of one symbol at a time.

    Those of a made-up market go at once where the market is not made up any more.
    """

    def __init__(self, store: Store, days: int, *, synthetic: bool) -> None:
        """``days`` is how long bars are kept that were built here or told by a stream."""
        self._store = store
        self._kept_for = timedelta(days=days)
        self._synthetic = synthetic
        self._after = ""

    def step(self, now: datetime) -> bool:
        """Go through the next symbol; returns whether another one follows."""
        with self._store.record() as uow:
            symbol = uow.bars.next_symbol(self._after)
            self._after = symbol or ""
            if symbol is None:
                return False
            of = BarsOf(symbol, Timeframe.MINUTE)
            for source in BarSource.STREAM.replaceable:
                made_up = source is BarSource.SYNTHETIC and not self._synthetic
                uow.bars.forget(of, source, now if made_up else now - self._kept_for)
        return True
