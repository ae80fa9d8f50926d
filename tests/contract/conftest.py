"""Every adapter on one stage: the cases of the contract do not know which of them they test."""

from __future__ import annotations

import random
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from app.brokers.chaos import ChaosVenue, Manners
from app.brokers.net.calls import Timeouts
from app.brokers.paper import PaperVenue
from app.brokers.quotes import QuoteBook
from app.clock import SystemClock
from app.domain.accounts import Account, Mode
from app.domain.instruments import resolve
from app.services.ports import Broker
from tests.support.chaos import ALERT_AGE, QUOTE_AGE, OuterVenue, outer_venue
from tests.support.contract import Stage
from tests.support.paper import MemoryLog
from tests.support.serving import eventually

ADAPTERS = ("paper", "chaos")


@pytest.fixture(scope="session")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OuterVenue]:
    """One venue process for all cases; each has an account of its own."""
    with outer_venue(tmp_path_factory.mktemp("venue")) as venue:
        yield venue


@pytest.fixture(params=ADAPTERS)
def stage(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stage]:
    """The stage of one adapter, with a price."""
    clock = SystemClock()
    quotes = QuoteBook(QUOTE_AGE, ALERT_AGE, lambda _quote, _reason: None)
    owner = Account(
        id=f"acc-{tmp_path.name}",
        name="contract",
        venue=request.param,
        mode=Mode.PAPER,
        starting_cash=Decimal(100_000),
        created_at=clock.now(),
        settings={"margin_percent": 10},
    )
    broker: Broker
    if request.param == "paper":
        paper = PaperVenue(MemoryLog(), quotes, clock)
        quotes.on_quote(paper.on_quote)
        broker = paper.broker(owner)
        end = broker.close
    else:
        venue = request.getfixturevalue("process")
        manners = Manners(Timeouts(2.0, 5.0), 5.0)
        chaos = ChaosVenue(venue.place, quotes, clock, random.Random(1), manners)
        quotes.on_quote(chaos.on_quote)
        broker = chaos.broker(owner)

        def end() -> None:
            broker.close()
            chaos.close()

    contract = resolve("SPY", clock.now().date())
    ready = Stage(broker, quotes, contract, owner.id)
    broker.listen(ready.reports.append)
    broker.open()
    if request.param == "chaos":
        eventually(lambda: chaos.up(owner.id))
    ready.quote("500", "500.01")
    yield ready
    end()
