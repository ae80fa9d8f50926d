"""The last prices at the stand-in, and what is still offered at them."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from app.domain.quotes import Quote, QuoteSource
from app.sim.book import Depth, Execution
from tests.venues.alpaca.market.assets import ASSETS, Asset
from tests.venues.alpaca.words import number, unprocessable

#: Quotes and trades of a symbol that are kept for the history.
_KEPT: Final = 10_000
_USUAL_SIZE: Final = Decimal(100)


@dataclass(frozen=True)
class Priced:
    """A quote with its sizes; a size that was not said is shown as usual and never runs out."""

    quote: Quote
    bid_size: Decimal | None = None
    ask_size: Decimal | None = None

    @property
    def shown(self) -> tuple[Decimal, Decimal]:
        """The sizes at bid and ask that clients see."""
        return (
            _USUAL_SIZE if self.bid_size is None else self.bid_size,
            _USUAL_SIZE if self.ask_size is None else self.ask_size,
        )


@dataclass(frozen=True)
class Trade:
    """One trade on the tape."""

    number: int
    symbol: str
    price: Decimal
    size: Decimal
    at: datetime


class Prices:
    """Assets, the last quote and trade of each, and which are halted."""

    def __init__(self, at: datetime) -> None:
        """Every asset opens at its own price, a step wide."""
        self.assets: dict[str, Asset] = dict(ASSETS)
        self.halted: set[str] = set()
        self.quotes: dict[str, deque[Priced]] = {}
        self.trades: dict[str, deque[Trade]] = {}
        self._depths: dict[str, Depth] = {}
        self._number = 0
        for asset in ASSETS.values():
            self.open(asset, at)

    def open(self, asset: Asset, at: datetime) -> None:
        """List an asset at its price."""
        self.assets[asset.symbol] = asset
        step = Decimal("0.01") if asset.price >= 1 else Decimal("0.0001")
        price = asset.price
        self.put(Priced(Quote(asset.symbol, price, price + step, at, QuoteSource.STREAM, price)))
        self.trade(asset.symbol, price, _USUAL_SIZE, at)

    def asset(self, text: str) -> Asset | None:
        """The asset of a symbol or an asset id; None when there is none."""
        found = self.assets.get(text)
        if found is None:
            found = next((one for one in self.assets.values() if one.id == text), None)
        return found

    def put(self, priced: Priced) -> None:
        """Take a quote; what is offered at it is fresh."""
        symbol = priced.quote.symbol
        self.quotes.setdefault(symbol, deque(maxlen=_KEPT)).append(priced)
        self._depths[symbol] = Depth(priced.ask_size, priced.bid_size)

    def trade(self, symbol: str, price: Decimal, size: Decimal, at: datetime) -> Trade:
        """Put a trade on the tape."""
        self._number += 1
        made = Trade(self._number, symbol, price, size, at)
        self.trades.setdefault(symbol, deque(maxlen=_KEPT)).append(made)
        return made

    def latest(self, symbol: str) -> Priced:
        """The last quote of a symbol that is listed."""
        return self.quotes[symbol][-1]

    def quote(self, symbol: str) -> Quote:
        """The last quote without its sizes."""
        return self.latest(symbol).quote

    def mark(self, symbol: str) -> Decimal:
        """The price that values a position."""
        return self.quote(symbol).mark

    def depth(self, symbol: str) -> Depth:
        """What is still offered at the last quote."""
        return self._depths[symbol]

    def take(self, symbol: str, execution: Execution) -> None:
        """Take what was traded off what is offered."""
        self._depths[symbol] = self._depths[symbol].without(execution)

    def read(self, data: dict[str, Any], at: datetime) -> Priced:
        """Read a quote of the control port: ``bid`` and ``ask``, or one ``price`` for both."""
        symbol = str(data.get("symbol"))
        if symbol not in self.assets:
            raise unprocessable(f'asset "{symbol}" not found')
        price = number(data.get("price"), "price")
        bid = number(data.get("bid"), "bid") or price
        ask = number(data.get("ask"), "ask") or price
        if bid is None or ask is None or not 0 < bid <= ask:
            raise unprocessable("a quote needs a bid above 0 that is not above its ask")
        quote = Quote(symbol, bid, ask, at, QuoteSource.STREAM)
        last = number(data.get("last"), "last")
        return Priced(
            replace(quote, last=last),
            number(data.get("bid_size"), "bid_size"),
            number(data.get("ask_size"), "ask_size"),
        )
