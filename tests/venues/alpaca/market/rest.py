"""The REST API for market data: /v2/stocks and /v1beta3/crypto/us."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from itertools import islice
from typing import Any, Final

from tests.venues.alpaca.account import AccountBook
from tests.venues.alpaca.house import House
from tests.venues.alpaca.market.assets import Asset
from tests.venues.alpaca.market.bars import Frame, History
from tests.venues.alpaca.market.tape import quote_json, trade_json
from tests.venues.alpaca.streams import nanoseconds
from tests.venues.alpaca.words import ApiError, Json, bad_field, instant, nowhere

Query = Mapping[str, str]
Answer = tuple[int, Any]
_MOST: Final = 10_000
_USUAL: Final = 1_000
_NO_SIP: Final = "subscription does not permit querying recent SIP data"


class MarketData:
    """What one account may read; ``crypto`` says from which market.  Raises ApiError."""

    def __init__(self, house: House, book: AccountBook, *, crypto: bool) -> None:
        self._house = house
        self._history = History(house.hours)
        self._crypto = crypto
        self._free = book.terms.plan == "free"

    def answer(self, what: str, query: Query) -> Answer:
        """Answer ``bars``, ``bars/latest``, ``snapshots`` and so on; 404 for what is not there."""
        if query.get("feed") == "sip" and self._free and not self._crypto:
            raise ApiError(403, {"message": _NO_SIP})
        kind, _, latest = what.partition("/")
        if kind == "latest":  # crypto says it the other way round
            kind, latest = latest, kind
        if kind == "snapshots":
            found = {asset.symbol: self._snapshot(asset) for asset in self._assets(query)}
            return 200, {"snapshots": found} if self._crypto else found
        if kind not in {"bars", "quotes", "trades"}:
            raise nowhere()
        if latest:
            found = {asset.symbol: self._latest(kind, asset) for asset in self._assets(query)}
            return 200, {kind: found}
        return 200, self._past(kind, query)

    def _assets(self, query: Query) -> list[Asset]:
        names = [one.strip() for one in query.get("symbols", "").split(",") if one.strip()]
        if not names:
            raise bad_field("symbols is required")
        known = self._house.prices.assets
        return [known[one] for one in names if one in known and known[one].crypto is self._crypto]

    def _latest(self, kind: str, asset: Asset) -> Json:
        prices = self._house.prices
        if kind == "bars":
            return self._history.latest(asset)
        if kind == "quotes":
            return _plain(quote_json(prices.latest(asset.symbol)))
        return _plain(trade_json(prices.trades[asset.symbol][-1]))

    def _snapshot(self, asset: Asset) -> Json:
        now = self._house.hours.now()
        day = Frame.read("1Day")
        days = list(self._history.bars(asset, day, now - timedelta(days=10), now))
        return {
            "latestTrade": self._latest("trades", asset),
            "latestQuote": self._latest("quotes", asset),
            "minuteBar": self._latest("bars", asset),
            "dailyBar": days[-1],
            "prevDailyBar": days[-2],
        }

    def _past(self, kind: str, query: Query) -> Json:
        """A page of history: symbols in order, each oldest first, as one sequence that is cut."""
        now = self._house.hours.now()
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        start = instant(query["start"], "start") if query.get("start") else midnight
        end = instant(query["end"], "end") if query.get("end") else now
        limit = _limit(query)
        skip = _token(query.get("page_token"))
        read = self._reader(kind, query, start, end)
        rows = (
            (asset.symbol, row)
            for asset in sorted(self._assets(query), key=lambda one: one.symbol)
            for row in read(asset)
        )
        page = list(islice(rows, skip, skip + limit + 1))
        found: dict[str, list[Json]] = {}
        for symbol, row in page[:limit]:
            found.setdefault(symbol, []).append(row)
        more = len(page) > limit
        return {kind: found, "next_page_token": f"page-{skip + limit}" if more else None}

    def _reader(
        self, kind: str, query: Query, start: datetime, end: datetime
    ) -> Callable[[Asset], Iterable[Json]]:
        prices = self._house.prices
        if kind == "bars":
            frame = Frame.read(query.get("timeframe", ""))
            return lambda asset: self._bars(asset, frame, start, end, query)
        if kind == "quotes":
            return lambda asset: [
                _plain(quote_json(one))
                for one in tuple(prices.quotes[asset.symbol])
                if start <= one.quote.at <= end
            ]
        return lambda asset: [
            _plain(trade_json(one))
            for one in tuple(prices.trades[asset.symbol])
            if start <= one.at <= end
        ]

    def _bars(
        self, asset: Asset, frame: Frame, start: datetime, end: datetime, query: Query
    ) -> Iterable[Json]:
        found = self._history.bars(asset, frame, start, end)
        return reversed(list(found)) if query.get("sort") == "desc" else found


def _plain(message: Json) -> Json:
    """A message of the stream as REST writes it: without kind and symbol."""
    kept = {name: value for name, value in message.items() if name not in {"T", "S"}}
    return {**kept, "t": nanoseconds(kept["t"])}


def _limit(query: Query) -> int:
    text = query.get("limit", str(_USUAL))
    if not text.isdecimal() or not 0 < int(text) <= _MOST:
        raise bad_field(f"invalid limit: {text}")
    return int(text)


def _token(text: str | None) -> int:
    if not text:
        return 0
    number = text.removeprefix("page-")
    if not number.isdecimal():
        raise bad_field(f"invalid page_token: {text}")
    return int(number)
