"""The page of an alert tells its whole way: executed, refused, malformed, duplicate."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.support.browsing import Desk, stay, stayed, visit
from tests.support.serving import eventually
from tests.support.trader import Hook, Trader


@pytest.fixture
def hook(trader: Trader) -> Hook:
    return trader.strategy("Opening range")


def test_an_executed_alert_shows_each_step_with_its_order_and_fill(
    desk: Desk, trader: Trader, hook: Hook
) -> None:
    page = desk.of(trader, f"/alerts/{trader.fill(hook, 'buy', '2', '5000.25')}")
    expect(page.locator(".verdict .chip")).to_have_text("Executed")
    steps = page.locator(".trace b")
    expect(steps.first).to_have_text("Received")
    for step in ("Taken up", "Decided", "Order written", "Order filled"):
        expect(steps.filter(has_text=step)).to_have_count(1)
    expect(page.locator(".trace .gap").first).to_have_text(re.compile(r"^\+\d+ ms$"))
    expect(page.get_by_role("region", name="Orders table")).to_contain_text("2 at 5000.25")
    expect(page.get_by_role("region", name="Fills table")).to_contain_text("5000.25")
    expect(page.locator("#raw-body")).to_contain_text('"action": "buy"')


def test_the_stages_and_the_slippage_are_told_at_a_glance(
    desk: Desk, trader: Trader, hook: Hook
) -> None:
    trader.quote("ES", "5000", "5000.50")
    sent = trader.alert(hook, action="buy", quantity="2", price="5000", timenow="2026-01-02T15:00Z")
    alert_id = str(sent.json()["alert_id"])
    eventually(lambda: trader.state(alert_id) == "executed")
    page = desk.of(trader, f"/alerts/{alert_id}")
    way = page.get_by_role("region", name="The way of this alert")
    expect(way.locator("li b").first).to_have_text("Sent")
    for stage in ("Received", "Taken up", "Decided", "Filled", "Booked"):
        expect(way.locator("li:not([data-unknown]) b", has_text=stage)).to_have_count(1)
    expect(way.locator("li[data-unknown]", has_text="Kept")).to_contain_text("Not recorded")
    expect(way).to_contain_text("Received to filled")
    expect(way).to_contain_text("2 ticks worse, 50.00 USD")


def test_a_code_leads_to_its_entry_and_the_search_finds_others(
    desk: Desk, trader: Trader, hook: Hook
) -> None:
    trader.post(f"/api/strategies/{hook.id}/state", state="off")
    alert_id = trader.alert(hook, action="buy", quantity=1).json()["alert_id"]
    page = desk.of(trader, f"/alerts/{alert_id}")
    expect(page.get_by_role("link", name="Takes alerts (strategy)")).to_be_visible()
    page.get_by_role("link", name="STRATEGY_OFF").click()
    expect(page).to_have_url(f"{trader.address}/help/refusals#STRATEGY_OFF")
    expect(page.locator("#STRATEGY_OFF")).to_be_in_viewport()
    page.get_by_role("searchbox", name="Search the codes").fill("buying power")
    expect(page.locator("#NO_BUYING_POWER")).to_be_visible()
    expect(page.locator("#STRATEGY_OFF")).to_be_hidden()
    page.get_by_role("searchbox", name="Search the codes").fill("no such words")
    expect(page.get_by_text("No code says that")).to_be_visible()


def test_a_refused_alert_says_why_and_what_to_change(
    desk: Desk, trader: Trader, hook: Hook
) -> None:
    trader.post(f"/api/strategies/{hook.id}/state", state="off")
    alert_id = trader.alert(hook, action="buy", quantity=1).json()["alert_id"]
    page = desk.of(trader, f"/alerts/{alert_id}")
    expect(page.locator(".verdict .chip")).to_have_text("Refused")
    reason = page.get_by_role("region", name="Reason")
    expect(reason).to_contain_text("off")
    expect(reason).to_contain_text("What to change:")
    expect(page.get_by_role("heading", name="Orders")).to_have_count(0)


def test_a_malformed_alert_shows_where_it_is_wrong_and_the_body_as_text(
    desk: Desk, trader: Trader, hook: Hook
) -> None:
    body = '{"action": "buy", "comment": "<img src=x onerror=alert(1)>" "quantity": 1}'
    alert_id = trader.raw(hook, body).json()["alert_id"]
    page = desk.of(trader, f"/alerts/{alert_id}")
    expect(page.locator(".verdict .chip")).to_have_text("Invalid")
    expect(page.get_by_role("region", name="Reason")).to_contain_text("line 1, column")
    expect(page.locator("#raw-body")).to_have_text(body)
    expect(page.locator("main img")).to_have_count(0)
    expect(page.get_by_text("It could not be read, so it means nothing")).to_be_visible()


def test_a_duplicate_alert_leads_to_the_first_one(desk: Desk, trader: Trader, hook: Hook) -> None:
    trader.quote("ES", "5000")
    first = trader.alert(hook, id="once", action="buy", quantity=1).json()["alert_id"]
    assert trader.alert(hook, id="once", action="buy", quantity=1).json()["alert_id"] == first
    page = desk.of(trader, "/alerts?state=duplicate")
    page.get_by_role("link", name="Buy 1 ES").click()
    expect(page.locator(".verdict .chip")).to_have_text("Duplicate")
    page.get_by_role("link", name="First alert with this key").click()
    expect(page).to_have_url(f"{trader.address}/alerts/{first}")


def test_the_list_of_alerts_is_filtered_and_says_when_newer_ones_came(
    desk: Desk, trader: Trader, hook: Hook
) -> None:
    trader.fill(hook, "buy", "1", "5000")
    trader.raw(hook, "{broken")
    page = desk.of(trader, "/alerts")
    assert outcomes(page) == ["Invalid", "Executed"]
    page.get_by_label("Outcome").select_option("executed")
    page.get_by_role("button", name="Filter").click()
    expect(page.locator("td .chip")).to_have_text(["Executed"])
    page.get_by_role("link", name="Clear").click()
    page.get_by_role("searchbox", name="Search").fill("nothing of the kind")
    page.get_by_role("button", name="Filter").click()
    expect(page.get_by_text("No alert matches")).to_be_visible()
    expect(page.get_by_role("searchbox", name="Search")).to_have_value("nothing of the kind")
    visit(page, "/alerts")
    stay(page)
    trader.fill(hook, "exit", "1", "5000")
    expect(page.get_by_text("1 alert arrived or changed")).to_be_visible()
    assert stayed(page)
    page.get_by_role("link", name="Show them").click()
    expect(page.locator("td .chip")).to_have_text(["Executed", "Invalid", "Executed"])


def outcomes(page: Page) -> list[str]:
    return page.locator("td .chip").all_inner_texts()
