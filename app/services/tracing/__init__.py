"""The trace of one alert: what arrived, what it meant, and what was decided, sent and filled.

trace (everything known about an alert) -> stages (the way in one line, with the time of each leg),
story (each step in a sentence), slippage (what the fills cost against the signal's price).
"""

from app.services.tracing.slippage import Slippage, slippage_of
from app.services.tracing.stages import Latency, Stage
from app.services.tracing.story import Moment
from app.services.tracing.trace import OrderTrace, Trace, Tracer, describe, summary

__all__ = [
    "Latency",
    "Moment",
    "OrderTrace",
    "Slippage",
    "Stage",
    "Trace",
    "Tracer",
    "describe",
    "slippage_of",
    "summary",
]
