"""The synthetic market quotes what strategies trade and hold, and nothing twice."""

from __future__ import annotations

from datetime import datetime

from app.domain.strategies import StrategyState
from app.workers.market import MarketWorker
from tests.support.floor import Floor


class Feed:
    """Counts its steps."""

    def __init__(self) -> None:
        self.steps: list[datetime] = []

    def step(self, now: datetime) -> bool:
        self.steps.append(now)
        return True


def started(floor: Floor) -> tuple[MarketWorker, list[str], Feed]:
    added: list[str] = []
    feed = Feed()
    return MarketWorker(floor.core.books, feed, added.append), added, feed


def test_a_market_is_started_once_for_each_symbol_that_a_strategy_trades(floor: Floor) -> None:
    floor.strategy("One", "ES")
    floor.strategy("Two", "ES")
    floor.strategy("Three", "BTCUSD")
    worker, added, feed = started(floor)
    floor.core.recorder.tick(floor.clock.now())
    assert worker.step(floor.clock.now())
    worker.step(floor.clock.now())
    assert sorted(added) == ["BTCUSD", "ESZ2026"]
    assert len(feed.steps) == 2


def test_a_strategy_that_comes_later_gets_its_market(floor: Floor) -> None:
    worker, added, _ = started(floor)
    floor.core.recorder.tick(floor.clock.now())
    worker.step(floor.clock.now())
    assert added == []
    floor.strategy("One", "NQ")
    floor.clock.advance(1)
    floor.core.recorder.tick(floor.clock.now())
    worker.step(floor.clock.now())
    assert added == ["NQZ2026"]


def test_what_is_held_is_quoted_whatever_the_strategy_trades_now(floor: Floor) -> None:
    strategy = floor.strategy("One", "ES")
    floor.send(strategy, action="buy", quantity="1", symbol="ESH2027")
    floor.core.strategies.set_state(None, strategy.id, StrategyState.OFF)
    worker, added, _ = started(floor)
    floor.core.recorder.tick(floor.clock.now())
    worker.step(floor.clock.now())
    assert "ESH2027" in added
