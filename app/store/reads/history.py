"""Rolled history: the spans that cover a range, as long as possible and as short as necessary."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from sqlalchemy import bindparam, select

from app.domain.money import ZERO
from app.services.history.rolling import HOLDS, Curve, minutes
from app.services.ports import Level, Rolled, RolledHistory, Rolling, Sample
from app.store.reads.base import ReadModel
from app.store.tables.history import PNL_SERIES

_BASE: Final = select(PNL_SERIES.c.base).where(PNL_SERIES.c.id == bindparam("series"))


class History(ReadModel):
    """What curves came to, over any range."""

    def spans(self, series_id: int, level: Level, start: int, end: int) -> Sequence[Rolled]:
        """The series' rolled spans of that level within [start, end), epoch seconds, oldest first.

        The newest minutes are not rolled yet, and old ones no longer kept: see ``covering``.
        """
        with self._store.read() as unit:
            found = unit.rolled.spans(series_id, level, start, end)
        return [span for span in found if start <= span.at and span.until <= end]

    def seconds(self, series_id: int, start: int, end: int) -> Sequence[Sample]:
        """What was recorded within [start, end), epoch seconds, oldest first, as far as it is kept.

        A row is there when something changed, and at least once a minute.
        """
        with self._store.read() as unit:
            return unit.rolled.samples(series_id, start, end)

    def covering(self, series_id: int, start: int, end: int) -> Sequence[Rolled]:
        """The fewest spans that cover [start, end), epoch seconds, oldest first.

        Days, at the edges hours and minutes, then what is not rolled, a minute each or the part of
        one that is asked for.  Where finer ones are no longer kept, the span that reaches over an
        edge is there whole.
        """
        with self._store.read() as unit:
            known = unit.rolled.of(series_id)
            return [] if known is None else _Cover(unit.rolled, known).of(Level.DAY, start, end)

    def base(self, series_id: int) -> Decimal:
        """The capital of the series' accounts when it began; its equity is this plus its P&L."""
        with self._store.read() as unit:
            found: Decimal | None = unit.connection.execute(_BASE, {"series": series_id}).scalar()
        return ZERO if found is None else found


class _Cover:
    """Covers ranges of one curve within one transaction."""

    def __init__(self, rows: RolledHistory, known: Rolling) -> None:
        self._rows = rows
        self._known = known

    def of(self, level: Level | None, start: int, end: int) -> list[Rolled]:
        """Return the spans that cover [start, end), the longest of ``level``; None is samples."""
        if start >= end:
            return []
        if level is None:
            return self._unrolled(max(start, self._known.seconds_from), end)
        finer = Level(level - 1) if level > Level.MINUTE else None
        rows = self._rows.spans(self._known.id, level, start, end)
        first, last = (rows[0].at, rows[-1].until) if rows else (start, start)
        found = self.of(finer, start, first)
        for row in rows:
            begins, ends = max(row.at, start), min(row.until, end)
            whole = (begins, ends) == (row.at, row.until) or begins < self._kept_from(level)
            found += [row] if whole else self.of(finer, begins, ends)
        return found + self.of(finer, last, end)

    def _kept_from(self, level: Level) -> int:
        """From when on what is finer than ``level`` is kept."""
        known = self._known
        return {
            Level.MINUTE: known.seconds_from,
            Level.HOUR: known.minutes_from,
            Level.DAY: known.hours_from,
        }[level]

    def _unrolled(self, start: int, end: int) -> list[Rolled]:
        samples = self._rows.samples(self._known.id, start - HOLDS, end)
        return minutes(Curve(self._known.id, self._known.base), samples, start, end)
