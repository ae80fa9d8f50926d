"""Trading days and time windows: the one place that knows when a day begins.

rolls (the trading day of an instant, and its bounds), exchanges (closed days and half days), dates
(the list of them), windows (stretches of the day by the clock on the wall), reading (their texts).
"""

from app.domain.sessions.exchanges import Exchange, exchange
from app.domain.sessions.rolls import Roll, day_bounds, next_roll, trading_day, trading_days
from app.domain.sessions.windows import WEEKDAYS, Window

__all__ = [
    "WEEKDAYS",
    "Exchange",
    "Roll",
    "Window",
    "day_bounds",
    "exchange",
    "next_roll",
    "trading_day",
    "trading_days",
]
