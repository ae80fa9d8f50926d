"""What a data service knows of markets: hours, the newest prices, and bars."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from app.domain.instruments import Contract
from app.domain.quotes import Bar, MarketHours, Quote, Timeframe


class MarketSource(Protocol):
    """Asks a data service; each verb raises BrokerError when it cannot be had."""

    def serves(self, contract: Contract) -> bool:
        """Whether the service has prices of the contract at all."""

    def hours(self) -> MarketHours:
        """The hours of the stock market."""

    def latest(self, contract: Contract) -> Quote | None:
        """The newest quote; None when the service knows the contract and has no price."""

    def bars(
        self,
        contract: Contract,
        timeframe: Timeframe,
        start: datetime,
        end: datetime,
        *,
        adjusted: bool = False,
    ) -> Sequence[Bar]:
        """The bars that begin at or after ``start`` and before ``end``, oldest first.

        They are as they were traded, so that what is kept never changes; ``adjusted``, those of
        before a split are as if it had been made, for comparing with today's price.
        """


class MarketSources(Protocol):
    """The data services that the connected accounts open."""

    def source(self) -> MarketSource | None:
        """The one to ask now; None while no account that opens one is connected."""
