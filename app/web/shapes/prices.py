"""How quotes and bars look in JSON: prices are decimal text, unknown is null."""

from __future__ import annotations

from app.domain.quotes import Bar, Quote, Timeframe
from app.web import wire
from app.web.wire import Json


def quote(each: Quote) -> Json:
    """Return a quote; ``mark`` is the price that values a position."""
    return {
        "symbol": each.symbol,
        "bid": wire.money(each.bid),
        "ask": wire.money(each.ask),
        "last": wire.money(each.last),
        "mark": wire.money(each.mark),
        "source": each.source.value,
    }


def minute(each: Bar) -> Json:
    """Return a minute bar that has ended, with its symbol."""
    return {"symbol": each.symbol, "timeframe": Timeframe.MINUTE.value, **bar(each)}


def bar(each: Bar) -> Json:
    """Return a bar; ``time`` is when it begins."""
    return {
        "time": wire.iso(each.at),
        "open": wire.money(each.open),
        "high": wire.money(each.high),
        "low": wire.money(each.low),
        "close": wire.money(each.close),
        "volume": wire.money(each.volume),
    }
