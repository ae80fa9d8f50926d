"""The monitor of markets: it asks beside its steps, and tells what turned."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from app.clock import VirtualClock
from app.domain.errors import BrokerUnavailable
from app.domain.quotes import MarketHours
from app.domain.sessions import MarketState
from app.services.market import HoursBook, MarketWatch
from app.workers.market_monitor import MarketMonitor
from tests.support.data_house import DataHouse
from tests.support.floor import Floor

#: A Wednesday, a minute before the stock market closes.
LATE = datetime(2026, 3, 4, 20, 59, tzinfo=UTC)


@dataclass
class Stage:
    """A monitor whose background tasks run when the test says so."""

    floor: Floor
    clock: VirtualClock = field(default_factory=lambda: VirtualClock(LATE))
    house: DataHouse = field(default_factory=DataHouse)
    waiting: list[Callable[[], object]] = field(default_factory=list)
    shown: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.hours = HoursBook(self.house, self.clock, lambda _: None)
        watch = MarketWatch(self.hours, self.floor.core.store, self.show)
        self.monitor = MarketMonitor(self.hours, watch, self.spawn, self.attempt)

    def show(self, _at: datetime, states: Sequence[MarketState]) -> None:
        self.shown += [f"{state.market.name} {state.phase}" for state in states]

    def spawn(self, task: Callable[..., object], *args: object) -> object:
        self.waiting.append(lambda: task(*args))
        return None

    def attempt(self, name: str, task: Callable[[], Any]) -> Any:  # noqa: ANN401  what it returns
        assert name == "market_monitor"
        return task()

    def says(self, *, is_open: bool) -> None:
        """Let the venue be connected and say so."""
        self.house.connected = True
        now = self.clock.now()
        later = (now + timedelta(hours=1), now + timedelta(hours=2))
        self.house.says = MarketHours(now, is_open, *(later[::-1] if is_open else later))

    def step(self, seconds: float = 0) -> None:
        """Let time pass and look."""
        self.clock.advance(seconds)
        assert self.monitor.step(self.clock.now()) is False

    def run(self) -> None:
        """Run the tasks that wait."""
        tasks, self.waiting = self.waiting, []
        for task in tasks:
            task()


def test_without_a_venue_the_calendar_closes_the_market(floor: Floor) -> None:
    stage = Stage(floor)
    stage.step()
    stage.step(60)
    assert (stage.shown, stage.waiting) == (["us_stocks post"], [])


def test_a_venue_that_is_slow_is_asked_once_and_holds_up_no_step(floor: Floor) -> None:
    stage = Stage(floor)
    stage.says(is_open=True)
    stage.step()
    stage.step(60)
    assert len(stage.waiting) == 1
    assert stage.house.asked == []
    assert stage.shown == ["us_stocks post"]


def test_what_the_venue_says_is_told_by_the_step_after_its_answer(floor: Floor) -> None:
    stage = Stage(floor)
    stage.says(is_open=False)
    stage.step()
    stage.run()
    assert stage.shown == []
    stage.step(1)
    assert stage.shown == ["us_stocks closed"]


def test_it_is_asked_again_when_its_answer_is_old(floor: Floor) -> None:
    stage = Stage(floor)
    stage.says(is_open=True)
    for _ in range(3):
        stage.step()
        stage.run()
    assert stage.house.asked == ["hours"]
    stage.step(45)
    stage.run()
    assert stage.house.asked == ["hours"] * 2


def test_after_a_failure_it_is_asked_again(floor: Floor) -> None:
    stage = Stage(floor)
    stage.says(is_open=True)
    stage.house.trouble = BrokerUnavailable("The venue cannot be reached.")
    stage.step()
    stage.run()
    stage.step(5)
    stage.run()
    assert stage.house.asked == ["hours"] * 2
