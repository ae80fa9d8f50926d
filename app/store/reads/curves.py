"""P&L curves of any length in a bounded number of points, and what the calendar adds up."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import Connection, Select, bindparam, case, func, select

from app.domain.money import ZERO
from app.services.reads import Booked, CurvePoint, Scope, Span
from app.store.reads.base import ReadModel, where_given, within
from app.store.tables.history import STRATEGY_PNL_HISTORY
from app.store.tables.people import ACCOUNTS
from app.store.tables.trading import FILLS, TRADES

#: How many points of a bucket stay: lowest, highest, worst drawdown, last.
PER_BUCKET: Final = 4
#: Seconds of samples that are read at a time: about 10 ms, after which others get their turn.
STRETCH_S: Final = 7200

_h = STRATEGY_PNL_HISTORY.c
_SERIES: Final = _h.series_id == bindparam("series")
_IN_RANGE: Final = (_SERIES, _h.at >= bindparam("start"), _h.at < bindparam("end"))

_EXTENT: Final = select(func.min(_h.at), func.max(_h.at)).where(_SERIES)
_POINTS: Final = select(_h.at, _h.pnl, _h.drawdown).where(*_IN_RANGE).order_by(_h.at)
_COUNT: Final = select(func.count()).select_from(
    select(_h.at).where(*_IN_RANGE).limit(bindparam("most")).subquery()
)
_AT: Final = (
    select(_h.at, _h.pnl, _h.drawdown)
    .where(_SERIES, _h.at.in_(bindparam("instants", expanding=True)))
    .order_by(_h.at)
)
_OPEN: Final = (
    select(_h.open)
    .where(_SERIES, _h.at <= bindparam("instant"), _h.open.is_not(None))
    .order_by(_h.at.desc())
    .limit(1)
)


def _extremes() -> Select[Any]:
    """The seconds that stand for each bucket of ``width`` seconds; NULLs where all are gaps."""
    bucket = (_h.at - bindparam("origin")) // bindparam("width")
    known = (
        select(
            bucket.label("bucket"),
            func.min(_h.at).label("first"),
            func.min(_h.pnl).label("low"),
            func.max(_h.pnl).label("high"),
            func.max(_h.drawdown).label("worst"),
            func.max(case((_h.pnl.is_not(None), _h.at))).label("last"),
        )
        .where(*_IN_RANGE)
        .group_by(bucket)
        .subquery()
    ).c
    return (
        select(
            func.min(known.first),
            func.min(case((_h.pnl == known.low, _h.at))),
            func.min(case((_h.pnl == known.high, _h.at))),
            func.min(case((_h.drawdown == known.worst, _h.at))),
            func.max(known.last),
        )
        .where(*_IN_RANGE, bucket == known.bucket)
        .group_by(known.bucket)
        .order_by(known.bucket)
    )


_EXTREMES: Final = _extremes()


class Curves(ReadModel):
    """What was recorded each second, and what fills did to the money."""

    def extent(self, series_id: int) -> tuple[int, int] | None:
        """Epoch seconds of the first and the last sample of the series; None without one."""
        with self._store.read() as unit:
            return _extent(unit.connection, series_id)

    def curve(self, series_id: int, start: int, end: int, buckets: int) -> Sequence[CurvePoint]:
        """Recorded seconds of a P&L series in [start, end), epoch seconds, oldest first.

        When there are more than four a bucket, only each bucket's lowest and highest P&L, its
        worst drawdown and its last known sample stay; a bucket of nothing but gaps is one gap.
        """
        with self._store.read() as unit:
            connection = unit.connection
            known = _extent(connection, series_id)
            if known is None:
                return []
            start, end = max(start, known[0]), min(end, known[1] + 1)
            of = {"series": series_id, "start": start, "end": end}
            most = PER_BUCKET * buckets
            if connection.execute(_COUNT, of | {"most": most + 1}).scalar_one() <= most:
                return [_point(row) for row in connection.execute(_POINTS, of)]
            width = -((start - end) // buckets)
            return [
                point
                for stretch in _stretches(start, end, width)
                for point in _reduced(connection, series_id, stretch, width)
            ]

    def open_pnl(self, series_id: int, instants: Sequence[int]) -> Sequence[Decimal | None]:
        """The last known open P&L of a series at or before each of the epoch seconds ``instants``.

        Zero before the first sample (nothing was held), None when there are only gaps before.
        """
        with self._store.read() as unit:
            known = _extent(unit.connection, series_id)
            if known is None:
                return [ZERO] * len(instants)
            found: dict[int, Decimal | None] = {
                instant: _open(unit.connection, series_id, instant) if instant >= known[0] else ZERO
                for instant in set(instants)
            }
        return [found[instant] for instant in instants]

    def booked(self, scope: Scope, span: Span) -> Sequence[Booked]:
        """What the fills of the span did to the money, oldest first."""
        wanted = (
            select(FILLS.c.at, FILLS.c.realised, FILLS.c.commission)
            .join_from(FILLS, ACCOUNTS, ACCOUNTS.c.id == FILLS.c.account_id)
            .where(
                ACCOUNTS.c.user_id == scope.user_id,
                *where_given(
                    {
                        FILLS.c.strategy_id: scope.strategy_id,
                        FILLS.c.account_id: scope.account_id,
                    }
                ),
                *within(FILLS.c.at, span),
            )
            .order_by(FILLS.c.at, FILLS.c.venue_fill_id)
        )
        return [Booked(*row) for row in self._rows(wanted)]

    def finished(self, scope: Scope, span: Span) -> Sequence[datetime]:
        """When round trips ended within the span, oldest first."""
        wanted = (
            select(TRADES.c.closed_at)
            .join_from(TRADES, ACCOUNTS, ACCOUNTS.c.id == TRADES.c.account_id)
            .where(
                ACCOUNTS.c.user_id == scope.user_id,
                *where_given(
                    {
                        TRADES.c.strategy_id: scope.strategy_id,
                        TRADES.c.account_id: scope.account_id,
                    }
                ),
                *within(TRADES.c.closed_at, span),
            )
            .order_by(TRADES.c.closed_at)
        )
        return [row[0] for row in self._rows(wanted)]


def _extent(connection: Connection, series_id: int) -> tuple[int, int] | None:
    first, last = connection.execute(_EXTENT, {"series": series_id}).one()
    return None if first is None else (first, last)


def _open(connection: Connection, series_id: int, instant: int) -> Decimal | None:
    values = {"series": series_id, "instant": instant}
    found: Decimal | None = connection.execute(_OPEN, values).scalar()
    return found


def _stretches(start: int, end: int, width: int) -> Iterator[tuple[int, int]]:
    """Cut the range at edges of buckets; between two stretches other greenlets run."""
    step = max(STRETCH_S // width, 1) * width
    for begin in range(start, end, step):
        yield begin, min(begin + step, end)
        time.sleep(0)


def _reduced(
    connection: Connection, series_id: int, stretch: tuple[int, int], width: int
) -> Iterator[CurvePoint]:
    start, end = stretch
    of: Mapping[str, Any] = {
        "series": series_id,
        "start": start,
        "end": end,
        "origin": start,
        "width": width,
    }
    instants: set[int] = set()
    for first, *standing in connection.execute(_EXTREMES, of):
        instants.update(each for each in standing if each is not None)
        if standing[0] is None:
            instants.add(first)
    if instants:
        chosen = {"series": series_id, "instants": sorted(instants)}
        yield from (_point(row) for row in connection.execute(_AT, chosen))


def _point(row: Sequence[Any]) -> CurvePoint:
    return CurvePoint(datetime.fromtimestamp(row[0], UTC), row[1], row[2])
