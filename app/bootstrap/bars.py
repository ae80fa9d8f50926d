"""Bars: put together from the settings, and the workers that build, ask for and clear them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from app.bootstrap.core import Core
from app.services.bars import BarHouse, make_bars
from app.services.ports import MarketSources
from app.web.live import Live
from app.workers.supervisor import Supervisor

_BUILT_EVERY_S: Final = 1.0
_TOLD_EVERY_S: Final = 0.05
_ASKED_EVERY_S: Final = 30.0
_CLEARED_EVERY_S: Final = 3600.0


def bars_of(made: Core, sources: MarketSources, rest: Callable[[], None]) -> BarHouse:
    """Return everything about bars; ``sources`` open the data service that is asked."""
    settings = made.settings
    synthetic = settings.market_data == "synthetic"
    return make_bars(
        made.store, sources, made.clock, rest, days=settings.bars_days, synthetic=synthetic
    )


def add_bars(made: Core, bars: BarHouse, supervisor: Supervisor, live: Live) -> None:
    """Let bars be built of every quote, and prices be told to those who watch them."""
    made.quotes.on_quote(bars.live.hear)
    made.quotes.on_quote(live.quote)
    bars.live.show(live.bar)
    supervisor.add("bars", bars.live.step, every=_BUILT_EVERY_S)
    supervisor.add("bar_keeper", bars.keeper.step, every=_CLEARED_EVERY_S)
    supervisor.add("prices", live.tell_prices, every=_TOLD_EVERY_S, always=True)
    filler = supervisor.add("bar_filler", bars.filler.step, every=_ASKED_EVERY_S, always=True)
    bars.filler.wake_with(filler.wake)
