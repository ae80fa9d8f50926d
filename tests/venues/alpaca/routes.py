"""Which request is which verb of which API."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import unquote

from app.brokers.chaos.faults import Fault
from tests.venues.alpaca.account import AccountBook
from tests.venues.alpaca.house import House
from tests.venues.alpaca.market.rest import MarketData
from tests.venues.alpaca.trading import Trading
from tests.venues.alpaca.words import nowhere


@dataclass(frozen=True)
class Call:
    """One request that is understood: its name in the path, its query and its body."""

    name: str
    query: Mapping[str, str]
    body: Any
    faults: frozenset[Fault]


Act = Callable[[Trading, Call], tuple[int, Any]]

#: method, path below /v2 with at most one name, the verb under which faults are scripted, the act
_ROUTES: Final[tuple[tuple[str, str, str, Act], ...]] = (
    ("GET", "account", "account", lambda api, call: api.account()),
    ("GET", "account/configurations", "read", lambda api, call: api.configurations()),
    ("GET", "account/portfolio/history", "read", lambda api, call: api.history(call.query)),
    ("GET", "account/activities", "fills", lambda api, call: api.activities(None, call.query)),
    (
        "GET",
        "account/activities/*",
        "fills",
        lambda api, c: api.activities(c.name, c.query),
    ),
    ("GET", "clock", "read", lambda api, call: api.clock()),
    ("GET", "calendar", "read", lambda api, call: api.calendar(call.query)),
    ("GET", "assets", "read", lambda api, call: api.assets(call.query)),
    ("GET", "assets/*", "read", lambda api, call: api.asset(call.name)),
    ("POST", "orders", "submit", lambda api, call: api.submit(call.body, call.faults)),
    ("GET", "orders", "orders", lambda api, call: api.orders(call.query)),
    ("DELETE", "orders", "cancel", lambda api, call: api.cancel_all()),
    ("GET", "orders:by_client_order_id", "order", lambda api, call: api.by_client_id(call.query)),
    ("GET", "orders/*", "order", lambda api, call: api.order(call.name, call.query)),
    ("PATCH", "orders/*", "replace", lambda api, call: api.replace(call.name, call.body)),
    ("DELETE", "orders/*", "cancel", lambda api, call: api.cancel(call.name)),
    ("GET", "positions", "positions", lambda api, call: api.positions()),
    ("DELETE", "positions", "submit", lambda api, call: api.close_all(call.query)),
    ("GET", "positions/*", "positions", lambda api, call: api.position(call.name)),
    ("DELETE", "positions/*", "submit", lambda api, call: api.close(call.name, call.query)),
)
_COMPILED: Final = tuple(
    (method, re.compile(re.escape(path).replace(r"\*", "(.+)")), verb, act)
    for method, path, verb, act in _ROUTES
)
_STOCKS, _CRYPTO, _TRADING = "/v2/stocks/", "/v1beta3/crypto/us/", "/v2/"


@dataclass(frozen=True)
class Route:
    """A request that has a place: its verb, and what answers it.

    ``family`` is the API whose rate limit it counts against.
    """

    verb: str
    family: str
    name: str
    answer: Callable[[House, AccountBook, Call], tuple[int, Any]]


def find(method: str, path: str) -> Route:
    """The route of a path; raises ApiError when there is no such place."""
    for prefix in (_STOCKS, _CRYPTO):
        if path.startswith(prefix) and method == "GET":
            return _data(path.removeprefix(prefix), crypto=prefix == _CRYPTO)
    if not path.startswith(_TRADING):
        raise nowhere()
    below = path.removeprefix(_TRADING)
    for known, pattern, verb, act in _COMPILED:
        found = pattern.fullmatch(below)
        if known == method and found is not None:
            name = unquote(found[1]) if found.groups() else ""
            return Route(verb, "trading", name, _trading(act))
    raise nowhere()


def _trading(act: Act) -> Callable[[House, AccountBook, Call], tuple[int, Any]]:
    def answer(house: House, book: AccountBook, call: Call) -> tuple[int, Any]:
        with house.lock:
            return act(Trading(house, book), call)

    return answer


def _data(what: str, *, crypto: bool) -> Route:
    def answer(house: House, book: AccountBook, call: Call) -> tuple[int, Any]:
        return MarketData(house, book, crypto=crypto).answer(what, call.query)

    return Route("data", "data", what, answer)
