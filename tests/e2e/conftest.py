"""One real server for all tests of a worker, as its own process, and browsers that are watched."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.support.browsing import Desk, Seats
from tests.support.trader import House, Trader, open_house

#: What a browser does besides showing pages, and what a machine without a screen cannot help.
LESS = ("--disable-gpu", "--disable-background-networking", "--disable-component-update")


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    return {**browser_type_launch_args, "args": [*browser_type_launch_args["args"], *LESS]}


@pytest.fixture(scope="session", autouse=True)
def patience() -> None:
    """What comes each second may take a few on a busy machine."""
    expect.set_options(timeout=15_000)


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """The server that tests share; what only one of them may do needs a house of its own."""
    with open_house(tmp_path_factory.mktemp("house") / "data") as opened:
        yield opened


@pytest.fixture
def trader(house: House) -> Trader:
    return house.trader()


@pytest.fixture(scope="session")
def seats(browser: Browser) -> Seats:
    return Seats(browser)


@pytest.fixture
def desk(seats: Seats) -> Iterator[Desk]:
    opened = Desk(seats)
    yield opened
    opened.close()
    assert opened.unexpected() == []
