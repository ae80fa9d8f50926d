"""The quote book: the last known price of each contract, where it came from and how old it is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum

from app.domain.errors import InvalidInput
from app.domain.instruments import resolve
from app.domain.quotes import Quote, QuoteSource


class Refused(StrEnum):
    """Why a quote was not taken."""

    NOT_FINITE = "not_finite"
    CROSSED = "crossed"
    NOT_POSITIVE = "not_positive"
    OLDER = "older"
    BETTER_KNOWN = "better_known"


class QuoteBook:
    """Keeps the last good quote of each symbol and tells subscribers of every one it takes.

    What it does not take is counted and handed to ``refused``.  A quote keeps the instant of its
    price; apart from that the book knows until when a live stream stood by it.
    """

    def __init__(
        self,
        feed_max_age: timedelta,
        alert_max_age: timedelta,
        refused: Callable[[Quote, Refused], None],
    ) -> None:
        """``feed_max_age`` is how long a feed's quote counts, ``alert_max_age`` an alert's."""
        self._max_age = dict.fromkeys(QuoteSource, feed_max_age)
        self._max_age[QuoteSource.ALERT] = alert_max_age
        self._refused = refused
        self._counts: Counter[Refused] = Counter()
        self._last: dict[str, Quote] = {}
        self._stood: dict[str, tuple[Quote, datetime]] = {}
        self._subscribers: list[Callable[[Quote], None]] = []

    @property
    def refusals(self) -> Mapping[Refused, int]:
        """How many quotes were not taken, by reason."""
        return dict(self._counts)

    def on_quote(self, receive: Callable[[Quote], None]) -> None:
        """Hand every later quote that is taken to ``receive``, after it is in the book."""
        self._subscribers.append(receive)

    def put(self, quote: Quote) -> None:
        """Take a quote, unless it is no price or something better is known."""
        reason = _fault(quote) or self._outdone(quote)
        if reason is not None:
            self._counts[reason] += 1
            self._refused(quote, reason)
            return
        self._take(quote)

    def confirm(self, quote: Quote, at: datetime) -> None:
        """Let a quote count as one of ``at``: its stream lived then, and had told no other.

        Nobody is told while it is in the book.  Where it is not it is taken, unless the book has a
        newer one that counts.
        """
        symbol = quote.symbol
        known = self._last.get(symbol)
        if known is not quote:
            newer = known is not None and known.at >= quote.at
            if _fault(quote) or (newer and self.fresh(symbol, at) is not None):
                return
        self._stood[symbol] = (quote, at)
        if known is not quote:
            self._take(quote)

    def latest(self, symbol: str) -> Quote | None:
        """The last quote, however old; None when there never was one."""
        return self._last.get(symbol)

    def fresh(self, symbol: str, now: datetime) -> Quote | None:
        """The last quote unless it is too old at ``now``, or from a clock as far ahead.

        One that its stream stands by is as old as the last that was heard of the stream.
        """
        quote = self._last.get(symbol)
        if quote is None or not (self._counts_at(quote, now) or self._stands(quote, now)):
            return None
        return quote

    def firm(self, symbol: str, now: datetime) -> Quote | None:
        """The last quote unless nobody should trade at it any more.

        One that its stream stands by is traded at for as long as the price of an alert: a market
        that has been silent for longer may be closed.
        """
        quote = self._last.get(symbol)
        return quote if quote is not None and self._is_firm(quote, now) else None

    def _take(self, quote: Quote) -> None:
        self._last[quote.symbol] = quote
        for receive in self._subscribers:
            receive(quote)

    def _counts_at(self, quote: Quote, now: datetime) -> bool:
        return abs(now - quote.at) <= self._max_age[quote.source]

    def _stands(self, quote: Quote, now: datetime) -> bool:
        stood = self._stood.get(quote.symbol)
        if stood is None or stood[0] is not quote:
            return False
        return abs(now - stood[1]) <= self._max_age[quote.source]

    def _is_firm(self, quote: Quote, now: datetime) -> bool:
        if self._counts_at(quote, now):
            return True
        return self._stands(quote, now) and quote.age(now) <= self._max_age[QuoteSource.ALERT]

    def _outdone(self, quote: Quote) -> Refused | None:
        """Why the quote in the book stays: it is newer, or from a feed and firm.

        A clock that was set back does not stop the market: what is far ahead is replaced.
        """
        known = self._last.get(quote.symbol)
        if known is None:
            return None
        from_alert, alert_known = (each.source is QuoteSource.ALERT for each in (quote, known))
        if from_alert and not alert_known:
            return Refused.BETTER_KNOWN if self._is_firm(known, quote.at) else None
        better = alert_known and not from_alert
        older = quote.at < known.at and self._counts_at(known, quote.at)
        return Refused.OLDER if older and not better else None


def _fault(quote: Quote) -> Refused | None:
    """Why the numbers of ``quote`` are no price."""
    prices = [quote.bid, quote.ask] if quote.last is None else [quote.bid, quote.ask, quote.last]
    if not all(price.is_finite() for price in prices):
        return Refused.NOT_FINITE
    if quote.bid > quote.ask:
        return Refused.CROSSED
    if min(prices) <= 0 and not _may_be_negative(quote):
        return Refused.NOT_POSITIVE
    return None


def _may_be_negative(quote: Quote) -> bool:
    try:
        return resolve(quote.symbol, quote.at.date()).instrument.negative_prices
    except InvalidInput:
        return False
