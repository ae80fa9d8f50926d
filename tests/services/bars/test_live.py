"""Bars of prices as they come: built, kept, shown, and cleared away."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

import pytest

from app.domain.errors import StoreUnavailable
from app.domain.quotes import Bar, BarSource, Quote, QuoteSource, Range, Timeframe
from app.services.bars.board import Board
from app.services.bars.keeping import BarKeeper
from app.services.bars.live import LiveBars
from app.services.ports import UnitOfWork
from app.services.ports.bars import BarsOf
from app.store.unit_of_work import SqlStore
from tests.support.bars import MINUTE, NOW, bar

D = Decimal
ALL = Range(NOW - timedelta(days=4000), NOW + timedelta(days=4000))


def quote(
    seconds: float, bid: str, source: QuoteSource = QuoteSource.STREAM, symbol: str = "AAPL"
) -> Quote:
    at = NOW + timedelta(seconds=seconds)
    return Quote(symbol, D(bid), D(bid) + 2, at, source)


def kept(store: SqlStore, symbol: str = "AAPL") -> list[tuple[Bar, str]]:
    with store.read() as uow:
        found = uow.bars.first(BarsOf(symbol, Timeframe.MINUTE), ALL, 1000)
    return [(each.bar, each.source.value) for each in found]


@dataclass
class Busy:
    """A store that does not take anything while it is ``full``."""

    store: SqlStore
    full: bool = True

    @contextmanager
    def record(self) -> Iterator[UnitOfWork]:
        if self.full:
            raise StoreUnavailable("The database is busy.")
        with self.store.record() as uow:
            yield uow


def test_quotes_become_minute_bars_at_the_price_that_values_a_position(store: SqlStore) -> None:
    live, shown = LiveBars(store), list[Bar]()
    live.show(shown.append)
    for second, bid in ((1, "9"), (20, "11"), (40, "8"), (61, "10")):
        live.hear(quote(second, bid))
    assert live.step(NOW + timedelta(seconds=61)) is True
    first = Bar("AAPL", NOW, D(10), D(12), D(9), D(9), None)
    assert shown == [first]
    assert kept(store) == [(first, "built")]
    assert live.step(NOW + timedelta(seconds=121)) is False
    assert live.step(NOW + timedelta(seconds=122)) is True
    assert [each.at for each in shown] == [NOW, NOW + MINUTE]
    live.hear(quote(119, "50"))
    assert live.late == 1


def test_no_bar_is_made_of_what_is_nobodys_market(store: SqlStore) -> None:
    live = LiveBars(store)
    for source in QuoteSource:
        live.hear(quote(1, "9", source, f"{source.value[:4].upper()}"))
    live.step(NOW + 2 * MINUTE)
    made = {symbol: kept(store, symbol) for symbol in ("STRE", "SYNT", "ALER", "REPL", "SNAP")}
    assert [each[0][1] for each in made.values() if each] == ["built", "synthetic"]


def test_a_venues_own_bar_takes_the_place_of_one_that_was_built(store: SqlStore) -> None:
    live, shown = LiveBars(store), list[Bar]()
    live.show(shown.append)
    live.hear(quote(1, "9"))
    live.step(NOW + timedelta(seconds=63))
    told, corrected = bar(NOW, "10.5"), bar(NOW, "10.6")
    live.take(told)
    live.step(NOW + timedelta(seconds=64))
    assert kept(store) == [(told, "stream")]
    live.take(corrected)
    live.step(NOW + timedelta(seconds=90))
    assert kept(store) == [(corrected, "stream")]
    assert shown[1:] == [told, corrected]


def test_bars_wait_while_the_database_takes_nothing(store: SqlStore) -> None:
    busy = Busy(store)
    live = LiveBars(busy)  # type: ignore[arg-type]
    live.hear(quote(1, "9"))
    live.step(NOW + 2 * MINUTE)
    assert kept(store) == []
    busy.full = False
    live.step(NOW + 2 * MINUTE)
    assert [each.at for each, _ in kept(store)] == [NOW]


@pytest.mark.parametrize("synthetic", [True, False])
def test_only_old_bars_that_piled_up_by_themselves_are_cleared_away(
    store: SqlStore, synthetic: bool
) -> None:
    old, young = NOW - timedelta(days=31), NOW - timedelta(days=29)
    with store.write() as uow:
        for number, source in enumerate(BarSource):
            bars = [bar(at + number * MINUTE, symbol=name) for at in (old, young) for name in "AB"]
            uow.bars.save(Timeframe.MINUTE, source, bars)
            uow.bars.save(Timeframe.DAY, source, [bar(old + number * MINUTE, symbol="A")])
    keeper = BarKeeper(store, 30, synthetic=synthetic)
    assert [keeper.step(NOW) for _ in range(4)] == [True, True, False, True]
    for name in "AB":
        left = [(source, each.at < young) for each, source in kept(store, name)]
        assert [source for source, aged in left if aged] == ["alpaca", "csv"]
        made_up = ["synthetic"] if synthetic else []
        assert [source for source, aged in left if not aged] == [
            *made_up,
            "built",
            "stream",
            "alpaca",
            "csv",
        ]
    with store.read() as uow:
        assert len(uow.bars.first(BarsOf("A", Timeframe.DAY), ALL, 100)) == 5


def test_the_board_tells_each_bar_once_and_a_corrected_one_in_its_place() -> None:
    board = Board(lambda: {"AAPL"})
    for each in (bar(NOW, "1"), bar(NOW, "2"), bar(NOW + MINUTE, "3"), bar(NOW, "4", "MSFT")):
        board.bar(each)
    assert board.due(NOW) == [bar(NOW, "2"), bar(NOW + MINUTE, "3")]
    assert board.due(NOW + MINUTE) == []


def test_a_clock_that_is_set_back_does_not_silence_the_board() -> None:
    board = Board(lambda: {"AAPL"})
    board.quote(quote(0, "1"))
    assert len(board.due(NOW + timedelta(hours=1))) == 1
    board.quote(quote(1, "2"))
    assert len(board.due(NOW)) == 1
