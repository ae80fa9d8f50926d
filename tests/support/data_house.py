"""A data service that answers what a test wants, and counts what it was asked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from app.domain.accounts import ALPACA, traits
from app.domain.errors import BrokerError
from app.domain.instruments import Contract
from app.domain.quotes import Bar, MarketHours, Quote, Timeframe
from app.services.ports import MarketSource


@dataclass
class DataHouse:
    """Implements ``MarketSources`` and ``MarketSource``; nobody is ``connected`` at first.

    ``says`` is its answer about hours; ``meanwhile`` happens while it is asked; with ``trouble``
    it raises that instead of an answer.
    """

    connected: bool = False
    says: MarketHours | None = None
    quotes: dict[str, Quote] = field(default_factory=dict)
    days: dict[str, list[Bar]] = field(default_factory=dict)
    trouble: BrokerError | None = None
    meanwhile: Callable[[], object] | None = None
    asked: list[str] = field(default_factory=list)

    def source(self) -> MarketSource | None:
        return self if self.connected else None

    def serves(self, contract: Contract) -> bool:
        return contract.instrument.kind in traits(ALPACA).kinds

    def hours(self) -> MarketHours:
        self._take("hours")
        assert self.says is not None
        return self.says

    def latest(self, contract: Contract) -> Quote | None:
        self._take(f"latest {contract.symbol}")
        return self.quotes.get(contract.symbol)

    def bars(
        self,
        contract: Contract,
        timeframe: Timeframe,
        start: datetime,
        end: datetime,
        *,
        adjusted: bool = False,
    ) -> Sequence[Bar]:
        self._take(f"bars {contract.symbol} {timeframe}")
        return [bar for bar in self.days.get(contract.symbol, []) if start <= bar.at < end]

    def _take(self, what: str) -> None:
        self.asked.append(what)
        if self.meanwhile is not None:
            self.meanwhile()
        if self.trouble is not None:
            raise self.trouble
