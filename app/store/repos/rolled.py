"""Repository of the curves' rolled history: what is rolled up, how far, and what is deleted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import (
    Select,
    Table,
    and_,
    bindparam,
    case,
    delete,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.base import Executable
from sqlalchemy.sql.dml import Delete, Insert

from app.services.ports import Kept, Level, Rolled, Rolling, Sample
from app.store.packing import last_of, pack, unpack
from app.store.records import Record, Repo, Variants, insert_or_replace
from app.store.repos.partitions import DAY_S, drop_day, make_room
from app.store.tables.history import PNL_SERIES, PNL_SPANS, STRATEGY_PNL_HISTORY
from app.store.tables.people import ACCOUNTS, STRATEGY_ACCOUNTS

SAMPLE: Final = Record(Sample, STRATEGY_PNL_HISTORY)

#: About what a row takes on the disk beside what it says: its key, its header, its index.
_ROW_BYTES: Final = {"sqlite": 20, "postgresql": 80}
_SAMPLE_BYTES: Final = 10
#: Pages that stay free for what is written next.
_SPARE_PAGES: Final = 250
#: Spans that are read at a time when nothing in them may be known.
_PAGE: Final = 64
_EVER: Final = 2**53
_HOLDS_S: Final = 60
#: How long a span may be; a trading day also over a weekend and every holiday there was.
_LONGEST_S: Final = {Level.MINUTE: 60, Level.HOUR: 3600, Level.DAY: 31 * DAY_S}

_s, _h, _p = PNL_SERIES.c, STRATEGY_PNL_HISTORY.c, PNL_SPANS.c
_SAMPLES_OF: Final = _h.series_id == bindparam("series")
_SPANS_OF: Final = and_(_p.series_id == bindparam("series"), _p.level == bindparam("of_level"))
_ENDS: Final = _p.at + _p.seconds


def _roll() -> Any:  # noqa: ANN401  SQLAlchemy's own
    """The roll of the curve's account, or the one that all of its strategy's accounts have."""
    own = select(ACCOUNTS.c.roll).where(ACCOUNTS.c.id == _s.account_id).scalar_subquery()
    found = ACCOUNTS.c.roll
    shared = (
        select(case((func.min(found) == func.max(found), func.min(found))))
        .join(STRATEGY_ACCOUNTS, STRATEGY_ACCOUNTS.c.account_id == ACCOUNTS.c.id)
        .where(STRATEGY_ACCOUNTS.c.strategy_id == _s.strategy_id, _s.account_id.is_(None))
        .scalar_subquery()
    )
    return func.coalesce(own, shared).label("roll")


_ROLLING: Final = select(
    _s.id, _s.base, _roll(), _s.rolled, _s.seconds_from, _s.minutes_from, _s.hours_from
)
_ALL: Final = _ROLLING.order_by(_s.id)
_DUE: Final = (
    _ROLLING.where(_s.rolled < bindparam("until"))
    .order_by(_s.rolled, _s.id)
    .limit(bindparam("most"))
)
_OF: Final = _ROLLING.where(_s.id == bindparam("series"))
_WITHIN: Final = (
    select(*SAMPLE.columns)
    .where(_SAMPLES_OF, _h.at >= bindparam("start"), _h.at < bindparam("end"))
    .order_by(_h.at)
    .limit(bindparam("most"))
)
_LAST_SAMPLE: Final = (
    select(*SAMPLE.columns)
    .where(_SAMPLES_OF, _h.at >= bindparam("start"), _h.at < bindparam("end"))
    .order_by(_h.at.desc())
    .limit(1)
)
_SPANS: Final = (
    select(_p.series_id, _p.level, _p.at, _p.seconds, _p.data)
    .where(
        _SPANS_OF,
        _p.at < bindparam("end"),
        _p.at > bindparam("earliest"),
        bindparam("start") < _ENDS,
    )
    .order_by(_p.at)
)
_NEWEST_SPAN: Final = select(_ENDS).where(_SPANS_OF).order_by(_p.at.desc()).limit(1)
_ADVANCE: Final = (
    update(PNL_SERIES)
    .where(
        _s.id == bindparam("series"),
        _s.rolled == bindparam("known"),
        bindparam("samples")
        == select(func.count())
        .where(_SAMPLES_OF, _h.at >= bindparam("known"), _h.at < bindparam("until"))
        .scalar_subquery(),
    )
    .values(rolled=bindparam("until"))
)
_KEEP: Final = insert_or_replace(PNL_SPANS, "series_id", "level", "at")
_PASSED: Final = select(_s.id).where(
    _s.rolled > bindparam("second"), _s.seconds_from < bindparam("kept")
)
_SET_BACK: Final = (
    update(PNL_SERIES).where(_s.id == bindparam("series")).values(rolled=bindparam("minute"))
)
_FORGET: Final = delete(PNL_SPANS).where(
    _p.series_id == bindparam("series"), bindparam("minute") < _ENDS
)
_OPEN: Final = (
    select(_h.open)
    .where(_SAMPLES_OF, _h.at < bindparam("before"), _h.at >= bindparam("since"))
    .where(_h.open.is_not(None))
    .order_by(_h.at.desc())
    .limit(1)
)
_LAST_SPANS: Final = (
    select(_p.at, _p.data)
    .where(_SPANS_OF, _p.at < bindparam("before"), _p.at >= bindparam("since"))
    .order_by(_p.at.desc())
    .limit(_PAGE)
)


def _amend() -> Variants:
    """An upsert that lets nothing unknown replace what is known."""

    def over(made: Any) -> Executable:  # noqa: ANN401  either database's insert
        new = made.excluded
        done: Insert = made.on_conflict_do_update(
            index_elements=["series_id", "at"],
            set_={"realised": new.realised, "open": new.open},
            where=or_(new.open.is_not(None), _h.open.is_(None)),
        )
        return done

    return {
        "sqlite": over(sqlite.insert(STRATEGY_PNL_HISTORY)),
        "postgresql": over(postgresql.insert(STRATEGY_PNL_HISTORY)),
    }


_AMEND: Final = _amend()


def _drop_oldest(table: Table, of: Any, old: Any) -> Delete:  # noqa: ANN401
    """A delete of at most ``most`` rows, the oldest first."""
    at = table.c.at
    chunk: Select[Any] = select(at).where(of, old).order_by(at).limit(bindparam("most"))
    newest = select(func.max(chunk.subquery().c.at)).scalar_subquery()
    return delete(table).where(of, at <= newest)


_DROP_SAMPLES: Final = _drop_oldest(STRATEGY_PNL_HISTORY, _SAMPLES_OF, _h.at < bindparam("before"))
_DROP_SPANS: Final = _drop_oldest(PNL_SPANS, _SPANS_OF, bindparam("before") >= _ENDS)
_MARKS: Final[Mapping[Level | None, str]] = {
    None: "seconds_from",
    Level.MINUTE: "minutes_from",
    Level.HOUR: "hours_from",
}
_MARK: Final = {
    level: update(PNL_SERIES)
    .where(_s.id == bindparam("series"), _s[name] < bindparam("before"))
    .values({name: bindparam("before")})
    for level, name in _MARKS.items()
}
_MARK_ALL: Final = (
    update(PNL_SERIES)
    .where(_s.seconds_from < bindparam("before"))
    .values(seconds_from=bindparam("before"))
)
_SLOWEST: Final = select(func.min(_s.rolled))
_COUNT_SAMPLES: Final = select(func.count(), func.min(_h.at))
_COUNT_SPANS: Final = (
    select(_p.level, func.count(), func.min(_p.at), func.sum(func.length(_p.data)))
    .group_by(_p.level)
    .order_by(_p.level)
)


class RolledHistory(Repo):
    """The samples of curves rolled up to minutes, hours and days, and how far."""

    __slots__ = ()

    def rolling(self) -> Sequence[Rolling]:
        """Every curve."""
        return [Rolling(*row) for row in self._rows(_ALL)]

    def due(self, until: int, most: int) -> Sequence[Rolling]:
        """At most ``most`` curves that are not rolled up to ``until``, the oldest first."""
        return [Rolling(*row) for row in self._rows(_DUE, until=until, most=most)]

    def of(self, series_id: int) -> Rolling | None:
        """The curve of that number."""
        row = self._first(_OF, series=series_id)
        return None if row is None else Rolling(*row)

    def samples(
        self, series_id: int, start: int, end: int, most: int | None = None
    ) -> Sequence[Sample]:
        """The samples within [start, end) that are kept, oldest first, at most ``most``."""
        rows = self._rows(_WITHIN, series=series_id, start=start, end=end, most=most or _EVER)
        return SAMPLE.all(rows)

    def last_sample(self, series_id: int, start: int, end: int) -> Sample | None:
        """The last sample within [start, end); None without one."""
        return SAMPLE.maybe(self._first(_LAST_SAMPLE, series=series_id, start=start, end=end))

    def spans(self, series_id: int, level: Level, start: int, end: int) -> Sequence[Rolled]:
        """The spans of that level that have a part in [start, end), oldest first."""
        values = {"series": series_id, "of_level": int(level), "start": start, "end": end}
        values["earliest"] = start - _LONGEST_S[level] - 1
        return [unpack(*row) for row in self._rows(_SPANS, **values)]

    def end(self, series_id: int, level: Level) -> int:
        """When the newest span of that level ends; 0 without one."""
        row = self._first(_NEWEST_SPAN, series=series_id, of_level=int(level))
        return int(row[0]) if row else 0

    def advance(self, known: Rolling, until: int, samples: int) -> bool:
        """Say that the curve is rolled up to ``until``; False when it is not as ``known`` any more.

        ``samples`` is how many there were to roll: if there are others now, it is False too.
        """
        values = {"series": known.id, "known": known.rolled, "until": until, "samples": samples}
        return self._count(_ADVANCE, values) == 1

    def keep(self, spans: Sequence[Rolled]) -> None:
        """Write spans, over those that begin with them."""
        rows = [
            {
                "series_id": span.series_id,
                "level": int(span.level),
                "at": span.at,
                "seconds": span.until - span.at,
                "data": pack(span),
            }
            for span in spans
        ]
        if rows:
            self._connection.execute(self._variant(_KEEP), rows)

    def amend(self, sample: Sample) -> None:
        """Write a sample that came late, over the one of its second unless only that is known."""
        self._connection.execute(self._variant(_AMEND), SAMPLE.values(sample))

    def set_back(self, known: Rolling, at: int) -> None:
        """Forget what is rolled up from the minute of ``at`` on, so that it is rolled again."""
        self._set_back(known.id, at - at % 60)

    def came_late(self, samples: Iterable[Sample], second: int) -> None:
        """Set back the curves of samples of ``second`` that were rolled up past it already."""
        passed = {row[0] for row in self._rows(_PASSED, second=second, kept=second - 2 * _HOLDS_S)}
        for series_id in passed & {sample.series_id for sample in samples}:
            self._set_back(series_id, second - second % 60)

    def _set_back(self, series_id: int, minute: int) -> None:
        self._count(_FORGET, {"series": series_id, "minute": minute})
        self._count(_SET_BACK, {"series": series_id, "minute": minute})

    def open_before(self, series_id: int, before: int, since: int = 0) -> Decimal | None:
        """The last known open P&L within [since, before); None without one."""
        values = {"series": series_id, "before": before, "since": since}
        row = self._first(_OPEN, **values)
        if row is not None:
            found: Decimal = row[0]
            return found
        for level in Level:
            for at, data in self._backwards(level, values):
                last = last_of(at, data)
                if last is not None and last.at < before:
                    return last.open
        return None

    def _backwards(self, level: Level, values: Mapping[str, int]) -> Iterator[Sequence[Any]]:
        """Yield instants and contents of spans, newest first."""
        before = values["before"]
        while rows := self._rows(
            _LAST_SPANS, **{**values, "of_level": int(level), "before": before}
        ):
            yield from rows
            before = rows[-1][0]

    def drop_samples(self, series_id: int, before: int, most: int) -> int:
        """Delete at most ``most`` samples, the oldest first; returns how many there were.

        Where the database keeps them by day (PostgreSQL), only those of whole UTC days.
        """
        if self._by_day:
            before -= before % DAY_S
        self._count(_MARK[None], {"series": series_id, "before": before})
        return self._count(_DROP_SAMPLES, {"series": series_id, "before": before, "most": most})

    def drop_spans(self, series_id: int, level: Level, before: int, most: int) -> int:
        """Delete at most ``most`` spans that end by ``before``, the oldest first; how many."""
        self._count(_MARK[level], {"series": series_id, "before": before})
        values = {"series": series_id, "of_level": int(level), "before": before, "most": most}
        return self._count(_DROP_SPANS, values)

    def make_room(self, day: int) -> None:
        """Let samples of the UTC day that begins at ``day`` have a place of their own.

        Only where the database keeps them by day (PostgreSQL).  What was recorded before there was
        a place stays where it is.
        """
        if self._by_day:
            make_room(self._connection, day)

    def drop_days(self, before: int) -> bool:
        """Delete one whole UTC day of samples that ended by ``before``; False without one.

        Only where the database keeps them by day (PostgreSQL), and never what is not rolled up.
        """
        if not self._by_day:
            return False
        rolled = self._connection.execute(_SLOWEST).scalar() or 0
        end = drop_day(self._connection, min(before, rolled))
        if end is not None:
            self._connection.execute(_MARK_ALL, {"before": end})
        return end is not None

    @property
    def _by_day(self) -> bool:
        return self._connection.dialect.name == "postgresql"

    def older(self, level: Level | None, before: int) -> int:
        """How many samples (None) or spans of that level end by ``before``; reads every row."""
        if level is None:
            wanted = select(func.count()).where(_h.at < before)
        else:
            wanted = select(func.count()).where(_p.level == int(level), before >= _ENDS)
        return self._connection.execute(wanted).scalar_one()

    def sizes(self) -> Sequence[Kept]:
        """How much there is, samples first; reads every row."""
        each = _ROW_BYTES[self._connection.dialect.name]
        rows, oldest = self._connection.execute(_COUNT_SAMPLES).one()
        found = [Kept(None, rows, rows * (each + _SAMPLE_BYTES), oldest)]
        for level, rows, oldest, said in self._connection.execute(_COUNT_SPANS):
            found.append(Kept(Level(level), rows, rows * each + int(said), oldest))
        return found

    def shrink(self, pages: int) -> bool:
        """Give at most ``pages`` free pages of the file back; False when there were none.

        Only where the file does not shrink by itself (SQLite).
        """
        if self._by_day:
            return False
        free = self._connection.exec_driver_sql("PRAGMA freelist_count").scalar() or 0
        gradual = self._connection.exec_driver_sql("PRAGMA auto_vacuum").scalar() == 2
        if not gradual or free <= _SPARE_PAGES:
            return False
        for _ in range(min(pages, free - _SPARE_PAGES)):
            # SQLite frees a page at each step of the statement, and Python takes only the first.
            self._connection.exec_driver_sql("PRAGMA incremental_vacuum(1)")
        return True
