"""A thousand strategies: what a second costs, and what a change costs."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from decimal import Decimal
from functools import partial
from itertools import pairwise
from typing import Any

import pytest

from app.clock import VirtualClock
from app.domain.strategies import StrategyState
from app.services.pnl import Books
from app.services.ports import Sample
from tests.support.counting import MORNING, CountingHouse

D = Decimal


@pytest.fixture
def crowd(counting_url: str) -> Iterator[CountingHouse]:
    """A thousand strategies of one user, each holding one of six contracts."""
    house = CountingHouse(counting_url, VirtualClock(MORNING))
    user = house.user("ann")
    account = house.account(user)
    for number in range(1000):
        made = house.strategy(user, f"S{number}", [account])
        house.fill(made, "1", "5000", "2", symbol=SYMBOLS[number % 6])
    yield house
    house.close()


SYMBOLS = ("ESZ2026", "NQZ2026", "CLZ2026", "GCZ2026", "SPY", "BTCUSD")


def seconds(work: Callable[[], Any]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


pytestmark = pytest.mark.hardship


def note(stops: list[float]) -> None:
    stops.append(time.perf_counter())


def test_a_second_of_a_thousand_strategies_costs_little_more_than_its_rows(
    crowd: CountingHouse,
) -> None:
    store = crowd.store
    price = 5000
    plain, whole, parts = [], [], []
    crowd.tick()
    for again in range(5):
        price += 1
        crowd.clock.advance(1)
        for symbol in SYMBOLS:
            crowd.quote(str(price), symbol)
        stops: list[float] = []
        recorder = crowd.recorder
        recorder._pause = partial(note, stops)
        begin = time.perf_counter()
        recorder.tick(crowd.clock.now())
        ends = [begin, *stops, time.perf_counter()]
        whole.append(ends[-1] - begin)
        parts.append(max(later - earlier for earlier, later in pairwise(ends)))
        at = int((crowd.clock.now() + timedelta(days=1 + again)).timestamp())
        rows = [Sample(series.id, at, D(price), D(price)) for series in crowd.series().values()]

        def insert(rows: list[Sample] = rows) -> None:
            with store.record() as uow:
                uow.history.record(rows, [])

        plain.append(seconds(insert))
    # Far from what is usual (3 and 0.35), so that a busy machine does not matter.
    assert min(whole) < 12 * min(plain)
    assert min(parts) < 0.6 * min(whole)


def test_a_switch_among_a_thousand_strategies_reads_one(crowd: CountingHouse) -> None:
    crowd.tick()
    books = Books(crowd.store, crowd.clock, crowd.quotes)
    everything = seconds(books.refresh)
    made = crowd.strategies.list(crowd.account().user_id)[0]
    crowd.strategies.set_state(made.user_id, made.id, StrategyState.OFF)
    assert seconds(crowd.books.refresh) < everything / 3
