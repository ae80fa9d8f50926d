"""Minute bars of prices as they come."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final

from app.domain.money import exact
from app.domain.quotes.bars import Bar

_MINUTE: Final = timedelta(minutes=1)
_NEVER: Final = datetime(1970, 1, 1, tzinfo=UTC)


class BarBuilder:
    """Builds the minute bars of one symbol; a minute without a price has no bar.

    ``late`` counts prices that came after their minute was over, and are in no bar.
    """

    def __init__(self, symbol: str) -> None:
        self._symbol = symbol
        self._begin = self._end = _NEVER
        self._bar: Bar | None = None
        self.late = 0

    @property
    def forming(self) -> Bar | None:
        """The bar of the minute that is not over yet."""
        return self._bar

    def add(self, at: datetime, price: Decimal, size: Decimal | None = None) -> Bar | None:
        """Take a price, and the quantity that traded at it where that is known.

        Returns the bar that it ends by being of a later minute.
        """
        if at < self._begin or (self._bar is None and at < self._end):
            self.late += 1
            return None
        if self._bar is not None and at < self._end:
            self._bar = _grown(self._bar, price, size)
            return None
        ended, self._bar = self._bar, None
        self._begin = at.astimezone(UTC).replace(second=0, microsecond=0)
        self._end = self._begin + _MINUTE
        self._bar = Bar(self._symbol, self._begin, price, price, price, price, size)
        return ended

    def finish(self, now: datetime) -> Bar | None:
        """Return the bar whose minute is over at ``now``, once.

        What is of a minute far ahead is thrown away: a clock that is set right again must not stop
        the bars until then.
        """
        if self._begin > now + _MINUTE:
            self._begin = self._end = _NEVER
            self._bar = None
            self.late += 1
            return None
        if self._bar is None or now < self._end:
            return None
        ended, self._bar = self._bar, None
        return ended


@exact
def _grown(bar: Bar, price: Decimal, size: Decimal | None) -> Bar:
    volume = None if bar.volume is None or size is None else bar.volume + size
    high, low = max(bar.high, price), min(bar.low, price)
    return Bar(bar.symbol, bar.at, bar.open, high, low, price, volume)
