"""Alpaca's REST interfaces by its official client, which never sees an error.

The client alone would wait without end, and send an order again after a 504 (which may have been
taken) or a 429.  So its session is replaced by one that gives each request a limit of time and a
verdict, and raises it through the client.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final
from urllib.parse import urlsplit

import structlog
from alpaca.common.rest import RESTClient

from app.brokers.alpaca.keys import Hosts, Keys
from app.brokers.alpaca.refusals import meaning
from app.brokers.net.calls import Answer, Body, Dialect, Exchange, Request, Timeouts
from app.brokers.net.limits import Limits
from app.services.ports import Clock

_log = structlog.get_logger()

_NO_CONTENT: Final = 204


class AlpacaClient:
    """The calls of one account's keys; many tasks may use it at once.

    Each verb returns the answer as JSON: an object, a list, or None where Alpaca says nothing.
    Numbers that are no strings are Decimal.
    """

    def __init__(
        self, keys: Keys, hosts: Hosts, timeouts: Timeouts, limits: Limits, clock: Clock
    ) -> None:
        """``limits`` are those of trading; market data has the same rate, counted by itself."""
        self._limits = limits
        self._trading = _Session(timeouts, limits, clock)
        self._prices = _Session(timeouts, limits.beside(), clock)
        self._trading_client = _client(keys, hosts.trading, self._trading)
        self._prices_client = _client(keys, hosts.data, self._prices)

    @property
    def requests_left(self) -> int | None:
        """How many requests of trading may go out at once now; None is no limit."""
        return self._limits.requests_left

    @property
    def requests_per_minute(self) -> int | None:
        """How many requests of trading Alpaca takes in a minute; None is no limit."""
        return self._limits.per_minute

    def read(self, path: str, query: Mapping[str, str] | None = None) -> Any:  # noqa: ANN401  JSON
        """Ask the trading interface, below /v2, for something that changes nothing.

        Raises BrokerRejected, BrokerAuth, BrokerUnavailable and BrokerLimited.
        """
        return self._trading_client.get(path, None if query is None else dict(query))

    def change(self, method: str, path: str, body: Body = None) -> Any:  # noqa: ANN401  JSON
        """Ask the trading interface, below /v2, once for something to be done.

        Raises BrokerRejected, BrokerAuth, BrokerLimited and BrokerUnavailable (not done), and
        BrokerUnknown (it may have been done).
        """
        verbs = {"POST": "post", "PATCH": "patch", "DELETE": "delete"}
        return getattr(self._trading_client, verbs[method])(path, body)

    def data(self, path: str, query: Mapping[str, str] | None = None) -> Any:  # noqa: ANN401  JSON
        """Ask for market data; ``path`` begins with its version.  Raises as ``read`` does."""
        version, _, place = path.removeprefix("/").partition("/")
        asked = None if query is None else dict(query)
        return self._prices_client.get(f"/{place}", asked, api_version=version)

    def close(self) -> None:
        """Close the connections; reads that wait give up."""
        self._trading.close()
        self._prices.close()


class _Session:
    """Stands where the official client has its ``requests.Session``."""

    def __init__(self, timeouts: Timeouts, limits: Limits, clock: Clock) -> None:
        self._exchange = Exchange(Dialect(_read, meaning), timeouts, limits, clock, _noted)

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        params: Mapping[str, str] | None = None,
        json: Body = None,
        **_: object,
    ) -> _Response:
        """Ask, and return an answer that went well; raises BrokerError for every other."""
        asked = Request(method, url, headers, params, json)
        ask = self._exchange.read if method == "GET" else self._exchange.change
        return _Response(ask(asked))

    def close(self) -> None:
        """Close the connections."""
        self._exchange.close()


class _Response:
    """An answer that went well, as the official client looks at one."""

    def __init__(self, data: object) -> None:
        self._data = data
        self.text = "" if data is None else "JSON"

    def raise_for_status(self) -> None:
        """Whatever went wrong was raised already."""

    def json(self) -> object:
        """What the answer says."""
        return self._data


def _client(keys: Keys, address: str, session: _Session) -> RESTClient:
    client = RESTClient(address, keys.key, keys.secret, raw_data=True)
    client._session.close()  # noqa: SLF001  the client has no other way to be given a session
    client._session = session  # type: ignore[assignment]  # noqa: SLF001  the same
    return client


def _read(answer: Answer) -> Any:  # noqa: ANN401  JSON
    if answer.status == _NO_CONTENT:
        return None
    return json.loads(answer.body.decode("utf-8"), parse_float=Decimal, parse_constant=_no_number)


def _no_number(name: str) -> Decimal:
    raise ValueError(f"{name} is no number")


def _noted(asked: Request, status: int | None, seconds: float) -> None:
    """Log an attempt; its query and headers stay out."""
    tell = _log.debug if asked.method == "GET" else _log.info
    path = urlsplit(asked.address).path
    tell(
        "alpaca_asked",
        method=asked.method,
        path=path,
        status=status,
        milliseconds=round(seconds * 1000, 1),
    )
