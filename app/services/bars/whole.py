"""Everything about bars, put together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from app.services.bars.desk import BarDesk
from app.services.bars.filling import Filler
from app.services.bars.keeping import BarKeeper
from app.services.bars.live import LiveBars
from app.services.bars.taking import Taker
from app.services.ports import Clock, MarketSources, Store


@dataclass(frozen=True, slots=True)
class BarHouse:
    """The desk, and what it stands on."""

    desk: BarDesk
    taker: Taker
    filler: Filler
    live: LiveBars
    keeper: BarKeeper


def make_bars(
    store: Store,
    sources: MarketSources,
    clock: Clock,
    rest: Callable[[], None],
    *,
    days: int,
    synthetic: bool,
) -> BarHouse:
    """Put it together.

    ``rest`` lets others work in between, ``days`` is how long bars are kept that pile up by
    themselves, ``synthetic`` says that the market is made up.
    """
    filler = Filler(store, sources, clock, rest)
    return BarHouse(
        desk=BarDesk(store, clock, filler, rest),
        taker=Taker(store, clock, rest),
        filler=filler,
        live=LiveBars(store),
        keeper=BarKeeper(store, days, synthetic=synthetic),
    )
