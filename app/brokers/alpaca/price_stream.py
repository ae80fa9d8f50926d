"""One stream of prices, subscribed to what is needed as far as the data plan lets."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from app.brokers.alpaca.keys import Keys
from app.brokers.alpaca.prices import Prices
from app.brokers.alpaca.streams import BAD_SUBSCRIPTIONS, CHANNELS, SYMBOL_LIMIT, MarketData
from app.brokers.net.stream import Credential, Hearing, Stream
from app.domain.quotes import Quote

#: How many symbols the free plan streams.
_FREE_SYMBOLS: Final = 30
#: How many symbols a sentence names.
_NAMED: Final = 5

Json = dict[str, Any]


class PriceStream:
    """Keeps one endpoint of prices open; ``want`` says for which symbols, as Alpaca writes them."""

    def __init__(
        self,
        credential: Credential,
        path: str,
        keys: Keys,
        prices: Prices,
        told: Callable[[bool, str | None], None],
    ) -> None:
        """``told`` hears whether it is up, and why not."""
        self._prices = prices
        self._clock = credential.clock
        self._told = told
        self._wanted: tuple[str, ...] = ()
        #: What was subscribed to, and whether its price of before that is known.
        self._asked: dict[str, bool] = {}
        self._confirmed: frozenset[str] = frozenset()
        self._most: int | None = None
        self._singly = False
        self._down: str | None = None
        self._lock = threading.RLock()
        self.last_message_at: datetime | None = None
        tongue = MarketData(keys, credential.limits, credential.clock, lambda: tuple(self._asked))
        hearing = Hearing(self._begun, self._hear, self._linked)
        self._stream = Stream(credential, path, tongue, hearing)
        self._tongue = tongue

    @property
    def up(self) -> bool:
        """Whether prices stream."""
        return self._stream.up

    @property
    def refused(self) -> bool:
        """Whether Alpaca refused the keys, or their plan has not this feed."""
        return self._stream.refused

    @property
    def subscribed(self) -> frozenset[str]:
        """The symbols that Alpaca says it streams."""
        return self._confirmed if self.up else frozenset()

    @property
    def unpriced(self) -> tuple[str, ...]:
        """The symbols that it began to stream, and that nobody has seeded yet."""
        streamed = self.subscribed
        with self._lock:
            return tuple(
                each for each, seeded in self._asked.items() if each in streamed and not seeded
            )

    @property
    def left_out(self) -> tuple[str, ...]:
        """The symbols that are wanted and beyond what the plan streams."""
        return () if self._most is None else self._wanted[self._most :]

    @property
    def problem(self) -> str | None:
        """What is wrong, in sentences; None when nothing is."""
        if self._down is not None:
            return self._down
        left_out = self.left_out
        if not left_out:
            return None
        named = ", ".join(left_out[:_NAMED])
        more = f" and {len(left_out) - _NAMED} more" if len(left_out) > _NAMED else ""
        return (
            f"The Alpaca plan of this account streams {self._most} symbols at a time, positions"
            f" first: prices of {named}{more} are missing. A larger data plan streams all."
        )

    def start(self) -> None:
        """Begin to connect."""
        self._stream.start()

    def close(self) -> None:
        """End the connection; its prices are forgotten."""
        self._stream.close()
        with self._lock:
            self._prices.forget(self._asked)

    def want(self, symbols: Sequence[str]) -> None:
        """Stream these symbols, the most important first, and no others."""
        with self._lock:
            self._wanted = tuple(dict.fromkeys(symbols))
            self._adjust()

    def seed(self, quotes: Mapping[str, Quote | None]) -> None:
        """Know the prices of before the stream told any; None where there is none to be had."""
        with self._lock:
            for symbol, quote in quotes.items():
                if symbol not in self._asked:
                    continue
                self._asked[symbol] = True
                if quote is not None:
                    self._prices.seed(symbol, quote)

    def _adjust(self) -> None:
        """Subscribe to what is missing, and leave what is not wanted any more."""
        with self._lock:
            keep = dict.fromkeys(self._wanted[: self._most])
            gone = [each for each in self._asked if each not in keep]
            new = [each for each in keep if each not in self._asked]
            if gone and self._say("unsubscribe", gone):
                self._prices.forget(gone)
                self._asked = {each: seeded for each, seeded in self._asked.items() if each in keep}
            for symbols in [[each] for each in new] if self._singly else [new]:
                if symbols and self._say("subscribe", symbols):
                    self._asked.update(dict.fromkeys(symbols, False))

    def _say(self, action: str, symbols: Sequence[str]) -> bool:
        return self._stream.say({"action": action, **{each: list(symbols) for each in CHANNELS}})

    # --- what the stream says ---------------------------------------------------------------------

    def _begun(self) -> None:
        """Forget what an earlier connection had: it may be long ago, or under another plan."""
        with self._lock:
            self._prices.forget(self._asked)
            self._asked, self._confirmed = {}, frozenset()
            self._most, self._singly = None, False

    def _linked(self, up: bool, detail: str | None) -> None:  # noqa: FBT001
        self._down = detail
        if up:
            self._adjust()
        self._told(up, detail)

    def _hear(self, batch: list[Json]) -> None:
        self.last_message_at = self._clock.now()
        for each in self._prices.take(batch):
            if each["T"] == "subscription":
                self._confirmed = frozenset(each.get("trades") or ())
            elif each["T"] == "error":
                self._refused(each)

    def _refused(self, error: Json) -> None:
        code = error.get("code")
        with self._lock:
            if code == SYMBOL_LIMIT and len(self._asked) > 1:
                self._most = min(_FREE_SYMBOLS, len(self._asked) - 1)
            elif code in BAD_SUBSCRIPTIONS:
                # One symbol that Alpaca does not know keeps a whole list from being streamed.
                if self._singly:
                    return
                self._singly = True
            else:
                raise self._tongue.refusal(error)
            streamed = self._confirmed
            self._asked = {each: seeded for each, seeded in self._asked.items() if each in streamed}
            self._adjust()
