"""Bars: those that are kept, those that are asked for, those that are built of prices as they come.

desk (what is asked for, from the store), filling (asks a data service for what is missing), taking
(bars of files), live (bars of prices as they come), board (what is told to the pages, not too
often), keeping (takes away what piled up by itself), whole (all of it, put together).
"""

from app.services.bars.board import Board
from app.services.bars.desk import DEFAULT_BARS, MOST_BARS, BarAsk, Found
from app.services.bars.taking import BarFile, Imported, Taker
from app.services.bars.whole import BarHouse, make_bars

__all__ = [
    "DEFAULT_BARS",
    "MOST_BARS",
    "BarAsk",
    "BarFile",
    "BarHouse",
    "Board",
    "Found",
    "Imported",
    "Taker",
    "make_bars",
]
