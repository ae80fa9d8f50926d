"""The Alpaca accounts of a process at the stand-in, and what came of them."""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Final

from app.brokers.alpaca.keys import Hosts, Keys
from app.brokers.alpaca.venue import AlpacaVenue
from app.brokers.net.calls import Timeouts
from app.brokers.net.stream import Manners
from app.brokers.quotes import QuoteBook
from app.clock import SystemClock
from app.domain.accounts import ALPACA, Account, Mode
from app.domain.errors import BrokerUnavailable
from app.domain.quotes import Bar, Quote
from app.domain.reports import LinkReport, Report
from app.services.ports import Broker
from tests.support.alpaca import StandIn
from tests.support.alpaca_client import hosts
from tests.support.paper import account
from tests.support.serving import eventually

NO_LIVE: Final = "This server lets no real money in."


@dataclass
class House:
    """A venue at the stand-in, its accounts, and what came of them."""

    stand_in: StandIn
    quotes_count_s: float = 15
    clock: SystemClock = field(default_factory=SystemClock)
    keys: dict[str, Keys] = field(default_factory=dict)
    links: list[LinkReport] = field(default_factory=list)
    reports: list[Report] = field(default_factory=list)
    quotes: list[Quote] = field(default_factory=list)
    bars: list[Bar] = field(default_factory=list)
    needed: list[str] = field(default_factory=list)
    open: list[Broker] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.book = QuoteBook(
            timedelta(seconds=self.quotes_count_s), timedelta(minutes=15), lambda *_: None
        )
        self.book.on_quote(self.quotes.append)
        manners = Manners(Timeouts(1.0, 5.0), 0.8)
        self.venue = AlpacaVenue(
            self.hosts_of, self.keys.get, self.book, self.clock, random.Random(1), manners
        )
        self.venue.on_link(self.links.append)
        self.venue.on_bar(self.bars.append)
        self.venue.follow(lambda: tuple(self.needed))

    def hosts_of(self, mode: Mode) -> Hosts:
        if mode is Mode.LIVE:
            raise BrokerUnavailable(NO_LIVE)
        return hosts(self.stand_in.address)

    def account(self, name: str = "a", **settings: object) -> Account:
        """An account with keys of its own at the stand-in."""
        key, secret = f"PKVENUE{name.upper():0>8}", f"secret-of-{name}"
        self.stand_in.tell("account", key=key, secret=secret, rate_limit=0, plan="plus")
        made = replace(account(settings, name), venue=ALPACA, created_at=self.clock.now())
        self.keys[made.id] = Keys(key, secret)
        return made

    def opened(self, owner: Account) -> Broker:
        broker = self.venue.broker(owner)
        broker.listen(self.reports.append)
        broker.open()
        self.open.append(broker)
        return broker

    def streams(self) -> dict[str, int]:
        """How many streams the stand-in has seen, by kind."""
        return dict(self.stand_in.tell("faults")["streams"])

    def turns(self, until: object) -> None:
        """Let the venue have its turns until it is so."""

        def turn() -> object:
            self.venue.step(self.clock.now())
            return until() if callable(until) else None

        eventually(turn, 10)

    def close(self) -> None:
        for broker in self.open:
            broker.close()
        self.venue.close()
