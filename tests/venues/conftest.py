"""The stand-in for Alpaca: one for a file of tests, with an account of its own for each of them."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.alpaca import StandIn, inner_stand_in

_NUMBERS = itertools.count(1)


@pytest.fixture(scope="module")
def venue(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandIn]:
    with inner_stand_in(folder(tmp_path_factory)) as made:
        yield made


def folder(factory: pytest.TempPathFactory) -> Path:
    return factory.mktemp("alpaca")


@pytest.fixture
def alpaca(venue: StandIn) -> StandIn:
    """A fresh account in an open market at AAPL 270 to 270.01, without faults."""
    keys = (f"PKTEST{next(_NUMBERS):014d}", "secret")
    mine = replace(venue, keys=keys)
    mine.tell("account", key=keys[0], secret=keys[1], rate_limit=0)
    mine.tell("faults", clear=True)
    mine.tell("market", session="open", resume=["AAPL"])
    mine.tell("line", latency_ms=0, travel_ms=2, event_delay_ms=0)
    mine.price("AAPL", "270", "270.01")
    mine.price("BTC/USD", "95000", "95010")
    return mine
