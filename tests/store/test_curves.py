"""Curves: how far they reach, and what was open when."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import pytest
from sqlalchemy import text

from app.services.ports import Sample
from app.services.reads import Reads
from app.store.reads import SqlReads
from app.store.unit_of_work import SqlStore
from tests.support.records import furnish

START = 1_772_452_800

Values = Sequence[int | None]


@pytest.fixture
def reads(store: SqlStore) -> Reads:
    furnish(store)
    return SqlReads(store)


def record(store: SqlStore, values: Values, step: int = 1) -> int:
    """Record one P&L every ``step`` seconds; None is a gap."""
    with store.record() as unit:
        unit.connection.execute(text("DELETE FROM pnl_series"))
        series = unit.history.add_series("user-1", None, None, Decimal(0)).id
        samples = []
        for number, value in enumerate(values):
            pnl = None if value is None else Decimal(value)
            samples.append(Sample(series, START + number * step, Decimal(0), pnl))
        unit.history.record(samples, [])
    return series


def test_a_curve_reaches_from_its_first_sample_to_its_last(store: SqlStore, reads: Reads) -> None:
    assert reads.extent(record(store, [0, 5, None, 3])) == (START, START + 3)


def test_of_a_curve_that_was_never_recorded_nothing_was_held(reads: Reads) -> None:
    assert reads.extent(7) is None
    assert list(reads.open_pnl(7, [START, START])) == [Decimal(0), Decimal(0)]


def test_the_open_pnl_at_an_instant_is_the_last_known_one(store: SqlStore, reads: Reads) -> None:
    series = record(store, [None, 5, None, 7])
    instants = [START + second for second in (9, -1, 0, 1, 2, 3, 9)]
    known = [None if each is None else int(each) for each in reads.open_pnl(series, instants)]
    assert known == [7, 0, None, 5, 5, 7, 7]
