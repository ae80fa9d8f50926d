"""A recorded curve in memory: rows as they were written, and the spans that they roll up to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal

from app.domain.equity import Sample as Equity
from app.domain.equity import summarise
from app.services.history.outlines import outline
from app.services.ports import Level, Rolled
from app.services.reads import Outline

SERIES = 7
LENGTHS = {Level.DAY: 86400, Level.HOUR: 3600, Level.MINUTE: 60}


def instant(at: int) -> datetime:
    return datetime.fromtimestamp(at, UTC)


@dataclass(frozen=True)
class Row:
    at: int
    realised: Decimal
    open: Decimal | None


@dataclass
class RecordedCurve:
    """One series that is rolled up to the second ``rolled``; days begin at midnight UTC.

    Of each level, only what begins at ``kept`` or later is there still.
    """

    rows: dict[int, Row] = field(default_factory=dict)
    capital: Decimal = Decimal(0)
    rolled: int = 0
    kept: dict[Level, int] = field(default_factory=dict)
    reads: list[str] = field(default_factory=list)

    def put(self, at: int, open_pnl: str | int | Decimal | None, realised: str | int = 0) -> None:
        value = None if open_pnl is None else Decimal(open_pnl)
        self.rows[at] = Row(at, Decimal(realised), value)

    def equity(self, start: int, end: int) -> Iterator[Equity]:
        for at in sorted(self.rows):
            row = self.rows[at]
            if start <= at < end:
                pnl = None if row.open is None else row.realised + row.open
                yield Equity(instant(at), None if pnl is None else self.capital + pnl)

    def extent(self, series_id: int) -> tuple[int, int] | None:
        assert series_id == SERIES
        return (min(self.rows), max(self.rows)) if self.rows else None

    def base(self, series_id: int) -> Decimal:
        assert series_id == SERIES
        return self.capital

    def seconds(self, series_id: int, start: int, end: int) -> Sequence[Row]:
        self.reads.append("seconds")
        return [self.rows[at] for at in sorted(self.rows) if start <= at < end]

    def spans(self, series_id: int, level: Level, start: int, end: int) -> Sequence[Rolled]:
        self.reads.append(level.name.lower())
        length = LENGTHS[level]
        begun = min(self.rows, default=0) // length * length
        first = max(-(-start // length) * length, self.kept.get(level, 0), begun)
        found = (
            self._span(level, at, at + length)
            for at in range(first, min(end, self.rolled) - length + 1, length)
        )
        return [each for each in found if each]

    def outlines(self, series_id: int, level: Level, start: int, end: int) -> Sequence[Outline]:
        return [outline(span) for span in self.spans(series_id, level, start, end)]

    def covering(self, series_id: int, start: int, end: int) -> Sequence[Rolled]:
        found = []
        at = start
        while at < end:
            level, begin, until = self._largest(at, end)
            found.append(self._span(level, begin, until))
            at = until
        return [each for each in found if each]

    def _largest(self, at: int, end: int) -> tuple[Level, int, int]:
        """The largest span from ``at``, or the finest still kept that reaches over it."""
        for level, length in LENGTHS.items():
            finer = [each for each in Level if each < level]
            whole = at % length == 0 and at + length <= min(end, self.rolled)
            only = all(at < self.kept.get(each, 0) for each in finer) and bool(finer)
            if whole or only:
                begin = at // length * length
                return level, begin, begin + length
        return Level.MINUTE, at, min(end, at // 60 * 60 + 60)

    def _span(self, level: Level, at: int, until: int) -> Rolled | None:
        equity = list(self.equity(at, until))
        if not equity:
            return None
        rows = (self.rows[each] for each in sorted(self.rows) if at <= each < until)
        known = [row.open for row in rows if row.open is not None]
        summary = summarise(equity)
        return Rolled(SERIES, level, at, until, summary, known[-1] if known else None)
