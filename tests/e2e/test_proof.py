"""The proof in the browser: a storm is begun with a button, followed, and its verdict read."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.test_pages import CUT_OFF, in_both_themes
from tests.support.browsing import ON_PHONE, REFUSED_FORM, Desk, visit
from tests.support.serving import eventually
from tests.support.trader import Trader

pytestmark = pytest.mark.hardship


@pytest.fixture
def page(desk: Desk, trader: Trader) -> Page:
    return desk.of(trader, "/proof")


def verdict(page: Page) -> None:
    """Wait until the storm of this page has its verdict."""
    expect(page.locator("#verdict-title")).to_have_text(
        "Nothing lost, nothing twice, nothing silent", timeout=30_000
    )


def test_a_storm_is_begun_with_a_button_and_its_verdict_and_alerts_are_read(
    page: Page, trader: Trader
) -> None:
    in_both_themes(page)
    page.get_by_label("Alerts", exact=True).fill("16")
    page.get_by_label("Sent more than once").select_option("All")
    page.get_by_role("button", name="Begin the storm").click()
    expect(page).to_have_url(re.compile("/proof/.+"))
    expect(page.locator("h2").first).to_be_visible()
    verdict(page)
    figures = page.locator(".figures > div")
    expect(figures.nth(0).locator("dd").first).to_have_text("0")
    expect(figures.nth(1).locator("dd").first).to_have_text("0")
    expect(page.locator(".judged .chip")).to_have_text(["Holds"] * 8)
    expect(page.locator("tbody tr")).to_have_count(20)
    in_both_themes(page)
    page.locator("tbody tr a").first.click()
    expect(page.locator("#way-title")).to_have_text("The way of this alert")
    eventually(lambda: trader.get("/api/strategies")["items"] == [])
    assert trader.get("/api/positions")["items"] == []


def test_what_cannot_be_is_said_at_the_form(page: Page, desk: Desk) -> None:
    desk.expected.append(REFUSED_FORM)
    page.get_by_label("Alerts", exact=True).fill("5000")
    page.get_by_label("Seed").fill("x")
    page.get_by_role("button", name="Begin the storm").click()
    expect(page.locator("#begin-error")).to_have_text(re.compile("^Alerts: .+ Seed: "))
    expect(page.get_by_label("Alerts", exact=True)).to_be_focused()
    in_both_themes(page)


def test_a_running_storm_is_followed_and_stopped_on_a_phone(desk: Desk, trader: Trader) -> None:
    account = trader.get("/api/accounts")["items"][0]["id"]
    storm = trader.post("/api/storms", account_id=account, alerts=2000)["id"]
    page = desk.of(trader, "/proof", **ON_PHONE)
    expect(page.locator("[data-done]")).not_to_have_text("0")
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    assert page.evaluate(CUT_OFF) == []
    in_both_themes(page)
    page.get_by_role("button", name="Stop").click()
    page.get_by_role("button", name="Stop the storm").click()
    expect(page.locator("tbody .chip")).to_have_text("No verdict")
    visit(page, f"/proof/{storm}")
    expect(page.locator("main")).to_contain_text("It was stopped before its end.")
    in_both_themes(page)
    eventually(lambda: trader.get("/api/strategies")["items"] == [])
    assert trader.get("/api/positions")["items"] == []
