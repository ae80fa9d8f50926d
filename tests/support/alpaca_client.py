"""Our client of Alpaca, pointed at the stand-in."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager

from app.brokers.alpaca.client import AlpacaClient
from app.brokers.alpaca.keys import Hosts, Keys
from app.brokers.net.calls import Timeouts
from app.brokers.net.limits import Limits
from app.clock import SystemClock
from app.services.ports import Clock
from tests.support.alpaca import StandIn


def hosts(address: str) -> Hosts:
    """Where the stand-in is: all three interfaces at one port."""
    return Hosts(address, address, address.replace("http", "ws"))


@contextmanager
def calling(
    address: str,
    keys: Keys,
    *,
    answer_s: float = 5.0,
    per_minute: int | None = None,
    clock: Clock | None = None,
) -> Iterator[AlpacaClient]:
    """A client of an address, with a limit of time and of requests."""
    clock = clock or SystemClock()
    limits = Limits(clock.monotonic, random.Random(1), per_minute)
    client = AlpacaClient(keys, hosts(address), Timeouts(1.0, answer_s), limits, clock)
    try:
        yield client
    finally:
        client.close()


def keys_of(stand_in: StandIn) -> Keys:
    """The keys of the stand-in's first account."""
    return Keys(*stand_in.keys)
