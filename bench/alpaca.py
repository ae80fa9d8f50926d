"""Alpaca: from an alert to the order that was taken there, and from a fill to a browser's event.

The stand-in for Alpaca is a process of its own that answers each request 10 ms late.  Alerts come
at a steady pace for strategies on its account, each of them an order at the market.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import requests
from sqlalchemy import select

from app.clock import SystemClock
from app.domain.accounts import ALPACA
from app.domain.events import FactKind
from app.store.tables.history import FACTS
from app.store.tables.trading import ALERTS, FILLS
from bench.browser import Browser
from bench.exchange import Exchange, exchange
from bench.figures import Figure, at_most, percentile
from bench.load import paced, post
from bench.run import Run
from bench.servers import signalbox
from bench.stage import Stage, staged

_PART: Final = "alpaca"
_PRICES: Final = {"AAPL": "270", "MSFT": "500", "NVDA": "190", "SPY": "680", "F": "12"}
_LATENCY_MS: Final = 10
#: What no strategy trades.
_OTHER: Final = "QQQ"
_TIMEOUT_S: Final = 10
_A_SECOND: Final = 5
_ACCEPTED_P50_MS: Final = at_most(30)
_ACCEPTED_P99_MS: Final = at_most(80)
_HEARD_P99_MS: Final = at_most(100)
#: Alerts before those that are measured: the first order of each strategy reads what later ones
#: need not.
_FIRST: Final = 2 * len(_PRICES)


@dataclass(frozen=True, slots=True)
class _Seen:
    """What is written of one alert: instants in seconds since 1970."""

    received: float
    accepted: float


def measure(run: Run) -> list[Figure]:
    """Return how long orders take to be accepted, and fills to be heard of."""
    count = run.pick(60, 4) * _A_SECOND
    clock = SystemClock()
    with (
        exchange(run.directory / "venue") as venue,
        staged(
            run.directory / _PART,
            strategies=len(_PRICES),
            symbols=tuple(_PRICES),
            venues=(ALPACA,),
            alpaca=(venue.address, venue.keys),
        ) as stage,
        signalbox(stage.settings) as server,
    ):
        venue.tell("line", latency_ms=_LATENCY_MS)
        venue.wait_for_streams()
        sent = list(_requests(stage, _FIRST + count))
        paced(server.port, sent[:_FIRST], _A_SECOND).expect(202)
        stage.wait()
        browser = Browser(
            server.port, stage.token, "trades", "trade_executed", lambda: clock.now().timestamp()
        )
        began = clock.now().timestamp()
        paced(server.port, sent[_FIRST:], _A_SECOND).expect(202)
        stage.wait()
        time.sleep(1)
        browser.close()
        seen, filled = _seen(stage), _filled(stage)
        bare = percentile(list(_bare(venue, run.pick(100, 10))), 50)
    return [
        Figure(_PART, "order sent to the stand-in by a bare client, p50", bare, "ms"),
        *_accepted(seen, began, count),
        *_heard(browser, filled, count),
    ]


def _bare(venue: Exchange, count: int) -> Iterator[float]:
    """Milliseconds that an order takes which nobody has to decide on, and nobody keeps but it."""
    keys = {"APCA-API-KEY-ID": venue.keys.key, "APCA-API-SECRET-KEY": venue.keys.secret}
    order = {"symbol": _OTHER, "qty": "1", "type": "market", "time_in_force": "day"}
    with requests.Session() as session:
        session.trust_env = False
        for number in range(count):
            side = "sell" if number % 2 else "buy"
            began = time.perf_counter()
            answer = session.post(
                f"{venue.address}/v2/orders",
                json={**order, "side": side},
                headers=keys,
                timeout=_TIMEOUT_S,
            )
            took = time.perf_counter() - began
            answer.raise_for_status()
            yield 1000 * took
            time.sleep(1 / _A_SECOND / 10)


def _requests(stage: Stage, count: int) -> Iterator[bytes]:
    """Alerts that buy one and sell it again, the strategies taking turns."""
    turns = list(zip(stage.paths, _PRICES.items(), strict=True))
    for number in range(count):
        path, (symbol, price) = turns[number % len(turns)]
        side = "sell" if number // len(turns) % 2 else "buy"
        body = {"id": f"trade-{number}", "symbol": symbol, "action": side, "quantity": "1"}
        yield post(path, {**body, "price": price}, close=True)


def _seen(stage: Stage) -> dict[str, _Seen]:
    """When each alert was received, and when it was first written that its order was taken.

    A fill that is booked before the venue's answer says so as well.
    """
    told = {FactKind.ORDER_ACCEPTED, FactKind.ORDER_FILLED}
    orders = (
        select(FACTS.c.alert_id, FACTS.c.at).where(FACTS.c.kind.in_(told)).order_by(FACTS.c.number)
    )
    with stage.made.store.read() as uow:
        alerts = dict(uow.connection.execute(select(ALERTS.c.id, ALERTS.c.received_at)).all())
        accepted: dict[str, datetime] = {}
        for alert_id, at in uow.connection.execute(orders):
            accepted.setdefault(alert_id, at)
    return {
        alert_id: _Seen(alerts[alert_id].timestamp(), at.timestamp())
        for alert_id, at in accepted.items()
    }


def _filled(stage: Stage) -> dict[str, float]:
    """When each order filled, by the stand-in's word, which tells it at once."""
    with stage.made.store.read() as uow:
        rows = uow.connection.execute(select(FILLS.c.order_id, FILLS.c.at)).all()
    return {order_id: at.timestamp() for order_id, at in rows}


def _accepted(seen: Mapping[str, _Seen], began: float, count: int) -> Iterator[Figure]:
    measured = [each for each in seen.values() if each.received >= began]
    if len(measured) != count:
        raise RuntimeError(f"Of {count} alerts {len(measured)} led to an order that was taken.")
    # The instant at which each alert was due: its time on the way to the server counts too.
    ordered = sorted(measured, key=lambda each: each.received)
    due = [began + number / _A_SECOND for number in range(count)]
    booked = [1000 * (each.accepted - each.received) for each in ordered]
    whole = [1000 * (each.accepted - at) for each, at in zip(ordered, due, strict=True)]
    note = (
        f"{count} orders, {_A_SECOND} a second, {_LATENCY_MS} ms of latency; slowest"
        f" {max(booked):.1f} ms"
    )
    name = "alert received to order accepted"
    yield Figure(_PART, f"{name}, p50", percentile(booked, 50), "ms", _ACCEPTED_P50_MS, note)
    yield Figure(_PART, f"{name}, p99", percentile(booked, 99), "ms", _ACCEPTED_P99_MS)
    name = "alert sent to order accepted"
    yield Figure(_PART, f"{name}, p50", percentile(whole, 50), "ms")
    yield Figure(_PART, f"{name}, p99", percentile(whole, 99), "ms")


def _heard(browser: Browser, filled: Mapping[str, float], count: int) -> Iterator[Figure]:
    told = [
        (at, json.loads(packet.removeprefix("42"))[1]["order_id"]) for at, packet in browser.heard
    ]
    delays = [1000 * (at - filled[order_id]) for at, order_id in told]
    if len(delays) != count:
        raise RuntimeError(f"Of {count} fills {len(delays)} were heard of.")
    name, note = "fill to browser event", f"{count} fills; latest {max(delays):.1f} ms"
    yield Figure(_PART, f"{name}, p50", percentile(delays, 50), "ms", None, note)
    yield Figure(_PART, f"{name}, p99", percentile(delays, 99), "ms", _HEARD_P99_MS)
