"""Who is told that a market opened or closed, and what the log has of it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from app.clock import VirtualClock
from app.domain.errors import StoreUnavailable
from app.domain.events import FactKind
from app.domain.sessions import MarketState
from app.services.market import HoursBook, MarketWatch
from app.services.ports import Store, UnitOfWork
from tests.support.data_house import DataHouse
from tests.support.floor import Floor

#: A Wednesday, an hour before the stock market opens.
EARLY = datetime(2026, 3, 4, 13, 30, tzinfo=UTC)


@dataclass
class FickleStore:
    """A database that is ``away`` when the test says so."""

    real: Store
    away: bool = False

    def read(self) -> AbstractContextManager[UnitOfWork]:
        return self.real.read()

    def record(self) -> AbstractContextManager[UnitOfWork]:
        return self.real.record()

    def write(self) -> AbstractContextManager[UnitOfWork]:
        if self.away:
            raise StoreUnavailable("The database is away.")
        return self.real.write()


class Stage:
    """A watch over the calendars on a database, with a clock of its own."""

    def __init__(self, floor: Floor, at: datetime = EARLY) -> None:
        self.clock = VirtualClock(at)
        self.store = FickleStore(floor.core.store)
        self.shown: list[tuple[str, str]] = []
        hours = HoursBook(DataHouse(), self.clock, lambda _: None)
        self.watch = MarketWatch(hours, self.store, self.show)
        with self.store.read() as uow:
            self.before = uow.facts.newest()

    def show(self, _at: datetime, states: Sequence[MarketState]) -> None:
        self.shown += [(state.market.name, state.phase.value) for state in states]

    def look(self, at: str) -> None:
        self.clock.move_to(datetime.fromisoformat(at).replace(tzinfo=UTC))
        self.watch.look(self.clock.now())

    def log(self) -> list[tuple[FactKind, str]]:
        with self.store.read() as uow:
            return [(each.kind, each.message) for each in uow.facts.after(self.before, 100)]


def test_the_first_look_tells_nothing(floor: Floor) -> None:
    stage = Stage(floor)
    stage.look("2026-03-04 15:00")
    assert (stage.shown, stage.log()) == ([], [])


def test_a_day_of_markets_is_told_in_its_order(floor: Floor) -> None:
    stage = Stage(floor)
    for minute in range(14 * 60, 24 * 60, 5):
        stage.look(f"2026-03-04 {minute // 60:02}:{minute % 60:02}")
    assert stage.shown == [
        ("us_stocks", "regular"),
        ("us_stocks", "post"),
        ("cme_futures", "closed"),
        ("cme_futures", "regular"),
    ]
    assert stage.log() == [
        (FactKind.MARKET_OPENED, "US stocks: the market opened."),
        (FactKind.MARKET_CLOSED, "US stocks: the market closed."),
        (FactKind.MARKET_CLOSED, "CME futures: the market closed."),
        (FactKind.MARKET_OPENED, "CME futures: the market opened."),
    ]


def test_what_turned_while_nobody_looked_is_no_news(floor: Floor) -> None:
    stage = Stage(floor)
    stage.look("2026-03-04 14:00")
    stage.look("2026-03-04 15:00")
    stage.look("2026-03-04 15:01")
    assert (stage.shown, stage.log()) == ([], [])


def test_trading_around_the_session_is_shown_and_no_line_of_the_log(floor: Floor) -> None:
    stage = Stage(floor, datetime(2026, 3, 4, 8, 0, tzinfo=UTC))
    stage.look("2026-03-04 08:59")
    stage.look("2026-03-04 09:00")
    assert (stage.shown, stage.log()) == ([("us_stocks", "pre")], [])


def test_a_close_that_could_not_be_written_is_told_by_the_next_look(floor: Floor) -> None:
    stage = Stage(floor)
    stage.look("2026-03-04 20:59")

    stage.store.away = True
    with pytest.raises(StoreUnavailable):
        stage.look("2026-03-04 21:00")
    assert stage.shown == []
    stage.store.away = False
    stage.look("2026-03-04 21:01")
    assert stage.shown == [("us_stocks", "post")]
    assert [kind for kind, _ in stage.log()] == [FactKind.MARKET_CLOSED]
