"""Prices as they stream in: counted, gathered by symbol, and handed on a few times a second.

Of thousands of trades a second only the newest of each symbol becomes a quote, so that exact
numbers are made of what is kept, and of nothing else.
"""

from __future__ import annotations

import threading
from collections import Counter, deque
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from app.domain.errors import BrokerUnavailable, InvalidInput
from app.domain.money import parse
from app.domain.quotes import Bar, Quote, QuoteSource

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_TRADE, _QUOTE = "t", "q"
#: A bar as its minute ended, and again when late trades changed it.
_BARS: Final = frozenset({"b", "u"})
_NUMBERS: Final = ("o", "h", "l", "c", "v")

Json = dict[str, Any]


class Prices:
    """Takes what streams of prices say; many streams may speak at once.

    ``put`` takes each quote, ``ours`` is our symbol for one of the venue's, None for one that
    nobody asked for.
    """

    def __init__(self, put: Callable[[Quote], None], ours: Callable[[str], str | None]) -> None:
        self._put = put
        self._ours = ours
        self._received: Counter[str] = Counter()
        self._trades: dict[str, Json] = {}
        self._quotes: dict[str, Json] = {}
        self._changed: set[str] = set()
        self._bars: list[Json] = []
        self._listeners: list[Callable[[Bar], None]] = []
        self._lock = threading.Lock()

    @property
    def received(self) -> Mapping[str, int]:
        """How many messages came in by kind, before any was left out: t are trades, q quotes.

        What could not be read is counted as "unreadable" too.
        """
        with self._lock:
            return dict(self._received)

    def on_bar(self, receive: Callable[[Bar], None]) -> None:
        """Hand every bar of a minute to ``receive``: as it ended, and again when it was changed."""
        self._listeners.append(receive)

    def take(self, batch: Sequence[Json]) -> list[Json]:
        """Take a message's prices; return what else it says.

        Raises BrokerUnavailable for what cannot be read.
        """
        others = []
        try:
            with self._lock:
                for each in batch:
                    kind = each["T"]
                    if kind == _TRADE:
                        symbol = each["S"]
                        self._trades[symbol] = each
                        self._changed.add(symbol)
                    elif kind == _QUOTE:
                        symbol = each["S"]
                        self._quotes[symbol] = each
                        self._changed.add(symbol)
                    elif kind in _BARS:
                        self._bars.append(each)
                    else:
                        others.append(each)
                self._received.update([each["T"] for each in batch])
        except (KeyError, TypeError) as error:
            raise BrokerUnavailable("Alpaca's stream of prices cannot be read.") from error
        return others

    def forget(self, symbols: Collection[str]) -> None:
        """Forget the prices of these symbols: they are no longer, or not yet again, told."""
        with self._lock:
            for symbol in symbols:
                self._trades.pop(symbol, None)
                self._quotes.pop(symbol, None)
            self._changed.difference_update(symbols)

    def hand_on(self) -> None:
        """Hand on what changed since the last time, the newest of each symbol alone.

        What a listener raises is passed on; what it kept from being told is told the next time.
        """
        with self._lock:
            changed, self._changed = self._changed, set()
            bars, self._bars = deque(self._bars), []
        try:
            while changed:
                self._hand_quote(changed.pop())
            while bars:
                self._hand_bar(bars.popleft())
        finally:
            with self._lock:
                self._changed |= changed
                self._bars[:0] = bars

    def _hand_quote(self, symbol: str) -> None:
        ours = self._ours(symbol)
        if ours is None:
            return
        try:
            made = _quote(ours, self._quotes.get(symbol), self._trades.get(symbol))
        except _UNREADABLE:
            self._unreadable()
            return
        if made is not None:
            self._put(made)

    def _hand_bar(self, message: Json) -> None:
        try:
            ours = self._ours(message["S"])
            if ours is None:
                return
            bar = Bar(ours, _instant(message["t"]), *(parse(message[each]) for each in _NUMBERS))
        except _UNREADABLE:
            self._unreadable()
            return
        for receive in self._listeners:
            receive(bar)

    def _unreadable(self) -> None:
        with self._lock:
            self._received["unreadable"] += 1


_UNREADABLE: Final = (KeyError, TypeError, ValueError, OverflowError, InvalidInput)


def _quote(symbol: str, quote: Json | None, trade: Json | None) -> Quote | None:
    """The quote of the newest bid and ask and the last trade; None while there is no price.

    Where a side is missing, which Alpaca writes as 0, the last trade is both.
    """
    times = [_instant(each["t"]) for each in (quote, trade) if each is not None]
    last = None if trade is None else _price(trade["p"])
    bid, ask = (None, None) if quote is None else (_price(quote["bp"]), _price(quote["ap"]))
    if bid is None or ask is None or bid > ask:
        if last is None:
            return None
        bid = ask = last
    return Quote(symbol, bid, ask, max(times), QuoteSource.STREAM, last)


def _price(value: object) -> Decimal | None:
    return parse(value) or None


def _instant(value: object) -> datetime:
    """An instant as nanoseconds, or as text with nine digits of the second."""
    if isinstance(value, int):
        return _EPOCH + timedelta(microseconds=value // 1000)
    at = datetime.fromisoformat(str(value))
    if at.tzinfo is None:
        raise ValueError("an instant without a zone")
    return at.astimezone(UTC)
