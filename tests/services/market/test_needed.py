"""Which prices are needed, and in which order."""

from __future__ import annotations

from app.domain.strategies import StrategyState
from app.services.market.needed import Needed
from tests.support.floor import ES, Floor


def needed(floor: Floor) -> Needed:
    floor.core.recorder.tick(floor.clock.now())
    return Needed("scripted", floor.core.store, floor.core.books, floor.clock)


def test_what_strategies_trade_at_the_venue_is_needed_while_they_are_on(floor: Floor) -> None:
    floor.strategy("Here", "ES")
    off = floor.strategy("Off", "NQ")
    floor.core.strategies.set_state(None, off.id, StrategyState.OFF)
    floor.strategy("Elsewhere", "SPY", [floor.paper])
    assert needed(floor)() == (ES,)


def test_a_strategy_that_opens_nothing_new_still_needs_its_price(floor: Floor) -> None:
    held = floor.strategy("Held", "ES")
    floor.core.strategies.set_state(None, held.id, StrategyState.NO_NEW_ENTRIES)
    assert needed(floor)() == (ES,)


def test_what_is_held_comes_first_here_before_elsewhere_and_what_is_watched_last(
    floor: Floor,
) -> None:
    floor.strategy("Idle", "NQ")
    elsewhere = floor.strategy("Elsewhere", "SPY", [floor.paper])
    here = floor.strategy("Here", "ES")
    floor.quote("500", symbol="SPY")
    floor.send(elsewhere, action="buy", quantity="1", symbol="SPY")
    floor.quote("5000")
    floor.send(here, action="buy", quantity="1")
    asked = needed(floor)
    watched = {"AAPL"}
    asked.also(lambda: watched)
    assert asked() == (ES, "SPY", "NQZ2026", "AAPL")
    watched.clear()
    assert asked() == (ES, "SPY", "NQZ2026")


def test_what_an_order_works_for_is_needed_also_where_nothing_is_held(floor: Floor) -> None:
    other = floor.strategy("Elsewhere", "SPY", [floor.paper])
    floor.quote("500", symbol="SPY")
    floor.send(
        other, action="buy", quantity="1", symbol="SPY", order_type="limit", limit_price="490"
    )
    floor.core.strategies.set_state(None, other.id, StrategyState.OFF)
    assert needed(floor)() == ("SPY",)
