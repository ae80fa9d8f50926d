"""The market data streams: trades, quotes, bars and halts to whoever subscribed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from tests.venues.alpaca.lines import Line, Lines
from tests.venues.alpaca.market.prices import Priced, Prices, Trade
from tests.venues.alpaca.words import Json

CHANNELS: Final = (
    "trades",
    "quotes",
    "bars",
    "updatedBars",
    "dailyBars",
    "statuses",
    "lulds",
    "corrections",
    "cancelErrors",
)
#: Endpoints and what they carry: stocks, the test symbol, or crypto.
STOCKS: Final = frozenset({"/v2/iex", "/v2/sip"})
TEST: Final = "/v2/test"
CRYPTO: Final = "/v1beta3/crypto/us"
_BARS: Final = {"b": "bars", "u": "updatedBars", "d": "dailyBars"}
_MINUTE: Final = timedelta(minutes=1)


class Tape(Lines):
    """Every open market data stream."""

    def claim(self, line: Line) -> bool:
        """Take the account's one connection to an endpoint; False when it is taken."""
        if any(other.place == line.place for other in self.of(line.key)):
            return False
        return self.join(line)

    def trades(self, trades: Sequence[Trade]) -> None:
        """Send trades, as one message to each client."""
        for line in self.of():
            mine = [
                trade_json(one)
                for one in trades
                if line.wants("trades", one.symbol) and carries(line.place, one.symbol)
            ]
            if mine:
                self.put(line, mine)

    def quote(self, priced: Priced) -> None:
        """Send a quote."""
        self._send("quotes", priced.quote.symbol, quote_json(priced))

    def bar(self, kind: str, symbol: str, bar: Json) -> None:
        """Send a bar: of a minute (b), an updated one (u), or of the day (d)."""
        self._send(_BARS[kind], symbol, {"T": kind, "S": symbol, **bar})

    def status(self, symbol: str, at: datetime, *, halted: bool) -> None:
        """Send that a symbol was halted, or trades again."""
        code, words = ("H", "Trading Halt") if halted else ("T", "Trading Resumption")
        reason = {"rc": "LUDP", "rm": "Volatility Trading Pause", "z": "C"}
        self._send("statuses", symbol, _at("s", symbol, at, sc=code, sm=words, **reason))

    def minute(self, prices: Prices, end: datetime) -> None:
        """Send the bar of the minute that ended, of every symbol that traded in it."""
        for symbol, trades in prices.trades.items():
            if not any(line.wants("bars", symbol) for line in self.of()):
                continue
            mine = [one for one in trades if end - _MINUTE <= one.at < end]
            if mine:
                self.bar("b", symbol, bar_of(mine, end - _MINUTE))

    def _send(self, channel: str, symbol: str, message: Json) -> None:
        for line in self.of():
            if line.wants(channel, symbol) and carries(line.place, symbol):
                self.put(line, [message])


def carries(place: str, symbol: str) -> bool:
    """Whether an endpoint has a symbol."""
    if place == TEST:
        return symbol == "FAKEPACA"
    return (place == CRYPTO) == ("/" in symbol)


def bar_of(trades: Sequence[Trade], start: datetime) -> Json:
    """The bar of trades in their order."""
    prices = [one.price for one in trades]
    volume = sum((one.size for one in trades), Decimal(0))
    worth = sum((one.size * one.price for one in trades), Decimal(0))
    return {
        "o": float(prices[0]),
        "h": float(max(prices)),
        "l": float(min(prices)),
        "c": float(prices[-1]),
        "v": float(volume),
        "n": len(trades),
        "vw": float(worth / volume) if volume else float(prices[-1]),
        "t": start,
    }


def trade_json(trade: Trade) -> Json:
    """A trade on the stream; its instant is not yet written."""
    return _at(
        "t",
        trade.symbol,
        trade.at,
        i=trade.number,
        x="V",
        p=float(trade.price),
        s=float(trade.size) if trade.size % 1 else int(trade.size),
        c=["@"],
        z="C",
    )


def quote_json(priced: Priced) -> Json:
    """A quote on the stream; its instant is not yet written."""
    quote = priced.quote
    bid_size, ask_size = priced.shown
    return _at(
        "q",
        quote.symbol,
        quote.at,
        bx="V",
        bp=float(quote.bid),
        bs=int(bid_size),
        ax="V",
        ap=float(quote.ask),
        c=["R"],
        z="C",
        **{"as": int(ask_size)},
    )


def _at(kind: str, symbol: str, at: datetime, **more: object) -> Json:
    return {"T": kind, "S": symbol, **more, "t": at}
