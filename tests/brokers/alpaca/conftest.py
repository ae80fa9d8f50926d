"""A stand-in for Alpaca with its market open, our client of it, and an account's broker."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.brokers.alpaca.client import AlpacaClient
from tests.support.alpaca import StandIn, inner_stand_in
from tests.support.alpaca_client import calling, keys_of
from tests.support.alpaca_desk import Desk, desk


@pytest.fixture
def alpaca(tmp_path: Path) -> Iterator[StandIn]:
    with inner_stand_in(tmp_path) as made:
        made.tell("market", session="open")
        yield made


@pytest.fixture
def client(alpaca: StandIn) -> Iterator[AlpacaClient]:
    with calling(alpaca.address, keys_of(alpaca)) as made:
        yield made


@pytest.fixture
def floor(alpaca: StandIn) -> Iterator[Desk]:
    with desk(alpaca) as made:
        yield made
