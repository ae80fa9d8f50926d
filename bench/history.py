"""History over years: how fast it is read, how little room it takes, and that keeping it is unseen.

A tenth of the promised size by itself, a hundred strategies with ``--full``.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from itertools import islice, repeat
from pathlib import Path
from statistics import median
from typing import Final
from urllib.parse import urlencode

from app.bootstrap import Core
from app.bootstrap.history import keeping
from app.services.history import Keeper, Roller
from app.services.ports import BookKey
from bench import past
from bench.figures import Figure, Target, at_most
from bench.load import HOST, Answers, closed, paced
from bench.recorder import SYMBOLS, enter
from bench.run import Run
from bench.servers import Server, floor, signalbox
from bench.stage import DATABASE, Stage, exits, requests, staged

_PART: Final = "history"
_STRATEGIES: Final = 100
_READ_MS: Final = at_most(50)
_CHART_MS: Final = at_most(60)
_WEBHOOK_MS: Final = at_most(100)
#: Of 24 hours of all strategies, before and after they are rolled up.
_SECONDS_MIB: Final = 400.0
_ROLLED_MIB: Final = 10.0
_PER_SECOND: Final = 20
_WARM_UP: Final = 5
_MIB: Final = 2**20


def measure(run: Run) -> list[Figure]:
    """Return times, sizes and the delay of a webhook; about five minutes."""
    return [*_reading(run), *_sizes(run), *_beside(run)]


def _reading(run: Run) -> Iterator[Figure]:
    """Ask for drawdown, calendar and chart of one strategy, beside a past of many."""
    path, strategies = run.directory / f"{_PART}-read", run.share(_STRATEGIES)
    with staged(path, strategies) as stage:
        now, count = stage.made.clock.now(), run.pick(200, 10)
        strategy_id = _year(stage, now, run.pick(past.DAYS, 40))
        with signalbox(stage.settings) as server, floor(path) as least:
            bare = closed(least.port, requests(["/webhook/floor"], exits()), 1, count).expect(202)
            for name, target, address in _questions(strategy_id, now):
                answers = _asked(server, _get(address, stage.token), count)
                yield _figure(name, target, answers, bare)
    name = f"a year of {strategies} strategies"
    yield Figure(_PART, name, _mib(path), "MiB", None, "seconds, minutes, hours and days as kept")


def _year(stage: Stage, now: datetime, days: int) -> str:
    """Write the past; returns the strategy that has trades."""
    made, user_id = stage.made, stage.made.users.list()[0].id
    source, *others = past.curves(made, user_id, list(stage.venues))
    past.history(made, source, now, days)
    for other in others:
        past.copied(made, source, other)
    strategy_id = next(iter(stage.venues))
    account_id = made.accounts.list(user_id)[0].id
    past.trades(made, BookKey(strategy_id, account_id, past.SYMBOL), now)
    return strategy_id


def _questions(strategy_id: str, now: datetime) -> Iterator[tuple[str, Target, str]]:
    """Yield what is asked over HTTP: its name, its target and its address."""
    for name, days in (("1 day", 1), ("30 days", 30), ("1 year", 365)):
        start = now - timedelta(days=days)
        of = {"strategy_id": strategy_id}
        since = urlencode({**of, "start": f"{start:%Y-%m-%dT%H:%M:%SZ}"})
        between = urlencode(
            {**of, "start_date": f"{start:%Y-%m-%d}", "end_date": f"{now:%Y-%m-%d}"}
        )
        yield f"drawdown, {name}", _READ_MS, f"/api/drawdown?{since}"
        yield f"calendar, {name}", _READ_MS, f"/api/dashboard/pnl-calendar?{between}"
        chart = f"/api/dashboard/pnl-drawdown-chart?{since}&limit=2000"
        yield f"chart, {name}", _CHART_MS, chart


def _get(address: str, token: str) -> bytes:
    lines = (f"GET {address} HTTP/1.1", f"Host: {HOST}", f"Authorization: Bearer {token}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n"


def _asked(server: Server, request: bytes, count: int) -> Answers:
    closed(server.port, repeat(request), 1, _WARM_UP).expect(200)
    return closed(server.port, repeat(request), 1, count).expect(200)


def _figure(name: str, target: Target, answers: Answers, bare: Answers) -> Figure:
    middle, least = answers.milliseconds(50), bare.milliseconds(50)
    note = f"median {middle:.1f} ms, {middle / least:.0f} times the floor's {least:.2f} ms"
    return Figure(_PART, f"{name}, p95", answers.milliseconds(95), "ms", target, note)


def _sizes(run: Run) -> Iterator[Figure]:
    """A day of seconds, each with another value, and what is left of it when it is rolled up."""
    path, strategies = run.directory / f"{_PART}-size", run.share(_STRATEGIES)
    length = run.pick(past.DAY_S, past.HOUR_S)
    share = strategies / _STRATEGIES * length / past.DAY_S
    with staged(path, strategies) as stage:
        made, empty = stage.made, _mib(path)
        end = int(made.clock.now().timestamp()) // past.DAY_S * past.DAY_S
        source, *others = past.curves(made, made.users.list()[0].id, list(stage.venues))
        past.seconds(made, source, end - length, end)
        for other in others:
            past.copied(made, source, other)
        what = f"{length / past.HOUR_S:g} h of {strategies} strategies, another value each second"
        yield _size("seconds", path, empty, None if run.quick else share * _SECONDS_MIB, what)
        steps = list(_rolled_up(made, datetime.fromtimestamp(end, UTC) + timedelta(days=4)))
        yield _size("rolled up", path, empty, None if run.quick else share * _ROLLED_MIB, what)
    note = f"median {1000 * median(steps):.1f} ms, {len(steps)} steps, {sum(steps):.0f} s in all"
    yield Figure(_PART, "longest step of rolling up", 1000 * max(steps), "ms", None, note)


def _size(name: str, path: Path, empty: float, most: float | None, what: str) -> Figure:
    target = None if most is None else at_most(most)
    note = f"{what}; the file has {_file_mib(path):.1f} MiB with what is free in it"
    return Figure(_PART, f"size, {name}", _mib(path) - empty, "MiB", target, note)


def _rolled_up(made: Core, now: datetime) -> Iterator[float]:
    """Roll up and delete what is old at ``now``; yields the seconds that each step takes."""
    roller = Roller(made.store, made.settings.trading_day_roll)
    keeper = Keeper(made.store, keeping(made.settings))
    more = True
    while more:
        began = time.perf_counter()
        more = roller.step(now) or keeper.step(now)
        yield time.perf_counter() - began


def _beside(run: Run) -> Iterator[Figure]:
    """Send alerts while every second a thousand curves move and old ones are rolled up."""
    strategies, seconds = run.pick(1000, 20), run.pick(60, 5)
    with staged(run.directory / f"{_PART}-beside", strategies + 1, SYMBOLS, "synthetic") as stage:
        _old(stage, run.pick(1800, 120))
        with signalbox(stage.settings) as server:
            enter(stage, server, strategies)
            flat = requests(stage.paths[-1:], exits(), close=True)
            alerts = list(islice(flat, seconds * _PER_SECOND))
            answers = paced(server.port, alerts, _PER_SECOND).expect(202)
    note = (
        f"median {answers.milliseconds(50):.1f} ms; {_PER_SECOND} a second for {seconds} s beside"
        f" {strategies} active strategies whose older seconds are rolled up and deleted"
    )
    p99 = answers.milliseconds(99)
    yield Figure(_PART, "webhook beside the historian, p99", p99, "ms", _WEBHOOK_MS, note)


def _old(stage: Stage, length: int) -> None:
    """Write seconds that are to be rolled up and, being older than is kept, deleted."""
    made = stage.made
    end = int(made.clock.now().timestamp()) - 4 * past.DAY_S
    source, *others = past.curves(made, made.users.list()[0].id, list(stage.venues))
    past.seconds(made, source, end - length, end)
    for other in others:
        past.copied(made, source, other)


def _mib(path: Path) -> float:
    """How much of the database in the folder is in use, without its free pages."""
    with closing(sqlite3.connect(path / DATABASE)) as connection:
        pages, free, size = (
            connection.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("page_count", "freelist_count", "page_size")
        )
    return float((pages - free) * size / _MIB)


def _file_mib(path: Path) -> float:
    """The size of the database's file once it holds all that was written."""
    with closing(sqlite3.connect(path / DATABASE)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return (path / DATABASE).stat().st_size / _MIB
