"""Equity over time: samples, what a span of them comes to, the fall from a peak, the days.

samples (a curve second by second, with deposits and payouts taken out), summary (a span of samples
in a few figures that can be added up without loss), highwater (the running peak and the falls from
it), closes (the trading days of a curve), days (the trading days of a book, from its fills), booked
(the same, fill by fill, as they are stored).
"""

from app.domain.equity.booked import BookDay, BookedMoney, DayFinder, Ended, booked_days
from app.domain.equity.closes import CurveDay, Outcome, curve_days, outcome
from app.domain.equity.days import (
    DayFacts,
    DayPnl,
    combined,
    daily_pnl,
    realised_by_day,
)
from app.domain.equity.highwater import HighWater
from app.domain.equity.samples import CashFlow, Point, Sample, arranged, flows_until, without_flows
from app.domain.equity.summary import Depth, Fall, Summary, grouped, merged, summarise

__all__ = [
    "BookDay",
    "BookedMoney",
    "CashFlow",
    "CurveDay",
    "DayFacts",
    "DayFinder",
    "DayPnl",
    "Depth",
    "Ended",
    "Fall",
    "HighWater",
    "Outcome",
    "Point",
    "Sample",
    "Summary",
    "arranged",
    "booked_days",
    "combined",
    "curve_days",
    "daily_pnl",
    "flows_until",
    "grouped",
    "merged",
    "outcome",
    "realised_by_day",
    "summarise",
    "without_flows",
]
