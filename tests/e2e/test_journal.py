"""The journal in the browser: one set of facts on every page, a note that stays, a day opened."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from playwright.sync_api import FilePayload, Page, expect

from tests.support.browsing import ON_PHONE, Desk, ready, visit
from tests.support.trader import Trader


@pytest.fixture
def traded(trader: Trader) -> Trader:
    """Two round trips of one strategy: 500 won, 125 lost."""
    hook = trader.strategy("Opening range")
    for action, quantity, price in (
        ("buy", "2", "5000"),
        ("exit", "2", "5005"),
        ("sell", "1", "5005"),
        ("exit", "1", "5007.5"),
    ):
        trader.fill(hook, action, quantity, price)
    return trader


def figure(page: Page, label: str) -> str:
    """A figure by its name, as plain text."""
    shown = page.locator(".figures > div", has=page.get_by_text(label, exact=True)).locator("dd")
    return shown.first.inner_text().replace("−", "-").strip()  # noqa: RUF001  the pages' minus


def test_journal_metrics_calendar_and_api_show_the_same_totals(desk: Desk, traded: Trader) -> None:
    page = desk.of(traded, "/journal")
    assert figure(page, "Net") == "+$375.00"
    nets = page.locator("td.net").all_inner_texts()
    amounts = [Decimal(re.sub(r"[^\d.]", "", net)) for net in nets]
    assert amounts == [Decimal(125), Decimal(500)]
    page.get_by_role("link", name="Metrics of these").click()
    expect(page.locator("h1")).to_have_text("Metrics")
    assert figure(page, "Net") == "+$375.00"
    assert figure(page, "Profit factor") == "4.00"
    expect(page.locator("[aria-label='Too few round trips']")).to_be_visible()
    calendar = traded.get("/api/dashboard/pnl-calendar")["calendar_data"]
    assert sum(Decimal(day["pnl"]) for day in calendar) == 375
    day = calendar[-1]["date"]
    visit(page, f"/journal?start_date={day}&end_date={day}")
    expect(page.locator("#trips-title")).to_have_text(day)
    assert figure(page, "Net") == "+$375.00"


def test_a_note_and_tags_stay_and_are_found(desk: Desk, traded: Trader) -> None:
    page = desk.of(traded, "/journal?sort=net&order=desc")
    page.locator("tbody tr").first.get_by_role("link").click()
    expect(page.locator("#trade-title")).to_have_text(re.compile("^Long 2 ES"))
    page.get_by_label("Note").fill("Waited for the retest <b>.")
    page.get_by_label("Tags").fill("Retest, News day")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status").filter(has_text="are kept")).to_be_visible()
    expect(page.get_by_label("Note")).to_have_value("Waited for the retest <b>.")
    expect(page.get_by_label("Tags")).to_have_value("news day, retest")
    visit(page, "/journal?tag=retest")
    expect(page.locator("tbody tr")).to_have_count(1)
    assert figure(page, "Net") == "+$500.00"
    page.locator("tbody tr").first.get_by_role("link").click()
    page.get_by_role("link", name="Exit").click()
    expect(page.locator("h1")).to_have_text("Alert")


def test_a_day_opens_its_trades_with_a_curve_and_leads_on(desk: Desk, traded: Trader) -> None:
    day = traded.get("/api/dashboard/pnl-calendar")["today"]
    page = desk.of(traded, f"/journal/day/{day}")
    assert figure(page, "P&L") == "+$375.00"
    assert figure(page, "Round trips") == "2"
    expect(page.locator(".daycurve canvas").first).to_be_visible()
    expect(page.locator(".daycurve .empty")).to_be_hidden()
    note = page.get_by_role("textbox", name="Note")
    note.fill("A calm day.")
    page.get_by_role("button", name="Save").click()
    expect(note).to_have_value("A calm day.")
    page.locator("td a").first.click()
    expect(page.locator("#trade-title")).to_have_text(re.compile("ES"))


def test_a_screenshot_is_added_shown_and_deleted(desk: Desk, traded: Trader) -> None:
    trip = traded.get("/api/trades")["items"][0]["id"]
    page = desk.of(traded, f"/journal/{trip}", **ON_PHONE)
    shot = FilePayload(name="chart.png", mimeType="image/png", buffer=page.screenshot())
    page.get_by_label("Screenshots").set_input_files([shot])
    page.get_by_role("button", name="Add").click()
    shown = page.get_by_role("img", name="chart.png")
    expect(shown).to_be_visible()
    shown.scroll_into_view_if_needed()
    shown.evaluate("image => image.decode()")
    assert shown.evaluate("image => image.naturalWidth") > 300
    page.get_by_role("button", name="Delete chart.png").click()
    expect(shown).to_have_count(0)
    # The answer comes piece by piece, and no width is right before its style sheets are there.
    ready(page)
    assert page.evaluate("document.documentElement.scrollWidth") == 390


def test_tags_that_cannot_be_kept_are_told_beside_what_was_typed(
    desk: Desk, traded: Trader
) -> None:
    desk.expected.append("422")
    trip = traded.get("/api/trades")["items"][0]["id"]
    page = desk.of(traded, f"/journal/{trip}", **ON_PHONE)
    page.get_by_label("Tags").fill("good, <bad>")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#tags-error")).to_be_visible()
    expect(page.get_by_label("Tags")).to_have_value("good, <bad>")
    ready(page)
    assert page.evaluate("document.documentElement.scrollWidth") == 390
