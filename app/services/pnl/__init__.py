"""P&L each second: the books in memory, the recorder of curves, what the pages are told."""

from app.services.pnl.books import Books
from app.services.pnl.live import (
    LivePosition,
    LiveSink,
    NoSink,
    StrategyLine,
    Summary,
    Tick,
)
from app.services.pnl.pairs import Pair, Worth
from app.services.pnl.recorder import Recorder

__all__ = [
    "Books",
    "LivePosition",
    "LiveSink",
    "NoSink",
    "Pair",
    "Recorder",
    "StrategyLine",
    "Summary",
    "Tick",
    "Worth",
]
