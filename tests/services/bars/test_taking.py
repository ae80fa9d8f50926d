"""Bars of files: compared with what is kept, and taken whole or not at all."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from app.clock import VirtualClock
from app.domain.errors import Conflict, InvalidInput
from app.domain.quotes import Bar, BarSource, Range, Timeframe
from app.services.bars import BarFile, Imported, Taker
from app.services.ports.bars import BarsOf
from app.store.unit_of_work import SqlStore
from tests.support.bars import MINUTE, NOW, bar

START = NOW - timedelta(days=1)
HEAD = "time,open,high,low,close,volume\n"


def file_of(*bars: Bar) -> BarFile:
    lines = "".join(
        f"{each.at.isoformat()},{each.open},{each.high},{each.low},{each.close},"
        f"{'' if each.volume is None else each.volume}\n"
        for each in bars
    )
    return BarFile("a.csv", (HEAD + lines).encode(), "NASDAQ:AAPL", Timeframe.MINUTE)


def minute(number: int, close: str = "10", volume: str | None = "5") -> Bar:
    return bar(START + number * MINUTE, close, volume=volume)


def keep(store: SqlStore, source: BarSource, *bars: Bar) -> None:
    with store.write() as uow:
        uow.bars.save(Timeframe.MINUTE, source, bars)


def kept(store: SqlStore) -> list[tuple[Bar, BarSource]]:
    with store.read() as uow:
        of, whole = BarsOf("AAPL", Timeframe.MINUTE), Range(START - MINUTE, NOW)
        return [(each.bar, each.source) for each in uow.bars.first(of, whole, 10_000)]


def take(store: SqlStore, file: BarFile, *, replace: bool = False) -> Imported:
    taker = Taker(store, VirtualClock(NOW), lambda: None)
    return taker.take(file, replace=replace)


def counts(taken: Imported) -> tuple[int, int, int]:
    return taken.new, taken.equal, taken.contradicting


def test_new_bars_are_kept_and_the_same_file_again_changes_nothing(store: SqlStore) -> None:
    bars = [minute(number, str(10 + number)) for number in range(1200)]
    taken = take(store, file_of(*bars))
    assert counts(taken) == (1200, 0, 0)
    assert (taken.contract.symbol, taken.first, taken.last) == ("AAPL", START, bars[-1].at)
    assert counts(take(store, file_of(*bars))) == (0, 1200, 0)
    assert kept(store) == [(each, BarSource.CSV) for each in bars]


def test_a_contradiction_is_refused_with_its_place_and_nothing_is_kept(store: SqlStore) -> None:
    keep(store, BarSource.ALPACA, minute(1, "10.5"), minute(2))
    with pytest.raises(Conflict) as caught:
        take(store, file_of(minute(0), minute(1), minute(2)))
    assert "contradicts 1 bars" in caught.value.detail
    assert "line 3, column open: 10 where 10.5 (alpaca) is kept" in caught.value.detail
    assert [each.at for each, _ in kept(store)] == [START + MINUTE, START + 2 * MINUTE]


def test_a_contradiction_takes_its_place_when_it_may(store: SqlStore) -> None:
    keep(store, BarSource.ALPACA, minute(1, "10.5"), minute(2))
    taken = take(store, file_of(minute(0), minute(1), minute(2)), replace=True)
    assert counts(taken) == (1, 1, 1)
    assert kept(store) == [
        (minute(0), BarSource.CSV),
        (minute(1), BarSource.CSV),
        (minute(2), BarSource.ALPACA),
    ]


def test_another_volume_is_a_contradiction_and_an_unknown_one_is_none(store: SqlStore) -> None:
    keep(store, BarSource.ALPACA, minute(0))
    assert counts(take(store, file_of(minute(0, volume=None)))) == (0, 1, 0)
    with pytest.raises(Conflict, match="column volume: 6 where 5"):
        take(store, file_of(minute(0, volume="6")))


@pytest.mark.parametrize("source", [BarSource.BUILT, BarSource.SYNTHETIC])
def test_what_was_built_of_quotes_gives_way_to_a_file(store: SqlStore, source: BarSource) -> None:
    keep(store, source, minute(0, "9", volume=None))
    assert counts(take(store, file_of(minute(0)))) == (1, 0, 0)
    assert kept(store) == [(minute(0), BarSource.CSV)]


def test_a_volume_that_was_not_known_is_added(store: SqlStore) -> None:
    keep(store, BarSource.STREAM, minute(0, volume=None))
    assert counts(take(store, file_of(minute(0)))) == (1, 0, 0)
    assert kept(store) == [(minute(0), BarSource.CSV)]


def test_a_fault_on_the_last_line_keeps_nothing(store: SqlStore) -> None:
    good = file_of(*(minute(number) for number in range(600)))
    bad = replace(good, data=good.data + b"nonsense,1,1,1,1,1\n")
    with pytest.raises(InvalidInput, match="line 602, column time"):
        take(store, bad)
    assert kept(store) == []


def test_a_file_without_bars_is_refused(store: SqlStore) -> None:
    with pytest.raises(InvalidInput, match=r"a\.csv holds no bars"):
        take(store, file_of())
