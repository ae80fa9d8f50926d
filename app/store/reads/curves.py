"""How far P&L curves reach, and their open P&L at any instant."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Final

from sqlalchemy import Connection, bindparam, func, select
from sqlalchemy.sql.base import Executable

from app.domain.money import ZERO
from app.services.ports import Level, Rolled
from app.services.reads import Outline
from app.store.packing import last_of, outline, unpack
from app.store.reads.base import ReadModel
from app.store.records import rows
from app.store.tables.history import PNL_SPANS, STRATEGY_PNL_HISTORY
from app.store.unit_of_work import SqlUnit

_h, _p = STRATEGY_PNL_HISTORY.c, PNL_SPANS.c
_SERIES: Final = _h.series_id == bindparam("series")
_SPANS: Final = (_p.series_id == bindparam("series"), _p.level == bindparam("of_level"))

# Two questions that the key answers at once; asked as one, SQLite reads the whole series.
_EXTENT: Final = select(
    select(func.min(_h.at)).where(_SERIES).scalar_subquery(),
    select(func.max(_h.at)).where(_SERIES).scalar_subquery(),
)
_FIRST_SPAN: Final = select(_p.at, _p.seconds, _p.data).where(*_SPANS).order_by(_p.at).limit(1)
_LAST_SPAN: Final = (
    select(_p.at, _p.seconds, _p.data).where(*_SPANS).order_by(_p.at.desc()).limit(1)
)
_DAYS: Final = (
    select(_p.at + _p.seconds, _p.at, _p.data)
    .where(*_SPANS, _p.at < bindparam("before"))
    .order_by(_p.at)
)
_WITHIN: Final = (
    select(_p.at, _p.seconds, _p.data)
    .where(*_SPANS, _p.at >= bindparam("start"), _p.at + _p.seconds <= bindparam("end"))
    .where(_p.at < bindparam("end"))
    .order_by(_p.at)
)


class Curves(ReadModel):
    """What was recorded of curves."""

    def extent(self, series_id: int) -> tuple[int, int] | None:
        """Epoch seconds of the first and the last sample of the series; None without one."""
        with self._store.read() as unit:
            return _extent(unit.connection, series_id)

    def outlines(self, series_id: int, level: Level, start: int, end: int) -> Sequence[Outline]:
        """What a chart draws of the spans that ``spans`` returns, read in a quarter of the time."""
        of = {"series": series_id, "of_level": int(level), "start": start, "end": end}
        with self._store.read() as unit:
            found = rows(unit.connection, _WITHIN, of)
        return [outline(*row) for row in found]

    def open_pnl(self, series_id: int, instants: Sequence[int]) -> Sequence[Decimal | None]:
        """The last known open P&L of a series at or before each of the epoch seconds ``instants``.

        Zero before the first sample (nothing was held), None when there are only gaps before.
        """
        with self._store.read() as unit:
            known = _extent(unit.connection, series_id)
            if known is None or not instants:
                return [ZERO] * len(instants)
            closes = _Closes(unit, series_id, max(instants))
            found = {
                instant: closes.open_at(instant) if instant >= known[0] else ZERO
                for instant in set(instants)
            }
        return [found[instant] for instant in instants]


def _extent(connection: Connection, series_id: int) -> tuple[int, int] | None:
    """The first and the last sample: of those that are kept, and of what older ones came to."""
    of = {"series": series_id}
    ((first, last),) = rows(connection, _EXTENT, of)
    begins = [] if first is None else [first]
    ends = [] if last is None else [last]
    for level in Level:
        values = of | {"of_level": int(level)}
        begins += [_edges(span)[0] for span in _spans(connection, _FIRST_SPAN, values)]
        ends += [_edges(span)[1] for span in _spans(connection, _LAST_SPAN, values)]
    return (min(begins), max(ends)) if begins else None


def _spans(
    connection: Connection, statement: Executable, values: Mapping[str, int]
) -> Iterator[Rolled]:
    for row in rows(connection, statement, values):
        yield unpack(values["series"], values["of_level"], *row)


def _edges(span: Rolled) -> tuple[int, int]:
    """The first and the last second of which something was recorded in a span."""
    found = [span.gap.at] if span.gap else []
    if span.summary is not None:
        found += [span.summary.first.at, span.summary.gap_at or span.summary.last.at]
    seconds = [int(at.timestamp()) for at in found] or [span.at]
    return seconds[0], seconds[-1]


class _Closes:
    """The last known open P&L at any second: after days that are over at once, else by finer rows.

    The ends of days are what a calendar asks for, hundreds at a time.
    """

    def __init__(self, unit: SqlUnit, series_id: int, last: int) -> None:
        self._rolled = unit.rolled
        self._series_id = series_id
        self._ends: list[int] = []
        self._opens: list[Decimal | None] = []
        known = None
        values = {"series": series_id, "of_level": int(Level.DAY), "before": last + 1}
        for end, at, data in rows(unit.connection, _DAYS, values):
            found = last_of(at, data)
            known = known if found is None else found.open
            self._ends.append(end)
            self._opens.append(known)

    def open_at(self, instant: int) -> Decimal | None:
        """The last known open P&L at or before the second; None when there are only gaps."""
        before = instant + 1
        over = bisect_right(self._ends, before)
        since = self._ends[over - 1] if over else 0
        later = None
        if since < before:
            later = self._rolled.open_before(self._series_id, before, since)
        return later if later is not None or not over else self._opens[over - 1]
