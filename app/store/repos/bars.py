"""Repository of bars."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import bindparam, delete, func, insert, or_, select
from sqlalchemy.dialects import postgresql, sqlite

from app.domain.quotes import Bar, BarSource, KeptBar, Range, Timeframe, joined
from app.services.ports.bars import BarsOf, BarStock
from app.store.records import Record, Repo, Variants
from app.store.tables.bars import BAR_RANGES, BARS

BAR: Final = Record(Bar, BARS)
KEY: Final = ("symbol", "timeframe", "at")

_b, _r = BARS.c, BAR_RANGES.c


def _upsert(source: BarSource) -> Variants:
    """Return the insert that overwrites a bar where ``source`` may."""
    lite, postgres = sqlite.insert(BARS), postgresql.insert(BARS)
    changed = [column.name for column in BARS.c if column.name not in KEY]
    # A list would keep many rows from being written at once.
    weaker = or_(*(_b.source == each for each in sorted(source.replaceable)))
    return {
        "sqlite": lite.on_conflict_do_update(
            index_elements=KEY,
            set_={name: lite.excluded[name] for name in changed},
            where=weaker,
        ),
        "postgresql": postgres.on_conflict_do_update(
            index_elements=KEY,
            set_={name: postgres.excluded[name] for name in changed},
            where=weaker,
        ),
    }


def _of(columns: Any) -> tuple[Any, ...]:  # noqa: ANN401  the columns of either table
    return (
        columns.symbol == bindparam("symbol"),
        columns.timeframe == bindparam("timeframe"),
    )


_SAVE: Final = {source: _upsert(source) for source in BarSource}
_WITHIN: Final = (
    select(*BAR.columns, _b.source)
    .where(*_of(_b), _b.at >= bindparam("start"), _b.at < bindparam("end"))
    .limit(bindparam("most"))
)
_FIRST: Final = _WITHIN.order_by(_b.at)
_LAST: Final = _WITHIN.order_by(_b.at.desc())
#: Ranges do not overlap, so that the last one which begins before ``start`` is the only such.
_TOUCHING: Final = (
    select(_r.start, _r.end)
    .where(*_of(_r), _r.start <= bindparam("end"), _r.end >= bindparam("start"))
    .order_by(_r.start)
)
_COVER: Final = insert(BAR_RANGES)
_UNCOVER: Final = delete(BAR_RANGES).where(*_of(_r), _r.start == bindparam("begins"))
_STOCK: Final = (
    select(_b.symbol, _b.timeframe, func.count(), func.min(_b.at), func.max(_b.at))
    .group_by(_b.symbol, _b.timeframe)
    .order_by(_b.symbol, _b.timeframe)
)
_NEXT: Final = select(func.min(_b.symbol)).where(_b.symbol > bindparam("after"))
_FORGET: Final = delete(BARS).where(
    *_of(_b), _b.at < bindparam("before"), _b.source == bindparam("from_source")
)


class Bars(Repo):
    """Bars of every symbol, and what was answered of each."""

    __slots__ = ()

    def save(self, timeframe: Timeframe, source: BarSource, bars: Sequence[Bar]) -> None:
        """Keep the bars; one of a source that is trusted more stays as it is."""
        shared = {"timeframe": timeframe, "source": source}
        rows = [BAR.values(bar) | shared for bar in bars]
        if rows:
            self._connection.execute(self._variant(_SAVE[source]), rows)

    def first(self, of: BarsOf, within: Range, most: int) -> Sequence[KeptBar]:
        """The first so many bars that begin within the range, oldest first."""
        return [_kept(row) for row in self._within(_FIRST, of, within, most)]

    def last(self, of: BarsOf, within: Range, most: int) -> Sequence[KeptBar]:
        """The last so many bars that begin within the range, oldest first."""
        return [_kept(row) for row in reversed(self._within(_LAST, of, within, most))]

    def at(self, of: BarsOf, instants: Sequence[datetime]) -> Sequence[KeptBar]:
        """The bars that begin at one of the instants, in any order."""
        these = _b.at.in_(instants)
        asked = select(*BAR.columns, _b.source).where(*_of(_b), these)
        return [_kept(row) for row in self._connection.execute(asked, of._asdict())]

    def covered(self, of: BarsOf, within: Range) -> Sequence[Range]:
        """The ranges that touch ``within`` and were answered whole."""
        found = self._rows(_TOUCHING, **of._asdict(), start=within.start, end=within.end)
        return [Range(start, end) for start, end in found]

    def cover(self, of: BarsOf, answered: Range) -> None:
        """Remember that every bar which begins within the range is kept."""
        touching = self.covered(of, answered)
        for each in touching:
            self._count(_UNCOVER, {**of._asdict(), "begins": each.start})
        (whole,) = joined([answered, *touching])
        self._count(_COVER, {**of._asdict(), "start": whole.start, "end": whole.end})

    def stock(self) -> Sequence[BarStock]:
        """What is kept, by symbol and length."""
        return [
            BarStock(BarsOf(symbol, timeframe), count, first, last)
            for symbol, timeframe, count, first, last in self._rows(_STOCK)
        ]

    def next_symbol(self, after: str) -> str | None:
        """The first symbol behind ``after``, by name, of which there are bars."""
        row = self._first(_NEXT, after=after)
        return None if row is None else row[0]

    def forget(self, of: BarsOf, source: BarSource, before: datetime) -> int:
        """Remove the bars of one source that begin earlier; returns how many."""
        return self._count(_FORGET, {**of._asdict(), "from_source": source, "before": before})

    def _within(self, statement: Any, of: BarsOf, within: Range, most: int) -> Sequence[Any]:  # noqa: ANN401
        span = {"start": within.start, "end": within.end, "most": most}
        return self._rows(statement, **of._asdict(), **span)


def _kept(row: Sequence[Any]) -> KeptBar:
    return KeptBar(BAR.of(row[:-1]), row[-1])
