"""Where the hours and days of a curve end: by the clock, and by the roll of its accounts."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from app.domain.sessions import Roll, day_bounds, trading_day
from app.services.history.rolling import instant, minute_of

_HOUR_S = 3600


@dataclass(frozen=True, slots=True)
class Borders:
    """The hours and trading days of one roll; an hour ends where its day does."""

    roll: str

    def day(self, at: int) -> tuple[int, int]:
        """Return when the trading day of the epoch second begins, and when it ends."""
        return _day(self.roll, minute_of(at))

    def hour(self, at: int) -> tuple[int, int]:
        """Return when the hour of the epoch second begins, and when it ends."""
        begins, ends = self.day(at)
        hour = at - at % _HOUR_S
        return max(hour, begins), min(hour + _HOUR_S, ends)


@lru_cache(maxsize=4096)
def _day(text: str, minute: int) -> tuple[int, int]:
    roll = Roll.parse(text)
    begins, ends = day_bounds(trading_day(instant(minute), roll), roll)
    return int(begins.timestamp()), int(ends.timestamp())
