"""Tells when a market opens or closes: everybody who looks, and the log."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final

from app.domain.events import Fact, FactKind
from app.domain.sessions import MarketState, Phase
from app.services.market.hours import HoursBook
from app.services.ports import Store

#: After so long without a look it is a first one: what turned meanwhile is no news.
_FORGOTTEN: Final = timedelta(minutes=5)

Show = Callable[[datetime, Sequence[MarketState]], None]
"""Shows markets that came into another part of their day, and when they did."""


class MarketWatch:
    """Compares how the markets stand with how they stood; the first look only remembers."""

    def __init__(self, hours: HoursBook, store: Store, show: Show) -> None:
        self._hours = hours
        self._store = store
        self._show = show
        self._seen: dict[str, Phase] = {}
        self._looked: datetime | None = None

    def look(self, now: datetime) -> None:
        """Write down which markets opened or closed since the last look, and show what changed.

        Raises StoreUnavailable, and then the next look tells it.
        """
        if self._looked is None or abs(now - self._looked) > _FORGOTTEN:
            self._seen = {}
        self._looked = now
        states = self._hours.known().markets
        changed = [
            state
            for state in states
            if self._seen.get(state.market.name, state.phase) is not state.phase
        ]
        facts = [self._fact(state, now) for state in changed if self._turned(state)]
        if facts:
            with self._store.write() as uow:
                for fact in facts:
                    uow.facts.append(fact)
        self._seen = {state.market.name: state.phase for state in states}
        if changed:
            self._show(now, changed)

    def _turned(self, state: MarketState) -> bool:
        return Phase.REGULAR in {state.phase, self._seen[state.market.name]}

    @staticmethod
    def _fact(state: MarketState, now: datetime) -> Fact:
        title, told = state.market.title, "opened" if state.is_open else "closed"
        return Fact(
            kind=FactKind.MARKET_OPENED if state.is_open else FactKind.MARKET_CLOSED,
            at=now,
            message=f"{title}: the market {told}.",
            data={"market": state.market.name},
        )
