"""Bars as they are kept, and the times that were asked for."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from app.domain.quotes import Bar, BarSource, KeptBar, Range, Timeframe
from app.services.ports.bars import BarsOf, BarStock
from app.store.unit_of_work import SqlStore

AT = datetime(2026, 3, 2, 14, 30, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
OF = BarsOf("AAPL", Timeframe.MINUTE)
D = Decimal
ALL = Range(AT - 1000 * MINUTE, AT + 100_000 * MINUTE)


def bar(minute: int = 0, close: str = "10.5", symbol: str = "AAPL") -> Bar:
    return Bar(symbol, AT + minute * MINUTE, D(10), D(12), D("9.25"), D(close), D(7))


def save(store: SqlStore, source: BarSource, *bars: Bar) -> None:
    with store.write() as unit:
        unit.bars.save(Timeframe.MINUTE, source, bars)


def kept(store: SqlStore, of: BarsOf = OF) -> Sequence[KeptBar]:
    with store.read() as unit:
        return unit.bars.first(of, ALL, 100_000)


def cover(store: SqlStore, *minutes: tuple[int, int], of: BarsOf = OF) -> None:
    with store.write() as unit:
        for start, end in minutes:
            unit.bars.cover(of, between(start, end))


def between(start: int, end: int) -> Range:
    return Range(AT + start * MINUTE, AT + end * MINUTE)


def covered(store: SqlStore, within: Range = ALL) -> list[tuple[int, int]]:
    with store.read() as unit:
        found = unit.bars.covered(OF, within)
    return [((each.start - AT) // MINUTE, (each.end - AT) // MINUTE) for each in found]


def test_a_bar_is_kept_to_its_last_digit(store: SqlStore) -> None:
    fine = replace(bar(), open=D("0.000000000000000001"), low=D("-0.5"), volume=D("1e14"))
    unknown = replace(bar(1), volume=None)
    save(store, BarSource.CSV, fine, unknown)
    assert kept(store) == [KeptBar(fine, BarSource.CSV), KeptBar(unknown, BarSource.CSV)]


@pytest.mark.parametrize("second", list(BarSource))
@pytest.mark.parametrize("first", list(BarSource))
def test_a_bar_gives_way_only_to_one_that_is_trusted_as_much(
    store: SqlStore, first: BarSource, second: BarSource
) -> None:
    order = ["synthetic", "built", "stream", "alpaca", "csv"]
    save(store, first, bar(close="10"))
    save(store, second, bar(close="11"))
    (found,) = kept(store)
    newer = order.index(second) >= order.index(first)
    assert (found.bar.close, found.source) == ((D(11), second) if newer else (D(10), first))


def test_the_first_and_the_last_bars_of_a_range_are_found_oldest_first(store: SqlStore) -> None:
    save(store, BarSource.ALPACA, *(bar(minute) for minute in range(10)))
    save(store, BarSource.ALPACA, bar(3, symbol="MSFT"))
    with store.read() as unit:
        first = unit.bars.first(OF, between(2, 8), 3)
        last = unit.bars.last(OF, between(2, 8), 3)
        other = unit.bars.first(BarsOf("AAPL", Timeframe.HOUR), ALL, 3)
    assert [(each.bar.at - AT) // MINUTE for each in first] == [2, 3, 4]
    assert [(each.bar.at - AT) // MINUTE for each in last] == [5, 6, 7]
    assert other == []


def test_ranges_that_touch_become_one(store: SqlStore) -> None:
    cover(store, (0, 10), (20, 30), (40, 50))
    cover(store, (90, 91), of=BarsOf("MSFT", Timeframe.MINUTE))
    assert covered(store) == [(0, 10), (20, 30), (40, 50)]
    cover(store, (10, 20))
    assert covered(store) == [(0, 30), (40, 50)]
    cover(store, (5, 25))
    assert covered(store) == [(0, 30), (40, 50)]
    cover(store, (-5, 60))
    assert covered(store) == [(-5, 60)]
    assert covered(store, between(61, 70)) == []
    assert covered(store, between(60, 70)) == [(-5, 60)]


def test_what_is_kept_is_counted_and_forgotten_by_source(store: SqlStore) -> None:
    save(store, BarSource.BUILT, *(bar(minute) for minute in range(4)))
    save(store, BarSource.CSV, bar(1))
    with store.write() as unit:
        assert unit.bars.stock() == [BarStock(OF, 4, AT, AT + 3 * MINUTE)]
        assert unit.bars.forget(OF, BarSource.BUILT, AT + 3 * MINUTE) == 2
    assert [each.source for each in kept(store)] == [BarSource.CSV, BarSource.BUILT]


@pytest.mark.hardship
def test_ten_thousand_bars_are_kept_in_a_moment_also_on_a_busy_machine(store: SqlStore) -> None:
    many = [bar(minute, close=f"10.{minute}") for minute in range(10_000)]
    began = time.process_time()
    save(store, BarSource.ALPACA, *many)
    took = time.process_time() - began
    assert len(kept(store)) == 10_000
    assert took < 3  # CPU; 0.25 s where nothing else runs
