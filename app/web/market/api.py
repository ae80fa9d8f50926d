"""Markets as an API: their hours, and the price of one symbol."""

from __future__ import annotations

from apiflask import APIBlueprint

from app.domain.quotes import Bar
from app.services.market import MarketData, Standing
from app.web import wire
from app.web.api.listing import add
from app.web.auth import Guard, guard
from app.web.deps import deps
from app.web.wire import Json


@guard(Guard.EITHER)
def status() -> Json:
    """Show whether the stock market is open, until when, and how other markets stand."""
    return _standing(deps().hours.standing())


@guard(Guard.EITHER)
def data(symbol: str) -> Json:
    """Show the price of a symbol, and how it did today where a connected venue knows it."""
    web = deps()
    found = web.market.data(symbol)
    age = found.quote.age(web.clock.now())
    return {**_data(found), "age_s": round(age.total_seconds(), 1)}


def chip() -> Json:
    """Return how the markets stand as far as it is known: for pages, which wait for no venue."""
    return _standing(deps().hours.known())


def _standing(found: Standing) -> Json:
    return {
        **wire.market_state(found.shares),
        "as_of": wire.iso(found.as_of),
        "source": found.source.value,
        "problem": found.problem,
        "markets": [
            {"name": state.market.name, "title": state.market.title, **wire.market_state(state)}
            for state in found.markets
        ],
    }


def _data(found: MarketData) -> Json:
    quote = found.quote
    return {
        "symbol": found.contract.symbol,
        "name": found.contract.instrument.name,
        "kind": found.contract.instrument.kind.value,
        "bid": wire.money(quote.bid),
        "ask": wire.money(quote.ask),
        "last": wire.money(quote.last),
        "mark": wire.money(quote.mark),
        "as_of": wire.iso(quote.at),
        "source": quote.source.value,
        "day": found.day and _bar(found.day),
        "previous_close": wire.money(found.previous_close),
        "change": wire.money(found.change),
        "change_percent": wire.money(found.change_percent),
        "problem": found.problem,
    }


def _bar(bar: Bar) -> Json:
    return {
        "at": wire.iso(bar.at),
        "open": wire.money(bar.open),
        "high": wire.money(bar.high),
        "low": wire.money(bar.low),
        "close": wire.money(bar.close),
        "volume": wire.money(bar.volume),
    }


def install_market(api: APIBlueprint) -> None:
    """Add these routes."""
    add(api, "GET", "/market-status", status)
    add(api, "GET", "/market-data/<path:symbol>", data)
