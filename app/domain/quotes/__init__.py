"""Prices: quotes with an age, and bars.

prices (quotes and market hours), bars (bars, their grid, longer ones of shorter ones), building
(bars of prices as they come), ranges (what is known of a stretch of time, and what is missing),
reading (bars in CSV files).
"""

from app.domain.quotes.bars import (
    Bar,
    BarSource,
    KeptBar,
    Timeframe,
    begin,
    following,
    merged,
    resampled,
)
from app.domain.quotes.building import BarBuilder
from app.domain.quotes.prices import MarketHours, Quote, QuoteSource, is_wide
from app.domain.quotes.ranges import Range, gaps, joined, pieces

__all__ = [
    "Bar",
    "BarBuilder",
    "BarSource",
    "KeptBar",
    "MarketHours",
    "Quote",
    "QuoteSource",
    "Range",
    "Timeframe",
    "begin",
    "following",
    "gaps",
    "is_wide",
    "joined",
    "merged",
    "pieces",
    "resampled",
]
