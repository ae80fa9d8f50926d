"""The agreement in the browser: compared with a button, both numbers read, and seen."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.e2e.test_pages import CUT_OFF, in_both_themes
from tests.support.browsing import ON_PHONE, Desk, visit
from tests.support.trader import House, Trader

pytestmark = pytest.mark.sweep


def damage(house: House, account_id: str) -> None:
    """Let the position of an account be stored as 5."""
    file = Path(house.server.env["DATA_DIR"]) / "signalbox.db"
    with closing(sqlite3.connect(file, timeout=10)) as connection, connection:
        statement = "UPDATE positions SET quantity = '5' WHERE account_id = ?"
        assert connection.execute(statement, (account_id,)).rowcount == 1


def test_a_difference_is_found_by_a_button_read_with_both_numbers_and_seen(
    desk: Desk, house: House, trader: Trader
) -> None:
    trader.fill(trader.strategy("Breakout"), "buy", "2", "5000")
    page = desk.of(trader, "/agreement")
    page.get_by_role("button", name="Compare now").click()
    title = page.locator("#last-title")
    expect(title).to_have_text("Your numbers agree with your fills", timeout=30_000)
    in_both_themes(page)

    damage(house, trader.get("/api/accounts")["items"][0]["id"])
    page.get_by_role("button", name="Compare now").click()
    expect(title).to_have_text("1 number of yours differs from the fills", timeout=30_000)
    row = page.locator("tbody tr").first
    expect(row).to_contain_text("The position's quantity")
    assert row.locator(".num").all_inner_texts() == ["5", "2"]
    in_both_themes(page)

    phone = desk.of(trader, "/agreement", **ON_PHONE)
    assert phone.evaluate("document.documentElement.scrollWidth") == 390
    assert phone.evaluate(CUT_OFF) == []
    in_both_themes(phone)
    phone.goto("/about")
    expect(phone.get_by_role("link", name="See both numbers")).to_have_attribute(
        "href", "/agreement"
    )
    visit(phone, "/agreement")
    phone.get_by_role("button", name="I have seen it").click()
    expect(phone.locator("tbody tr").first).to_contain_text("Seen")
    phone.goto("/about")
    expect(phone.get_by_role("link", name="See both numbers")).to_have_count(0)
