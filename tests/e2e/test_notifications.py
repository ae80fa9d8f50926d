"""A channel in the browser: added, tried, told of a fill; its secret is nowhere to be read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.support.browsing import ON_PHONE, Desk
from tests.support.listening import SECRET, Listener, listening
from tests.support.serving import eventually
from tests.support.trader import House, Trader


@pytest.fixture
def listener() -> Iterator[Listener]:
    with listening() as service:
        yield service


def test_a_channel_is_added_tried_and_told_of_a_fill(
    desk: Desk, trader: Trader, house: House, listener: Listener
) -> None:
    desk.expected.append("422")
    page = desk.of(trader, "/settings/notifications")
    page.locator("#name").fill("My phone")
    page.locator("#address").fill("nothing://at/all")
    page.get_by_role("button", name="Add channel").click()
    expect(page.locator("#address-error")).to_contain_text("No service has addresses that begin")
    page.locator("#address").fill(listener.address)
    page.get_by_role("button", name="Add channel").click()
    row = page.locator("#channels li")
    expect(row).to_contain_text("JSON, json://…")
    expect(page.locator("#address")).to_have_value("")

    listener.status = 401
    row.get_by_role("button", name="Send a test").click()
    expect(row).to_contain_text("error=401")
    listener.status = 200
    page.wait_for_timeout(2000)
    row.get_by_role("button", name="Send a test").click()
    expect(row).to_contain_text("Last delivered")
    expect(row).not_to_contain_text("error=401")
    assert listener.taken[0]["title"] == "Signalbox: test"

    hook = trader.strategy("Opening range")
    trader.fill(hook, "buy", "2", "5000")
    told = eventually(lambda: [each for each in listener.bodies if "bought 2" in each])
    assert "Opening range: bought 2" in told[0]
    assert "Position now 2 at 5000" in told[0]

    phone = desk.of(trader, "/settings/notifications", **ON_PHONE)
    expect(phone.locator("#channels li")).to_have_count(1)
    assert phone.evaluate("document.documentElement.scrollWidth") == 390
    assert SECRET not in page.content() + phone.content() + house.server.printed()
    assert not [path for path in _files(house) if SECRET.encode() in path.read_bytes()]

    row.get_by_role("button", name="Remove").click()
    page.get_by_role("button", name="Remove channel").click()
    expect(page.locator("#no-channels")).to_be_visible()


def _files(house: House) -> list[Path]:
    """Everything that the server keeps: its log, its database, its key."""
    folder = Path(house.server.env["DATA_DIR"])
    return [path for path in folder.rglob("*") if path.is_file()]
