"""The prices that are needed, streamed by the best of the accounts that are open."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

import structlog

from app.brokers.alpaca.keys import Hosts, Keys
from app.brokers.alpaca.price_stream import PriceStream
from app.brokers.alpaca.prices import Prices
from app.brokers.alpaca.seeds import Seeds
from app.brokers.alpaca.settings import Feed
from app.brokers.alpaca.wire import symbol_out
from app.brokers.net.stream import Credential
from app.domain.errors import InvalidInput
from app.domain.instruments import Contract, InstrumentKind, resolve
from app.domain.quotes import Quote
from app.services.ports import Clock, Quotes

#: Seconds between two looks at what is needed.
_LOOK_S: Final = 1.0
#: Feeds of shares, the best first: all exchanges, one of them, and a made-up symbol.
_RANKS: Final = (Feed.SIP, Feed.IEX, Feed.TEST)
_TEST_SYMBOL: Final = "FAKEPACA"
_SHARES, _PAIRS = InstrumentKind.STOCK, InstrumentKind.CRYPTO
_PAIRS_PATH: Final = "/v1beta3/crypto/us"

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Outlet:
    """Where prices can be had: an account's keys, and the feed of shares that its plan has."""

    account_id: str
    keys: Keys
    hosts: Hosts
    feed: Feed

    def path(self, kind: InstrumentKind) -> str:
        """The endpoint of a kind of instrument."""
        return _PAIRS_PATH if kind is _PAIRS else f"/v2/{self.feed}"


class Market:
    """Keeps a stream of shares and one of crypto pairs while their prices are needed.

    Alpaca lets one connection be open for each; so they belong to one account, and every account's
    positions are valued by them.
    """

    def __init__(
        self,
        quotes: Quotes,
        clock: Clock,
        credential: Callable[[Outlet], Credential],
        newest: Callable[[Outlet, Sequence[Contract]], Mapping[str, Quote]],
    ) -> None:
        """``newest`` asks for the newest quotes by our symbol; raises BrokerError."""
        self._quotes = quotes
        self._clock = clock
        self._newest = newest
        self._credential = credential
        self._needed: Callable[[], Sequence[str]] = tuple
        self._ours: Mapping[str, Contract] = {}
        self._streams: dict[InstrumentKind, tuple[Outlet, PriceStream]] = {}
        self._refused: dict[tuple[Outlet, InstrumentKind], str] = {}
        self._looked: float | None = None
        self._looking = threading.Lock()
        self._seeds = Seeds(clock, self._contract_of)
        self.prices = Prices(quotes.put, self._ours_of)

    def follow(self, needed: Callable[[], Sequence[str]]) -> None:
        """Stream the prices of the symbols that ``needed`` returns, the most important first."""
        self._needed = needed

    def step(self, outlets: Callable[[], Sequence[Outlet]]) -> None:
        """Hand on what came in, and look once a second at what is needed and who can stream it.

        ``outlets`` are those that may be used at that moment.
        """
        self.prices.hand_on()
        if not self._looking.acquire(blocking=False):
            return
        try:
            now = self._clock.monotonic()
            if self._looked is None or now - self._looked >= _LOOK_S:
                self._looked = now
                self._look(outlets())
                self._stand()
        finally:
            self._looking.release()

    def _look(self, outlets: Sequence[Outlet]) -> None:
        for kind, symbols in self._sorted(self._needed()).items():
            self._note_refusal(kind)
            outlet = self.best(outlets, kind)
            if outlet is not None and outlet.feed is Feed.TEST and kind is _SHARES:
                self._stream(kind, [_TEST_SYMBOL], outlet)
            else:
                self._stream(kind, symbols, outlet if symbols else None)

    def _stand(self) -> None:
        """Let the last quotes count for as long as streams live that would have told others."""
        for outlet, feed in tuple(self._streams.values()):
            self._seeds.sow(feed, partial(self._newest, outlet))
            heard_at = feed.last_message_at
            if heard_at is not None:
                for quote in self.prices.standing(feed.subscribed):
                    self._quotes.confirm(quote, heard_at)

    def close(self) -> None:
        """End every stream."""
        with self._looking:
            for kind in tuple(self._streams):
                self._end(kind)

    def problem(self, account_id: str) -> str | None:
        """What is wrong with the prices that this account is to stream; None when nothing is."""
        told = [
            why for (outlet, _), why in self._refused.items() if outlet.account_id == account_id
        ]
        told += [
            feed.problem
            for outlet, feed in self._streams.values()
            if outlet.account_id == account_id and feed.problem and feed.problem not in told
        ]
        return " ".join(told) or None

    def best(self, outlets: Sequence[Outlet], kind: InstrumentKind = _SHARES) -> Outlet | None:
        """Return the outlet to use: none that Alpaca refused, the best feed, opened first."""
        return min(
            outlets,
            key=lambda each: ((each, kind) in self._refused, _RANKS.index(each.feed)),
            default=None,
        )

    def _contract_of(self, theirs: str) -> Contract | None:
        return self._ours.get(theirs)

    def _ours_of(self, theirs: str) -> str | None:
        if theirs == _TEST_SYMBOL:
            return _TEST_SYMBOL
        contract = self._contract_of(theirs)
        return None if contract is None else contract.symbol

    def _sorted(self, symbols: Iterable[str]) -> dict[InstrumentKind, list[str]]:
        """The needed symbols as Alpaca writes them, by kind; what it does not trade is left out."""
        on = self._clock.now().date()
        found: dict[InstrumentKind, list[str]] = {_SHARES: [], _PAIRS: []}
        ours = {}
        for symbol in symbols:
            try:
                contract = resolve(symbol, on)
            except InvalidInput:
                continue
            if contract.instrument.kind in found:
                theirs = symbol_out(contract)
                ours[theirs] = contract
                found[contract.instrument.kind].append(theirs)
        self._ours = ours
        return found

    def _stream(self, kind: InstrumentKind, symbols: Sequence[str], outlet: Outlet | None) -> None:
        current = self._streams.get(kind)
        if current is not None and current[0] != outlet:
            self._end(kind)
            current = None
        if outlet is None:
            return
        if current is None:
            current = self._streams[kind] = (outlet, self._begun(outlet, kind))
        current[1].want(symbols)

    def _note_refusal(self, kind: InstrumentKind) -> None:
        """Remember who was refused, so that another account streams instead of it."""
        current = self._streams.get(kind)
        if current is None:
            return
        outlet, feed = current
        if feed.refused and feed.problem:
            self._refused[outlet, kind] = feed.problem
        elif feed.up:
            self._refused.pop((outlet, kind), None)

    def _begun(self, outlet: Outlet, kind: InstrumentKind) -> PriceStream:
        path = outlet.path(kind)

        def told(up: bool, detail: str | None) -> None:  # noqa: FBT001
            _log.info("prices_linked", path=path, up=up, detail=detail)

        feed = PriceStream(self._credential(outlet), path, outlet.keys, self.prices, told)
        feed.start()
        return feed

    def _end(self, kind: InstrumentKind) -> None:
        outlet, feed = self._streams.pop(kind)
        feed.close()
        _log.info("prices_ended", path=outlet.path(kind), received=dict(self.prices.received))
