"""Our streams of Alpaca, pointed at the stand-in, and what they told."""

from __future__ import annotations

import random
import threading
from dataclasses import dataclass, field
from typing import Any

from app.brokers.alpaca.keys import Keys
from app.brokers.alpaca.price_stream import PriceStream
from app.brokers.alpaca.prices import Prices
from app.brokers.alpaca.streams import PACKED, UPDATES_PATH, TradeUpdates
from app.brokers.net.calls import Place, Timeouts
from app.brokers.net.limits import Limits
from app.brokers.net.stream import Credential, Hearing, Manners, Stream
from app.clock import SystemClock
from app.domain.quotes import Bar, Quote
from tests.support.alpaca import StandIn
from tests.support.serving import eventually

IDLE_S = 0.8


def credential(stand_in: StandIn, *, packed: bool = True, idle_s: float = IDLE_S) -> Credential:
    """What streams to the stand-in share."""
    clock, chance = SystemClock(), random.Random(1)
    place = Place(stand_in.address.replace("http", "ws"), PACKED if packed else {})
    manners = Manners(Timeouts(1.0, 5.0), idle_s)
    limits = Limits(clock.monotonic, chance)
    return Credential(lambda: place, manners, limits, threading.Semaphore(2), chance, clock)


@dataclass
class Told:
    """What a stream told, in order."""

    links: list[tuple[bool, str | None]] = field(default_factory=list)
    messages: list[Any] = field(default_factory=list)
    caught_up: int = 0

    def link(self, up: bool, detail: str | None) -> None:
        self.links.append((up, detail))

    def begun(self) -> None:
        self.caught_up += 1

    def ups(self) -> list[bool]:
        return [up for up, _ in list(self.links)]

    def down(self) -> str:
        """Why it was down the last time."""
        return next(detail or "" for up, detail in reversed(self.links) if not up)

    def comes_up(self, times: int = 1) -> None:
        """Wait until it has come up so many times."""
        eventually(lambda: self.ups().count(True) >= times, 10)

    def goes_down(self, words: str) -> None:
        """Wait until it is down for a reason with these words."""
        eventually(lambda: any(words in (why or "") for up, why in self.links if not up), 10)

    def events(self) -> list[str]:
        """The events of the orders that were told of."""
        of = [one["data"] for one in list(self.messages) if one["stream"] == "trade_updates"]
        return [one["event"] for one in of]


def updates(stand_in: StandIn, told: Told, keys: Keys | None = None) -> Stream:
    """The stream of what happens to orders, begun."""
    tongue = TradeUpdates(keys or Keys(*stand_in.keys))
    hearing = Hearing(told.begun, told.messages.append, told.link)
    stream = Stream(credential(stand_in), UPDATES_PATH, tongue, hearing)
    stream.start()
    return stream


class Fed:
    """A stream of prices, and what came of it."""

    def __init__(
        self,
        stand_in: StandIn,
        path: str = "/v2/iex",
        *,
        packed: bool = True,
        keys: Keys | None = None,
        shared: Credential | None = None,
    ) -> None:
        self.told = Told()
        self.quotes: list[Quote] = []
        self.bars: list[Bar] = []
        self.prices = Prices(self.quotes.append, lambda theirs: theirs.replace("/", ""))
        self.prices.on_bar(self.bars.append)
        self.feed = PriceStream(
            shared or credential(stand_in, packed=packed),
            path,
            keys or Keys(*stand_in.keys),
            self.prices,
            self.told.link,
        )
        self.feed.start()

    def follow(self, *symbols: str) -> None:
        """Stream these symbols, and wait until it does."""
        self.told.comes_up()
        self.feed.want(symbols)
        eventually(lambda: self.feed.subscribed == set(symbols) or None)

    def received(self, kind: str, count: int) -> None:
        """Wait until exactly so many messages of the kind have come."""
        eventually(lambda: self.prices.received.get(kind, 0) >= count, 10)
        assert self.prices.received[kind] == count
