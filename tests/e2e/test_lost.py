"""A server that dies and comes back: the page says so by shape and word, and catches up."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from app.clock import SystemClock
from tests.support.browsing import Desk, stay, stayed
from tests.support.serving import environment, free_port
from tests.support.trader import Machine, Trader, populate, steady

pytestmark = pytest.mark.hardship

#: What a browser says of a server that is away, or on its way back.
AWAY = r"ERR_CONNECTION|WebSocket connection|ERR_EMPTY_RESPONSE|Failed to load resource"
RETURN_MS = 20_000


@pytest.fixture(scope="module")
def settings() -> dict[str, str]:
    return steady(SystemClock().now())


@pytest.fixture
def machine(
    tmp_path_factory: pytest.TempPathFactory, settings: dict[str, str]
) -> Iterator[Machine]:
    port = free_port()
    data_dir = tmp_path_factory.mktemp("machine") / "data"
    data_dir.mkdir()
    env = environment(data_dir, port, **settings)
    made = Machine(data_dir, env, f"http://127.0.0.1:{port}")
    yield made
    made.lose_power()


def test_a_lost_server_is_said_and_its_return_brings_the_figures_up_to_date(
    desk: Desk, machine: Machine, settings: dict[str, str]
) -> None:
    desk.expected.append(AWAY)
    ann = Trader(machine.address, "ann", populate(machine.data_dir, ["ann"], **settings)["ann"])
    machine.start()
    hook = ann.strategy("Opening range")
    ann.fill(hook, "buy", "2", "5000")
    ann.quote("ES", "5001")
    page = desk.of(ann, "/dashboard")
    stay(page)
    sign, today = page.locator("#connection"), page.locator("[data-kpi=today]")
    expect(today).to_have_text("+$100.00")
    machine.lose_power()
    expect(sign).to_have_attribute("data-state", "lost")
    expect(sign.locator("[data-word]")).to_contain_text("Lost")
    expect(sign.get_by_role("status")).to_have_text("Lost")
    # The last figure stays and is dimmed; nothing can be sent but a halt.
    expect(today).to_have_text("+$100.00")
    expect(page.get_by_role("button", name="Close ES")).to_be_disabled()
    expect(page.get_by_role("button", name="Halt all")).to_be_enabled()
    page.screenshot()
    machine.start()
    ann.fill(hook, "exit", "2", "5003")
    expect(sign).to_have_attribute("data-state", "live", timeout=RETURN_MS)
    expect(page.locator("[data-kpi=realised]")).to_have_text("+$300.00")
    expect(today).to_have_text("+$300.00")
    expect(page.get_by_text("No open positions")).to_be_visible()
    expect(page.locator("#activity")).to_contain_text("sold 2 ES")
    assert stayed(page)
