"""A statement in the browser: sent, its fault told, compared, opened by outcome, and deleted."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from playwright.sync_api import expect

from tests.support.browsing import ON_PHONE, Desk, ready, visit
from tests.support.trader import Trader

HEAD = "Fill ID,Order ID,Timestamp,B/S,Quantity,Price,Contract,commission\n"


def test_a_statement_is_sent_compared_and_deleted(
    desk: Desk, trader: Trader, tmp_path: Path
) -> None:
    hook = trader.strategy("Opening range")
    trader.fill(hook, "buy", "2", "5000")
    trader.fill(hook, "exit", "2", "5005")
    fills = trader.get("/api/fills")["items"]
    lines = ""
    for number, fill in enumerate(fills):
        at = datetime.fromisoformat(fill["at"]).astimezone(ZoneInfo("Asia/Tokyo"))
        contract = fill["symbol"][:3] + fill["symbol"][-1]
        price = "5000.25" if fill["price"] == "5000" else fill["price"]
        lines += f"{number},{number},{at:%m/%d/%Y %H:%M:%S},{fill['side']},2,{price},{contract},\n"
    good, bad = tmp_path / "Fills.csv", tmp_path / "Bad.csv"
    good.write_text(HEAD + lines, encoding="utf-8")
    bad.write_text(HEAD + lines.replace(",2,", ",two,"), encoding="utf-8")

    desk.expected.append("422")
    page = desk.of(trader, "/statements")
    send = page.get_by_role("button", name="Import and compare")
    send.click()
    expect(page.locator("#file-error")).to_have_text("Choose the file to import.")
    page.get_by_label("Zone of its times").fill("Asia/Tokyo")
    page.locator("#file").set_input_files(bad)
    send.click()
    expect(page.get_by_role("alert").filter(has_text="Line 2, column 5 (Quantity)")).to_be_visible()
    page.locator("#file").set_input_files(good)
    send.click()
    expect(page.locator("#statement-title")).to_have_text("Fills.csv")
    ready(page)
    expect(page.locator("tbody tr")).to_have_count(2)
    page.get_by_role("link", name=re.compile("^Slipped")).click()
    expect(page.locator("tbody tr")).to_have_count(1)
    expect(page.locator("tbody tr")).to_contain_text("$25.00")
    address = page.url.partition("?")[0]

    path = address.removeprefix(trader.address)
    phone = desk.of(trader, path, **ON_PHONE)
    assert phone.evaluate("document.documentElement.scrollWidth") == 390

    visit(page, "/statements")
    page.locator("#file").set_input_files(good)
    send.click()
    expect(page.get_by_text("was imported before")).to_be_visible()
    expect(page).to_have_url(address)
    ready(page)
    page.get_by_role("button", name="Delete this import").click()
    page.get_by_role("button", name="Delete import", exact=True).click()
    expect(page.get_by_text("No statement yet")).to_be_visible()
