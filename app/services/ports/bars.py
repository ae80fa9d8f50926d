"""Bars that are kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Protocol

from app.domain.quotes import Bar, BarSource, KeptBar, Range, Timeframe


class BarsOf(NamedTuple):
    """Which bars: of a symbol as it is stored, of one length."""

    symbol: str
    timeframe: Timeframe


@dataclass(frozen=True, slots=True)
class BarStock:
    """How many bars of one kind are kept, and when the first and the last begin."""

    of: BarsOf
    bars: int
    first: datetime
    last: datetime


class Bars(Protocol):
    """Bars, and the times that a data service was asked for and answered."""

    def save(self, timeframe: Timeframe, source: BarSource, bars: Sequence[Bar]) -> None:
        """Keep the bars; one of a source that is trusted more stays as it is."""

    def first(self, of: BarsOf, within: Range, most: int) -> Sequence[KeptBar]:
        """The first so many bars that begin within the range, oldest first."""

    def last(self, of: BarsOf, within: Range, most: int) -> Sequence[KeptBar]:
        """The last so many bars that begin within the range, oldest first."""

    def at(self, of: BarsOf, instants: Sequence[datetime]) -> Sequence[KeptBar]:
        """The bars that begin at one of the instants, in any order."""

    def covered(self, of: BarsOf, within: Range) -> Sequence[Range]:
        """The ranges that touch ``within`` and were answered whole."""

    def cover(self, of: BarsOf, answered: Range) -> None:
        """Remember that every bar which begins within the range is kept."""

    def stock(self) -> Sequence[BarStock]:
        """What is kept, by symbol and length."""

    def next_symbol(self, after: str) -> str | None:
        """The first symbol behind ``after``, by name, of which there are bars."""

    def forget(self, of: BarsOf, source: BarSource, before: datetime) -> int:
        """Remove the bars of one source that begin earlier; returns how many."""
