"""Alpaca's prices: which are needed, who hears of the bars, and the worker that hands both on."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Final

from app.bootstrap.core import Core
from app.domain.accounts import ALPACA
from app.domain.quotes import Bar
from app.services.market.needed import Needed
from app.workers.supervisor import Supervisor

#: Seconds between two quotes of a symbol: ten a second are more than anybody looks at.
_EVERY_S: Final = 0.1


def add_alpaca(
    made: Core,
    supervisor: Supervisor,
    watched: Callable[[], Collection[str]],
    take_bar: Callable[[Bar], None],
) -> None:
    """Let prices be streamed that are needed; those of ``watched`` symbols are, after others."""
    venue = made.parts.alpaca
    needed = Needed(ALPACA, made.store, made.books, made.clock)
    needed.also(watched)
    venue.follow(needed)
    venue.on_bar(take_bar)
    supervisor.add("alpaca", venue.step, every=_EVERY_S)
