"""The control center: switches, the live log, the ticket, the recent alerts."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect

from tests.support.browsing import Desk, stay, stayed, visit
from tests.support.serving import eventually
from tests.support.trader import Hook, Trader


def strategy(page: Page, name: str) -> Locator:
    return page.get_by_role("table", name="Strategies").get_by_role("row", name=name)


def switch(page: Page, name: str, word: str) -> None:
    group = page.get_by_role("group", name=f"{name} takes alerts")
    group.get_by_role("button", name=word, exact=True).click()
    pressed = group.locator("[aria-pressed=true]")
    expect(pressed).to_have_text(word)
    expect(page.locator("#toasts")).to_contain_text(name)


def outcome(trader: Trader, hook: Hook, action: str) -> str:
    """What becomes of an alert that is sent now."""
    alert_id = trader.alert(hook, action=action, quantity=1).json()["alert_id"]
    under_way = {"received", "claimed"}
    eventually(lambda: trader.state(alert_id) not in under_way)
    return trader.state(alert_id)


def test_each_strategys_figures_follow_the_market(desk: Desk, trader: Trader) -> None:
    trader.fill(trader.strategy("Long"), "buy", "1", "5000")
    trader.fill(trader.strategy("Short"), "sell", "2", "5000")
    page = desk.of(trader, "/control")
    stay(page)
    for price, long, short in [("5001", "+$50.00", "−$100.00"), ("4998", "−$100.00", "+$200.00")]:  # noqa: RUF001
        trader.quote("ES", price)
        # Position, P&L today, open P&L.
        expect(strategy(page, "Long")).to_contain_text(re.compile(rf"1\s*{re.escape(long * 2)}"))
        expect(strategy(page, "Short")).to_contain_text(
            re.compile(rf"−2\s*{re.escape(short * 2)}")  # noqa: RUF001
        )
    assert stayed(page)


def test_the_switch_works_on_the_very_next_alert(desk: Desk, trader: Trader) -> None:
    hook = trader.strategy("Opening range")
    trader.fill(hook, "buy", "1", "5000")
    page = desk.of(trader, "/control")
    switch(page, hook.name, "No new entries")
    assert outcome(trader, hook, "buy") == "refused"
    assert outcome(trader, hook, "exit") == "executed"
    switch(page, hook.name, "Off")
    assert outcome(trader, hook, "buy") == "refused"
    switch(page, hook.name, "On")
    assert outcome(trader, hook, "buy") == "executed"
    expect(strategy(page, hook.name)).to_contain_text("ES1")
    recent = page.get_by_role("list", name="Recent alerts").locator(".chip")
    expect(recent).to_have_text(["Executed", "Refused", "Executed", "Refused", "Executed"])
    page.reload()
    on = strategy(page, hook.name).get_by_role("button", name="On", exact=True)
    expect(on).to_have_attribute("aria-pressed", "true")


def test_the_log_is_filtered_searched_and_paused(desk: Desk, trader: Trader) -> None:
    hook = trader.strategy("Opening range")
    trader.fill(hook, "buy", "1", "5000")
    trader.raw(hook, "{broken")
    page = desk.of(trader, "/control")
    lines = page.locator("#log li")
    expect(lines.filter(has_text="bought 1")).to_have_count(1)
    shown = page.get_by_role("group", name="Show")
    shown.get_by_role("button", name="Trades").click()
    expect(lines.filter(has_text="bought 1")).to_have_count(1)
    expect(lines.filter(has_text="Alert")).to_have_count(0)
    shown.get_by_role("button", name="Warnings").click()
    expect(lines).to_have_count(1)
    expect(lines).to_contain_text("not valid JSON")
    shown.get_by_role("button", name="All").click()
    page.get_by_label("Search the log").fill("at 5000")
    expect(lines).to_have_count(1)
    page.get_by_label("Search the log").fill("")
    page.get_by_role("button", name="Pause").click()
    expect(lines.filter(has_text="bought 1")).to_have_count(1)
    trader.fill(hook, "exit", "1", "5001")
    expect(page.get_by_role("button", name=re.compile(r"Paused, \d+ new"))).to_be_visible()
    expect(lines.filter(has_text="sold 1")).to_have_count(0)
    page.get_by_role("button", name=re.compile("Paused")).click()
    expect(lines.filter(has_text="sold 1")).to_have_count(1)


def test_the_log_is_saved_as_csv(desk: Desk, trader: Trader) -> None:
    trader.fill(trader.strategy("Opening range"), "buy", "1", "5000")
    page = desk.of(trader, "/control")
    expect(page.locator("#log")).to_contain_text("bought 1")
    with page.expect_download() as download:
        page.get_by_role("button", name="Save log as CSV").click()
    text = download.value.path().read_text(encoding="utf-8")
    assert text.startswith("time,level,type,code,message")
    assert "OrderFilled" in text


def test_a_ticket_is_sent_only_after_the_question(desk: Desk, trader: Trader) -> None:
    hook = trader.strategy("By hand")
    trader.quote("ES", "5000")
    page = desk.of(trader, "/control")
    ticket = page.locator("#ticket")
    ticket.get_by_label("Sell").check()
    ticket.get_by_label("Quantity").fill("3")
    expect(ticket).to_contain_text("Sell 3 ES at market, on account paper, for By hand.")
    page.get_by_role("button", name="Review order").click()
    page.get_by_role("button", name="Do not send").click()
    assert trader.get("/api/orders")["items"] == []
    page.get_by_role("button", name="Review order").click()
    expect(page.get_by_role("dialog")).to_contain_text("Paper, no real money")
    page.get_by_role("button", name="Sell 3 ES").click()
    expect(page.locator("#toasts")).to_contain_text("Taken: Sell 3 ES at market")
    expect(strategy(page, hook.name)).to_contain_text("−3")  # noqa: RUF001
    expect(page.locator("#log")).to_contain_text(re.compile(r"sold 3 ES\w+ at 5000"))


def test_a_wrong_ticket_keeps_what_was_typed_and_names_the_field(
    desk: Desk, trader: Trader
) -> None:
    desk.expected.append("status of 422")
    trader.strategy("By hand")
    page = desk.of(trader, "/control")
    ticket = page.locator("#ticket")
    ticket.get_by_label("Symbol").fill("NOTHING9")
    ticket.get_by_label("Quantity").fill("two")
    page.get_by_role("button", name="Review order").click()
    expect(ticket.get_by_label("Quantity")).to_have_attribute("aria-invalid", "true")
    expect(ticket.locator("[data-error=quantity]")).to_have_text("Enter a quantity above zero.")
    ticket.get_by_label("Quantity").fill("2")
    page.get_by_role("button", name="Review order").click()
    page.get_by_role("button", name="Buy 2 NOTHING9").click()
    expect(ticket.locator("[data-error=symbol]")).not_to_be_empty()
    expect(ticket.get_by_label("Symbol")).to_have_value("NOTHING9")
    ticket.get_by_label("Order").select_option("limit")
    page.get_by_role("button", name="Review order").click()
    expect(ticket.locator("[data-error=price]")).to_have_text("Enter a price.")
    assert trader.get("/api/orders")["items"] == []


def test_a_ticket_outside_any_strategy_goes_to_the_account(desk: Desk, trader: Trader) -> None:
    trader.quote("SPY", "680.1")
    page = desk.of(trader, "/control")
    expect(page.get_by_text("No strategies yet")).to_be_visible()
    page.locator("#ticket").get_by_label("Symbol").fill("spy")
    page.get_by_role("button", name="Review order").click()
    page.get_by_role("button", name="Buy 1 SPY").click()
    expect(page.locator("#log")).to_contain_text("bought 1 SPY at 680.1")
    visit(page, "/dashboard")
    row = page.get_by_role("table", name="Open positions").get_by_role("row").nth(1)
    expect(row).to_contain_text("Long1680.10680.10$0.00")
