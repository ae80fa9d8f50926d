"""Bars for tests, and a data service that remembers what it was asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from app.domain.errors import BrokerError, BrokerUnavailable
from app.domain.instruments import Contract, InstrumentKind, resolve
from app.domain.quotes import Bar, MarketHours, Quote, Range, Timeframe, begin, following
from app.services.ports import MarketSource

#: A Friday, 10:00 in New York.
NOW = datetime(2026, 3, 6, 15, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def bar(at: datetime, close: str = "10", symbol: str = "AAPL", volume: str | None = "5") -> Bar:
    """A bar whose prices are all the same."""
    price = Decimal(close)
    size = None if volume is None else Decimal(volume)
    return Bar(symbol, at, price, price, price, price, size)


@dataclass
class Archive:
    """Implements ``MarketSources`` and ``MarketSource`` for stocks.

    It has every bar that begins before the ``clock``'s time, but where ``quiet``; with ``trouble``
    it raises that; ``meanwhile`` happens while it is asked.
    """

    clock: Callable[[], datetime] = lambda: NOW
    connected: bool = True
    quiet: list[Range] = field(default_factory=list)
    trouble: BrokerError | None = None
    meanwhile: Callable[[], object] | None = None
    price: str = "10"
    asked: list[tuple[str, Timeframe, Range]] = field(default_factory=list)

    def source(self) -> MarketSource | None:
        return self if self.connected else None

    def serves(self, contract: Contract) -> bool:
        return contract.instrument.kind is InstrumentKind.STOCK

    def bars(
        self,
        contract: Contract,
        timeframe: Timeframe,
        start: datetime,
        end: datetime,
        *,
        adjusted: bool = False,
    ) -> Sequence[Bar]:
        self.asked.append((contract.symbol, timeframe, Range(start, end)))
        if self.meanwhile is not None:
            self.meanwhile()
        if self.trouble is not None:
            raise self.trouble
        instrument, found = contract.instrument, []
        at = begin(timeframe, start, instrument)
        while at < min(end, self.clock()):
            if at >= start and not any(each.start <= at < each.end for each in self.quiet):
                found.append(bar(at, self.price, contract.symbol))
            at = following(timeframe, at, instrument)
        return found

    def hours(self) -> MarketHours:
        raise BrokerUnavailable("It knows no hours.")

    def latest(self, contract: Contract) -> Quote | None:
        return None


def contract(symbol: str = "AAPL") -> Contract:
    """What the symbol means on the day of the tests."""
    return resolve(symbol, NOW.date())
