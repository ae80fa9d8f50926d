"""Of two servers on one database the one that trades has Alpaca's streams, and no other."""

from __future__ import annotations

import gc
import logging
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from app.bootstrap import build
from app.brokers.alpaca.keys import Keys
from app.config import Settings
from app.services.ownership import Role
from tests.support.alpaca import StandIn, inner_stand_in
from tests.support.alpaca_flow import connected
from tests.support.counting import counting_template
from tests.support.serving import eventually

__all__ = ["counting_template"]

pytestmark = pytest.mark.hardship


@pytest.fixture(autouse=True)
def logging_restored() -> Iterator[None]:
    """Leave logging as it was found."""
    factory = logging.getLogRecordFactory()
    yield
    logging.setLogRecordFactory(factory)
    structlog.reset_defaults()


@pytest.fixture
def alpaca(tmp_path: Path) -> Iterator[StandIn]:
    with inner_stand_in(tmp_path / "alpaca") as made:
        made.tell("account", key=made.keys[0], rate_limit=0)
        yield made


@pytest.fixture
def settings(counting_template: Path, tmp_path: Path, alpaca: StandIn) -> Settings:
    shutil.copy(counting_template, tmp_path / "signalbox.db")
    return Settings(
        _env_file=None,
        data_dir=tmp_path,
        database_url=None,
        async_mode="threading",
        alpaca_paper_url=alpaca.address,
        alpaca_data_url=alpaca.address,
        alpaca_stream_url=alpaca.address.replace("http", "ws"),
    )


def streams(alpaca: StandIn) -> tuple[int, int]:
    """How many streams of orders and of prices were opened so far."""
    opened = alpaca.tell("faults")["streams"]
    return opened["trading"], opened["data"]


def test_a_standby_answers_for_the_money_of_an_account_and_opens_no_stream_until_it_trades(
    settings: Settings, alpaca: StandIn
) -> None:
    one, two = build(settings), build(settings)
    try:
        account, _ = connected(one, Keys(*alpaca.keys))
        one.start()
        eventually(lambda: streams(alpaca) == (1, 1) or None, 15)
        two.start()
        assert two.ownership.role is Role.STANDBY

        money = two.core.brokers.of(account.id).account()
        assert money.cash > 0
        assert streams(alpaca) == (1, 1)
        assert one.core.parts.alpaca.connection(account.id).up
        assert not two.core.parts.alpaca.connection(account.id).up

        one.begin_stop()
        one.stop()
        eventually(lambda: two.ownership.role is Role.TRADING or None, 20)
        eventually(lambda: streams(alpaca) == (2, 2) or None, 15)
        eventually(lambda: two.core.parts.alpaca.connection(account.id).up)
    finally:
        for each in (one, two):
            each.begin_stop()
            each.stop()
        gc.unfreeze()
