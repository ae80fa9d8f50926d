"""Trading days and time windows: the one place that knows when a day begins.

rolls (the trading day of an instant, and its bounds), exchanges (closed days and half days), dates
(the list of them), windows (stretches of the day by the clock on the wall), markets (when each
trades), reading (their texts).
"""

from app.domain.sessions.exchanges import Exchange, exchange
from app.domain.sessions.markets import (
    MARKETS,
    Market,
    MarketState,
    Phase,
    market_of,
    session,
    state_of,
)
from app.domain.sessions.rolls import Roll, day_bounds, next_roll, trading_day, trading_days
from app.domain.sessions.windows import WEEKDAYS, Window

__all__ = [
    "MARKETS",
    "WEEKDAYS",
    "Exchange",
    "Market",
    "MarketState",
    "Phase",
    "Roll",
    "Window",
    "day_bounds",
    "exchange",
    "market_of",
    "next_roll",
    "session",
    "state_of",
    "trading_day",
    "trading_days",
]
