"""Curves: any length in few points, and what matters survives."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from operator import itemgetter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from app.services.ports import Sample
from app.services.reads import CurvePoint, Reads
from app.store.reads import SqlReads
from app.store.reads.curves import STRETCH_S
from app.store.unit_of_work import SqlStore
from tests.support.records import furnish

START = 1_772_452_800

Values = Sequence[int | None]


@pytest.fixture
def reads(store: SqlStore) -> Reads:
    furnish(store)
    return SqlReads(store)


def record(store: SqlStore, values: Values, step: int = 1) -> int:
    """Record one P&L every ``step`` seconds, its drawdown from the peak so far; None is a gap."""
    peak = Decimal(0)
    with store.record() as unit:
        unit.connection.execute(text("DELETE FROM pnl_series"))
        series = unit.history.add_series("user-1", None, None).id
        samples = []
        for number, value in enumerate(values):
            pnl = None if value is None else Decimal(value)
            peak = max(peak, pnl or peak)
            fall = None if pnl is None else peak - pnl
            samples.append(Sample(series, START + number * step, Decimal(0), pnl, pnl, fall))
        unit.history.record(samples, [])
    return series


def pnl(points: Sequence[CurvePoint]) -> list[int | None]:
    return [None if point.pnl is None else int(point.pnl) for point in points]


def test_a_short_curve_comes_whole_with_its_gaps(store: SqlStore, reads: Reads) -> None:
    series = record(store, [0, 5, None, 3])
    points = reads.curve(series, START, START + 4, 1)
    assert points[1] == CurvePoint(datetime.fromtimestamp(START + 1, UTC), Decimal(5), Decimal(0))
    assert points[2] == CurvePoint(datetime.fromtimestamp(START + 2, UTC), None, None)
    assert points[3].drawdown == 2
    assert reads.extent(series) == (START, START + 3)


def test_a_range_has_its_start_and_not_its_end(store: SqlStore, reads: Reads) -> None:
    series = record(store, [1, 2, 3, 4])
    assert pnl(reads.curve(series, START + 1, START + 3, 10)) == [2, 3]
    assert reads.curve(series, START + 9, START + 20, 10) == []
    assert reads.curve(series, START + 3, START + 1, 10) == []


def test_a_curve_that_was_never_recorded_is_empty_and_nothing_was_held(reads: Reads) -> None:
    assert reads.curve(7, START, START + 10, 10) == []
    assert reads.extent(7) is None
    assert list(reads.open_pnl(7, [START, START])) == [Decimal(0), Decimal(0)]


def test_a_bucket_keeps_its_lowest_highest_worst_and_last(store: SqlStore, reads: Reads) -> None:
    series = record(store, [0, 1, 2, 50, 3, 2, -40, 4, 5, 6])
    assert pnl(reads.curve(series, START, START + 10, 1)) == [50, -40, 6]


def test_a_bucket_of_gaps_is_one_gap_and_ends_at_the_last_known_sample(
    store: SqlStore, reads: Reads
) -> None:
    series = record(store, [1, 2, 3, 4, 5, None, *[None] * 6, *[7] * 6])
    assert pnl(reads.curve(series, START, START + 18, 3)) == [1, 5, None, 7, 7]


def test_a_curve_longer_than_one_stretch_is_cut_at_edges_of_buckets(
    store: SqlStore, reads: Reads
) -> None:
    length = 2 * STRETCH_S + 77
    values = [second % 1000 for second in range(length)]
    values[STRETCH_S + 5] = 5000
    values[STRETCH_S + 6] = -5000
    series = record(store, values)
    points = reads.curve(series, 0, START + 10 * length, 10)
    assert len(points) <= 40
    assert points == sorted(points, key=lambda point: point.at)
    assert max(each or 0 for each in pnl(points)) == 5000
    assert min(each or 0 for each in pnl(points)) == -5000
    assert max(point.drawdown or 0 for point in points) == 10000
    assert points[-1].at == datetime.fromtimestamp(START + length - 1, UTC)


@given(
    values=st.lists(st.integers(-1000, 1000) | st.none(), min_size=1, max_size=120),
    buckets=st.integers(1, 20),
    step=st.sampled_from([1, 7]),
)
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_extremes_worst_drawdown_and_end_survive_in_few_points(
    store: SqlStore, values: list[int | None], buckets: int, step: int
) -> None:
    with store.read() as unit:
        known = unit.users.count()
    if not known:
        furnish(store)
    reads = SqlReads(store)
    series = record(store, values, step)
    whole = reads.curve(series, START, START + len(values) * step, len(values))
    points = reads.curve(series, START, START + len(values) * step, buckets)
    assert len(points) <= 4 * buckets
    assert set(points) <= set(whole)
    assert points == sorted(points, key=lambda point: point.at)

    def extremes(of: Sequence[CurvePoint]) -> list[tuple[Decimal, Decimal, datetime]]:
        seen = [
            (point.pnl, point.drawdown, point.at)
            for point in of
            if point.pnl is not None and point.drawdown is not None
        ]
        chosen = [min(seen, key=itemgetter(0)), max(seen, key=itemgetter(0))] if seen else []
        return [*chosen, *([max(seen, key=itemgetter(1)), seen[-1]] if seen else [])]

    assert extremes(points) == extremes(whole)


def test_the_open_pnl_at_an_instant_is_the_last_known_one(store: SqlStore, reads: Reads) -> None:
    series = record(store, [None, 5, None, 7])
    instants = [START + second for second in (9, -1, 0, 1, 2, 3, 9)]
    known = [None if each is None else int(each) for each in reads.open_pnl(series, instants)]
    assert known == [7, 0, None, 5, 5, 7, 7]
