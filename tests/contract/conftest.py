"""Every adapter on one stage: the cases of the contract do not know which of them they test."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from decimal import Decimal
from pathlib import Path

import pytest

from app.domain.accounts import ALPACA, Account, Mode
from tests.support.alpaca import StandIn, inner_stand_in
from tests.support.backstage import MANNERS, ChaosBackstage, PaperBackstage
from tests.support.backstage_alpaca import AlpacaBackstage
from tests.support.chaos import InnerVenue, inner_venue
from tests.support.contract import Backstage, MovedClock, Opened, Stage

ADAPTERS = ("paper", "chaos", "alpaca")
#: What a thin market offers at each price.
THIN = "4"


@pytest.fixture
def clock() -> MovedClock:
    """The time of all that runs in the test's own process."""
    return MovedClock()


@pytest.fixture
def fault_broker(tmp_path: Path, clock: MovedClock) -> Iterator[InnerVenue]:
    """A fault broker of the case's own, which remembers no faults of another."""
    with inner_venue(tmp_path / "venue", clock) as venue:
        yield venue


@pytest.fixture(scope="session")
def alpaca(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandIn]:
    """One stand-in for Alpaca; each case has an account of its own there."""
    with inner_stand_in(tmp_path_factory.mktemp("alpaca")) as stand_in:
        yield stand_in


@pytest.fixture(params=ADAPTERS)
def opened(request: pytest.FixtureRequest, tmp_path: Path, clock: MovedClock) -> Iterator[Opened]:
    """Opens a stage of the adapter, on which each price offers so much, or all that is wanted."""

    def behind(offered: str | None) -> Backstage:
        owner = _owner(request.param, tmp_path, clock, offered)
        if request.param == "paper":
            return PaperBackstage(owner, clock)
        if request.param == "chaos":
            return ChaosBackstage(owner, clock, request.getfixturevalue("fault_broker"))
        return AlpacaBackstage(owner, clock, request.getfixturevalue("alpaca"), offered, MANNERS)

    with ExitStack() as stack:

        def open_stage(offered: str | None) -> Stage:
            venue = behind(offered)
            stack.callback(venue.end)
            made = Stage(venue)
            stack.callback(made.close)
            return made

        yield open_stage


@pytest.fixture
def stage(opened: Opened) -> Stage:
    """The stage of one adapter, with a price at which everything fills."""
    return opened(None)


@pytest.fixture
def thin(opened: Opened) -> Stage:
    """A stage on which each price offers 4 and no more."""
    return opened(THIN)


def _owner(venue: str, folder: Path, clock: MovedClock, offered: str | None) -> Account:
    simulated = {"margin_percent": 10, "liquidity_per_quote": offered}
    return Account(
        id=f"acc-{folder.name}",
        name="contract",
        venue=venue,
        mode=Mode.PAPER,
        starting_cash=Decimal(100_000),
        created_at=clock.now(),
        settings={"feed": "iex"} if venue == ALPACA else simulated,
    )
