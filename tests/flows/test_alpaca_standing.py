"""What is held at Alpaca has its P&L while the stream of prices lives, however seldom it trades."""

from __future__ import annotations

import gc
import json
import logging
import shutil
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import structlog

from app.bootstrap import Runtime, build
from app.brokers.alpaca.keys import Keys
from app.config import Settings
from app.services.inbox import Delivery
from tests.support.alpaca import inner_stand_in
from tests.support.alpaca_flow import connected
from tests.support.counting import counting_template
from tests.support.serving import eventually

__all__ = ["counting_template"]

pytestmark = pytest.mark.hardship

COUNTS_S = 2


@pytest.fixture(autouse=True)
def logging_restored() -> Iterator[None]:
    """Leave logging as it was found."""
    factory = logging.getLogRecordFactory()
    yield
    logging.setLogRecordFactory(factory)
    structlog.reset_defaults()


@pytest.fixture
def world() -> Iterator[ExitStack]:
    with ExitStack() as made:
        yield made


@pytest.fixture
def server(counting_template: Path, tmp_path: Path, world: ExitStack) -> Iterator[Runtime]:
    """A server whose account at Alpaca bought a share by an alert."""
    there = world.enter_context(inner_stand_in(tmp_path / "alpaca"))
    there.tell("account", key=there.keys[0], rate_limit=0)
    there.tell("market", session="open")
    shutil.copy(counting_template, tmp_path / "signalbox.db")
    settings = Settings(
        _env_file=None,
        data_dir=tmp_path,
        database_url=None,
        async_mode="threading",
        quote_max_age_s=COUNTS_S,
        broker_idle_s=1,
        alpaca_paper_url=there.address,
        alpaca_data_url=there.address,
        alpaca_stream_url=there.address.replace("http", "ws"),
    )
    made = build(settings)
    try:
        account, key = connected(made, Keys(*there.keys))
        made.start()
        eventually(lambda: made.core.parts.alpaca.connection(account.id).up or None, 15)
        there.price("AAPL", "270", "270.02")
        body = json.dumps({"action": "buy", "quantity": "1"}).encode()
        made.core.inbox.accept(key, Delivery(body=body))
        eventually(lambda: made.core.recorder.open_now(None, None, account.id), 15)
        yield made
    finally:
        made.begin_stop()
        made.stop()
        gc.unfreeze()


def test_a_position_has_its_pnl_until_the_stream_dies(server: Runtime, world: ExitStack) -> None:
    def open_pnl() -> object:
        return server.core.recorder.open_now(None, None, None)

    until = time.monotonic() + 4 * COUNTS_S
    while time.monotonic() < until:
        assert open_pnl() is not None
        time.sleep(0.05)
    world.close()
    eventually(lambda: open_pnl() is None or None, 10)
