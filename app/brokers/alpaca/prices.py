"""Prices as they stream in: counted, gathered by symbol, and handed on a few times a second.

Of thousands of trades a second only the newest of each symbol becomes a quote, so that exact
numbers are made of what is kept, and of nothing else.  A symbol's last quote is kept as long as its
stream tells the symbol.
"""

from __future__ import annotations

import threading
from collections import Counter, deque
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from app.brokers.alpaca.numbers import price_in, sides_in
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
        self._seeds: dict[str, Quote] = {}
        self._standing: dict[str, Quote] = {}
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

    def seed(self, symbol: str, quote: Quote) -> None:
        """Know what a symbol was worth before its stream told anything of it."""
        with self._lock:
            self._seeds[symbol] = quote
            self._standing.setdefault(symbol, quote)

    def standing(self, symbols: Iterable[str]) -> list[Quote]:
        """The last quote of each of these symbols that has one."""
        with self._lock:
            found = [self._standing.get(symbol) for symbol in symbols]
        return [quote for quote in found if quote is not None]

    def forget(self, symbols: Collection[str]) -> None:
        """Forget the prices of these symbols: they are no longer, or not yet again, told."""
        with self._lock:
            for symbol in symbols:
                for kept in (self._trades, self._quotes, self._seeds, self._standing):
                    kept.pop(symbol, None)
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
        quote, trade = self._quotes.get(symbol), self._trades.get(symbol)
        try:
            made = _quote(ours, quote, trade, self._seeds.get(symbol))
        except _UNREADABLE:
            self._unreadable()
            return
        if made is not None:
            self._stand(symbol, made)
            self._put(made)

    def _stand(self, symbol: str, made: Quote) -> None:
        """Keep the last quote, unless what it was made of was forgotten meanwhile."""
        with self._lock:
            if symbol in self._quotes or symbol in self._trades:
                self._standing[symbol] = made

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


def _quote(symbol: str, quote: Json | None, trade: Json | None, seed: Quote | None) -> Quote | None:
    """The quote of the newest bid and ask and the last trade; None while there is no price.

    The last trade may be one from before the stream; its bid and ask never are.
    """
    times = [_instant(each["t"]) for each in (quote, trade) if each is not None]
    if not times:
        return None
    last = None if trade is None else price_in(trade["p"])
    if last is None and seed is not None:
        last = seed.last
    sides = sides_in(quote, last) or (None if last is None else (last, last))
    return sides and Quote(symbol, *sides, max(times), QuoteSource.STREAM, last)


def _instant(value: object) -> datetime:
    """An instant as nanoseconds, or as text with nine digits of the second."""
    if isinstance(value, int):
        return _EPOCH + timedelta(microseconds=value // 1000)
    at = datetime.fromisoformat(str(value))
    if at.tzinfo is None:
        raise ValueError("an instant without a zone")
    return at.astimezone(UTC)
