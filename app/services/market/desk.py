"""The price of one symbol: from the quote book, else from a connected venue, asked seldom."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from app.domain.errors import BrokerError, BrokerUnavailable, InvalidInput, NotFound
from app.domain.instruments import Contract, resolve
from app.domain.money import divide, exact
from app.domain.quotes import Bar, Quote, Timeframe
from app.services.ports import Clock, MarketSource, MarketSources, Quotes

#: Seconds for which an answer about a symbol is good, and for which a failure is.
GOOD_S: Final = 45.0
FAILED_S: Final = 5.0
#: Symbols that are remembered at most; the one that was asked longest ago goes first.
MOST: Final = 500
#: Among the bars of so many days there are the last two of any market.
_BACK: Final = timedelta(days=14)
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class MarketData:
    """What is known of a symbol's price.

    ``day`` is the bar of the present day, None while it has none or nobody knows it;
    ``previous_close`` is that of the last day before it.  ``problem`` is what a connected venue
    could not say, as a sentence.
    """

    contract: Contract
    quote: Quote
    day: Bar | None = None
    previous_close: Decimal | None = None
    problem: str | None = None

    @property
    @exact
    def change(self) -> Decimal | None:
        """The mark less the previous close."""
        return None if self.previous_close is None else self.quote.mark - self.previous_close

    @property
    def change_percent(self) -> Decimal | None:
        """The change in percent of the previous close; None where that is not above zero."""
        if self.change is None or self.previous_close is None or self.previous_close <= 0:
            return None
        return divide(self.change * 100, self.previous_close).quantize(Decimal("0.01"))


@dataclass(frozen=True, slots=True)
class _Told:
    """What a venue said of a symbol, or why it did not; ``unknown`` is its word for no symbol."""

    quote: Quote | None = None
    day: Bar | None = None
    previous_close: Decimal | None = None
    problem: str | None = None
    unknown: str | None = None
    at: float | None = None

    def holds(self, monotonic: float) -> bool:
        """Whether it need not be asked again."""
        good_for = GOOD_S if self.problem is None else FAILED_S
        return self.at is not None and monotonic - self.at < good_for


@dataclass(slots=True)
class _Entry:
    told: _Told = field(default_factory=_Told)
    asking: threading.Lock = field(default_factory=threading.Lock)


class MarketDesk:
    """Answers what a symbol is worth now, and how it did today."""

    def __init__(self, quotes: Quotes, sources: MarketSources, clock: Clock) -> None:
        self._quotes = quotes
        self._sources = sources
        self._clock = clock
        self._entries: dict[str, _Entry] = {}

    def data(self, text: str) -> MarketData:
        """Return what is known of the symbol as people and chart services write it.

        Raises NotFound UNKNOWN_SYMBOL, and BrokerUnavailable NO_MARKET_DATA when there is no price.
        """
        now = self._clock.now()
        contract = _contract(text, now)
        told = self._told(contract)
        fresh = self._quotes.fresh(contract.symbol, now)
        quote = fresh or _newer(told.quote, self._quotes.latest(contract.symbol))
        if quote is None:
            raise _nothing(contract, told)
        return MarketData(contract, quote, told.day, told.previous_close, told.problem)

    def _told(self, contract: Contract) -> _Told:
        """The venue's last word; while somebody else asks it, the one before if there was one."""
        source = self._sources.source()
        if source is None or not source.serves(contract):
            return _Told()
        entry = self._entry(contract.symbol)
        told = entry.told
        if told.holds(self._clock.monotonic()):
            return told
        if not entry.asking.acquire(blocking=told.at is None):
            return told
        try:
            if not entry.told.holds(self._clock.monotonic()):
                told = _ask(source, contract, self._clock.now(), entry.told)
                entry.told = replace(told, at=self._clock.monotonic())
            return entry.told
        finally:
            entry.asking.release()

    def _entry(self, symbol: str) -> _Entry:
        entry = self._entries.pop(symbol, None) or _Entry()
        self._entries[symbol] = entry
        while len(self._entries) > MOST:
            self._entries.pop(next(iter(self._entries)), None)
        return entry


def _contract(text: str, now: datetime) -> Contract:
    try:
        return resolve(text, now.date())
    except InvalidInput as error:
        raise NotFound(error.detail, code=error.code) from None


def _ask(source: MarketSource, contract: Contract, now: datetime, last: _Told) -> _Told:
    """Ask for the quote and for the day; what could not be had is as it was told last."""
    try:
        quote = source.latest(contract)
        bars = source.bars(contract, Timeframe.DAY, now - _BACK, now, adjusted=True)
    except BrokerError as error:
        if error.code == "UNKNOWN_SYMBOL":
            return _Told(unknown=error.detail)
        return replace(last, problem=error.detail)
    day = bars[-1] if bars and now < bars[-1].at + _DAY else None
    past = bars[:-1] if day is not None else bars
    return _Told(quote, day, past[-1].close if past else None)


def _newer(first: Quote | None, second: Quote | None) -> Quote | None:
    known = [quote for quote in (first, second) if quote is not None]
    return max(known, key=lambda quote: quote.at, default=None)


def _nothing(contract: Contract, told: _Told) -> NotFound | BrokerUnavailable:
    if told.unknown is not None:
        return NotFound(told.unknown, code="UNKNOWN_SYMBOL")
    why = told.problem or (
        "No connected account has prices of it, and no alert carried one: connect an account at a"
        " venue that does, or send the price with an alert."
    )
    return BrokerUnavailable(
        f"No price of {contract.symbol} is known. {why}", code="NO_MARKET_DATA"
    )
