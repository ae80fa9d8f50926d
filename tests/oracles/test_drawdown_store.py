"""The drawdown oracle through the store: rolled up, its samples and minutes and hours deleted."""

from __future__ import annotations

from bisect import bisect_right
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from app.domain.equity import Point, Summary, without_flows
from app.services.history import Roller
from app.services.history.roller import SETTLED_S
from app.services.ports import Level, Sample
from app.store.engine import make_engines
from app.store.reads import SqlReads
from app.store.unit_of_work import SqlStore
from tests.oracles.drawdown_cases import Reckoning, Series, all_series, differences, reckoned

_DAY_S = 86400
_LATER = 2**40
#: PostgreSQL does the same sums; a few kinds of series are enough there.
_ON_BOTH = ("dst-00", "dst_24x7-13", "boundary-18", "late_duplicate-37", "null_samples-41")


class Seconds:
    """The instants of an oracle as whole seconds, each its own, in their order and on their days.

    History is kept by the second; a few instants of the oracle are closer to each other.
    """

    def __init__(self, series: Series) -> None:
        self._seconds: dict[datetime, int] = {}
        taken = -1
        for at in sorted({sample.at for sample in series.samples}):
            second = max(int(at.timestamp()), taken + 1)
            assert series.day(datetime.fromtimestamp(second, UTC)) == series.day(at)
            self._seconds[at] = taken = second
        self._instants = {second: at for at, second in self._seconds.items()}
        self._ordered = sorted(self._instants)

    def of(self, at: datetime) -> int:
        """The second of an instant of the oracle."""
        return self._seconds[at]

    def back(self, at: datetime) -> datetime:
        """The oracle's instant of that second; a value that held over has none of its own."""
        return self._instants.get(int(at.timestamp()), at)

    def held(self, at: datetime) -> datetime:
        """The oracle's instant of the sample that held in that second."""
        held = bisect_right(self._ordered, int(at.timestamp())) - 1
        return self._instants[self._ordered[held]]

    def point(self, point: Point) -> Point:
        """The point at the oracle's own instant."""
        return replace(point, at=self.back(point.at))

    def summary(self, summary: Summary) -> Summary:
        """The summary at the oracle's own instants."""
        fall = summary.fall
        return replace(
            summary,
            first=self.point(summary.first),
            last=replace(summary.last, at=self.held(summary.last.at)),
            high=self.point(summary.high),
            high_until=self.back(summary.high_until),
            low=self.point(summary.low),
            fall=fall
            and replace(
                fall,
                peak_at=fall.peak_at and self.back(fall.peak_at),
                trough_at=self.back(fall.trough_at),
            ),
        )


def kept(store: SqlStore, series: Series) -> tuple[int, Seconds, Roller]:
    """Let the samples come in as they arrive, and roll up in between; the curve's number."""
    seconds, roller = Seconds(series), Roller(store, str(series.roll))
    with store.record() as unit:
        number = unit.history.add_series(None, None, None, series.start).id
    newest = 0
    for count, each in enumerate(without_flows(series.samples, series.flows)):
        pnl = None if each.value is None else each.value - series.start
        second = Sample(number, seconds.of(each.at), Decimal(0), pnl)
        if second.at > newest:
            with store.record() as unit:
                unit.history.record([second], [])
            newest = second.at
        else:
            roller.arrive(second)
        if not count % 7:
            rolled(roller, newest)
    rolled(roller, newest + 5 * _DAY_S)
    return number, seconds, roller


def rolled(roller: Roller, until: int) -> None:
    now = datetime.fromtimestamp(until + SETTLED_S, UTC)
    while roller.step(now):
        pass


def emptied(store: SqlStore, number: int, *layers: Level | None) -> None:
    """Delete the samples, and what else is asked for."""
    with store.record() as unit:
        for layer in layers:
            if layer is None:
                unit.rolled.drop_samples(number, _LATER, 2**30)
            else:
                unit.rolled.drop_spans(number, layer, _LATER, 2**30)
        for layer in layers:
            assert layer is None or not unit.rolled.spans(number, layer, 0, _LATER)


def through(store: SqlStore, series: Series, level: Level) -> Reckoning:
    """The figures of the series after only ``level`` and what is longer is left of it."""
    number, seconds, _ = kept(store, series)
    emptied(store, number, *(each for each in (None, *Level) if (each or 0) < level))
    with store.read() as unit:
        found = unit.rolled.spans(number, level, 0, _LATER)
    spans = [seconds.summary(each.summary) for each in found if each.summary is not None]
    return reckoned(series, spans)


@pytest.mark.parametrize("level", Level, ids=lambda level: level.name.lower())
@pytest.mark.parametrize("series", all_series(), ids=lambda series: series.id)
def test_drawdown_of_the_store_after_rolling_up_equals_the_oracle(
    sqlite_store_url: str, series: Series, level: Level
) -> None:
    with closing(SqlStore(make_engines(sqlite_store_url), lambda _: None)) as store:
        assert list(differences(series, lambda of: through(store, of, level))) == []


@pytest.mark.parametrize(
    "series", [each for each in all_series() if each.id in _ON_BOTH], ids=lambda series: series.id
)
def test_drawdown_of_the_store_on_postgresql_equals_the_oracle(
    postgres_store_url: str, series: Series
) -> None:
    with closing(SqlStore(make_engines(postgres_store_url), lambda _: None)) as store:
        assert list(differences(series, lambda of: through(store, of, Level.DAY))) == []


@pytest.mark.parametrize("series", all_series()[::6], ids=lambda series: series.id)
def test_drawdown_of_what_covers_everything_equals_the_oracle(
    sqlite_store_url: str, series: Series
) -> None:
    def covered(of: Series) -> Reckoning:
        number, seconds, _ = kept(store, of)
        found = SqlReads(store).covering(number, 0, _LATER)
        assert {each.level for each in found} == {Level.DAY}
        return reckoned(of, [seconds.summary(each.summary) for each in found if each.summary])

    with closing(SqlStore(make_engines(sqlite_store_url), lambda _: None)) as store:
        assert list(differences(series, covered)) == []
