"""Statements of brokers and lists of simulated trades: read, and compared with our own fills."""

from app.domain.statements.comparison import (
    Comparison,
    OurFill,
    Outcome,
    Row,
    Terms,
    Totals,
    compare,
)
from app.domain.statements.formats import TITLES
from app.domain.statements.lots import Lot, Part
from app.domain.statements.readers import Reading
from app.domain.statements.record import Statement, StatementState, named
from app.domain.statements.sheet import MOST_BYTES, MOST_LINES, decode
from app.domain.statements.told import Format, Told

__all__ = [
    "MOST_BYTES",
    "MOST_LINES",
    "TITLES",
    "Comparison",
    "Format",
    "Lot",
    "OurFill",
    "Outcome",
    "Part",
    "Reading",
    "Row",
    "Statement",
    "StatementState",
    "Terms",
    "Told",
    "Totals",
    "compare",
    "decode",
    "named",
]
