"""Alpaca's market data: the clock, the newest prices, and bars, of shares and crypto pairs.

Bars that are kept are as they were traded: adjusted ones would contradict the kept ones after the
next split.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Protocol

from app.brokers.alpaca.insight import asset_of
from app.brokers.alpaca.numbers import price_in, sides_in
from app.brokers.alpaca.reading import legible, truth
from app.brokers.alpaca.wire import symbol_out
from app.domain.accounts import ALPACA, traits
from app.domain.errors import BrokerAuth, BrokerRejected, BrokerUnavailable
from app.domain.instruments import Contract, InstrumentKind
from app.domain.money import parse
from app.domain.quotes import Bar, MarketHours, Quote, QuoteSource, Timeframe

_FRAMES: Final = {
    Timeframe.MINUTE: "1Min",
    Timeframe.FIVE_MINUTES: "5Min",
    Timeframe.FIFTEEN_MINUTES: "15Min",
    Timeframe.HOUR: "1Hour",
    Timeframe.DAY: "1Day",
}
#: Bars of one answer, and answers to one question: two million bars.
_PAGE: Final = 10_000
_PAGES: Final = 200
_KINDS: Final = traits(ALPACA).kinds
_MICROSECOND: Final = timedelta(microseconds=1)


class Client(Protocol):
    """The calls that market data needs."""

    def read(self, path: str, query: Mapping[str, str] | None = None) -> Any:  # noqa: ANN401  JSON
        """Ask the trading interface, below /v2."""
        ...

    def data(self, path: str, query: Mapping[str, str] | None = None) -> Any:  # noqa: ANN401  JSON
        """Ask for market data."""
        ...


class AlpacaData:
    """Alpaca as a data service; ``feed`` is where prices of shares come from: iex or sip."""

    def __init__(self, client: Client, feed: str) -> None:
        self._client = client
        self._feed = feed

    def serves(self, contract: Contract) -> bool:
        """Whether it is a share or a crypto pair."""
        return contract.instrument.kind in _KINDS

    def hours(self) -> MarketHours:
        """The hours of the stock market; half days and holidays are in them."""
        clock = self._client.read("/clock")
        with legible():
            return MarketHours(
                at=_instant(clock["timestamp"]),
                is_open=truth(clock["is_open"]),
                next_open=_instant(clock["next_open"]),
                next_close=_instant(clock["next_close"]),
            )

    def latest(self, contract: Contract) -> Quote | None:
        """The newest quote with the last trade; None when nothing of it has traded.

        Outside the hours one side of a quote may be missing: then the last trade is both.  Raises
        BrokerRejected UNKNOWN_SYMBOL.
        """
        found = self._snapshots([contract])
        if not found:
            self._insist(contract)
        return found.get(contract.symbol)

    def newest(self, contracts: Sequence[Contract]) -> dict[str, Quote]:
        """The newest quotes by symbol, as ``latest`` has them, of shares alone or pairs alone.

        Those without a price are left out.
        """
        found = self._snapshots(contracts)
        return {symbol: quote for symbol, quote in found.items() if quote is not None}

    def _snapshots(self, contracts: Sequence[Contract]) -> dict[str, Quote | None]:
        names = {symbol_out(contract): contract for contract in contracts}
        answer = self._asked(contracts[0], "snapshots", {"symbols": ",".join(names)})
        with legible():
            found = answer["snapshots"] if _is_crypto(contracts[0]) else answer
            return {
                names[name].symbol: _quote(
                    names[name], snapshot.get("latestQuote"), snapshot.get("latestTrade")
                )
                for name, snapshot in found.items()
                if name in names and snapshot is not None
            }

    def bars(
        self,
        contract: Contract,
        timeframe: Timeframe,
        start: datetime,
        end: datetime,
        *,
        adjusted: bool = False,
    ) -> Sequence[Bar]:
        """The bars that begin at or after ``start`` and before ``end``, oldest first."""
        if end <= start:
            return []
        name = symbol_out(contract)
        query = {
            "symbols": name,
            "timeframe": _FRAMES[timeframe],
            "start": _text(start),
            "end": _text(end - _MICROSECOND),
            "limit": str(_PAGE),
        }
        if not _is_crypto(contract):
            query["adjustment"] = "split" if adjusted else "raw"
        rows = self._pages(contract, name, query)
        with legible():
            return [_bar(contract, row) for row in rows]

    def _pages(self, contract: Contract, name: str, query: Mapping[str, str]) -> list[Any]:
        rows: list[Any] = []
        more: dict[str, str] = {}
        for _ in range(_PAGES):
            answer = self._asked(contract, "bars", {**query, **more})
            with legible():
                rows += answer["bars"].get(name) or []
                token = answer["next_page_token"]
            if not token:
                return rows
            more = {"page_token": str(token)}
        raise BrokerUnavailable(
            "So many bars are not fetched at once: ask for a shorter time or a longer timeframe."
        )

    def _asked(self, contract: Contract, what: str, query: Mapping[str, str]) -> Any:  # noqa: ANN401  JSON
        if _is_crypto(contract):
            return self._client.data(f"/v1beta3/crypto/us/{what}", query)
        try:
            return self._client.data(f"/v2/stocks/{what}", {**query, "feed": self._feed})
        except BrokerAuth as error:
            # The keys are good: it is the plan that does not include this feed.
            if "subscription" not in error.detail.lower():
                raise
            raise BrokerRejected(
                f"The Alpaca plan of this account has no prices of the feed {self._feed.upper()}"
                " from the last 15 minutes. Choose the feed IEX in the account's settings, or"
                " subscribe to the other one at Alpaca.",
                code="MARKET_DATA_PLAN",
            ) from error

    def _insist(self, contract: Contract) -> None:
        """Raise BrokerRejected UNKNOWN_SYMBOL where Alpaca does not list the symbol at all."""
        if asset_of(self._client, contract) is None:
            raise BrokerRejected(
                f"Alpaca knows no symbol {symbol_out(contract)}: look for its spelling there.",
                code="UNKNOWN_SYMBOL",
            )


def _is_crypto(contract: Contract) -> bool:
    return contract.instrument.kind is InstrumentKind.CRYPTO


def _quote(contract: Contract, quote: Any, trade: Any) -> Quote | None:  # noqa: ANN401  JSON
    """The newest quote, as old as what it is made of; None while there is no price."""
    last = None if trade is None else price_in(trade["p"])
    sides = sides_in(quote, last)
    if sides is not None:
        at = _instant(quote["t"])
    elif last is not None:
        sides, at = (last, last), _instant(trade["t"])
    else:
        return None
    return Quote(contract.symbol, *sides, at, QuoteSource.SNAPSHOT, last)


def _bar(contract: Contract, row: Any) -> Bar:  # noqa: ANN401  JSON
    return Bar(
        symbol=contract.symbol,
        at=_instant(row["t"]),
        open=parse(row["o"]),
        high=parse(row["h"]),
        low=parse(row["l"]),
        close=parse(row["c"]),
        volume=parse(row["v"]),
    )


def _instant(text: str) -> datetime:
    """An instant with its zone; Alpaca writes nanoseconds, of which microseconds are kept."""
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError(text)
    return at.astimezone(UTC)


def _text(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")
