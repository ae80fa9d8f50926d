"""Accounts and API tokens in a browser: made, watched, changed, and taken back."""

from __future__ import annotations

import re

import requests
from playwright.sync_api import Locator, Page, expect

from tests.support.browsing import ON_PHONE, REFUSED_FORM, Desk, ready, visit
from tests.support.trader import Trader


def card(page: Page, name: str) -> Locator:
    return page.locator(".account-card").filter(has_text=name)


def test_a_paper_account_is_made_after_what_was_wrong_is_mended(desk: Desk, trader: Trader) -> None:
    desk.expected.append(REFUSED_FORM)
    page = desk.of(trader, "/accounts")
    page.get_by_role("link", name="New paper account").click()
    ready(page)
    page.get_by_label("Name").fill("Swing")
    page.get_by_label("Starting cash, dollars").fill("25000")
    page.get_by_label("Commission each, dollars").fill("2.25")
    page.get_by_label("Delay, milliseconds", exact=True).fill("soon")
    page.get_by_label("Leverage, times").fill("0.5")
    page.get_by_role("button", name="Create account").click()
    ready(page)
    for label in ("Delay, milliseconds", "Leverage, times"):
        expect(page.get_by_label(label, exact=True)).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_label("Name")).to_have_value("Swing")
    expect(page.get_by_label("Commission each, dollars")).to_have_value("2.25")
    page.get_by_label("Delay, milliseconds", exact=True).fill("0")
    page.get_by_label("Leverage, times").fill("")
    page.get_by_role("button", name="Create account").click()
    expect(page.get_by_text("Swing is created.")).to_be_visible()
    expect(page.get_by_label("Delay, milliseconds", exact=True)).to_have_value("0")
    expect(page.locator("[data-figure=buying_power]")).to_have_text("$25,000.00")
    visit(page, "/accounts")
    expect(card(page, "Swing").locator("[data-figure=equity]")).to_have_text("$25,000.00")


def test_an_account_follows_its_fills_and_cancels_an_order(desk: Desk, trader: Trader) -> None:
    hook = trader.strategy("Opening range")
    account = trader.get("/api/accounts")["items"][0]["id"]
    page = desk.of(trader, f"/accounts/{account}")
    expect(page.get_by_text("No open positions")).to_be_visible()
    trader.fill(hook, "buy", "2", "5000")
    trader.quote("ES", "5001")
    expect(page.locator("[data-figure=equity]")).to_have_text("$100,100.00")
    expect(page.locator("[data-pnl=open_pnl]")).to_have_text("+$100.00")
    expect(page.get_by_text("the venue says the same")).to_be_visible()
    expect(page.get_by_text("Agree with the venue")).to_be_visible()
    expect(page.get_by_role("table", name="Open positions")).to_contain_text("Opening range")
    trader.post(
        "/api/orders",
        account_id=account,
        symbol="ES",
        side="buy",
        quantity="1",
        order_type="limit",
        limit_price="4000",
    )
    order = page.locator("#orders").get_by_role("listitem")
    expect(order).to_contain_text("limit at 4000")
    order.get_by_role("button", name=re.compile("Cancel Buy 1 ES")).click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel order").click()
    expect(page.get_by_text("Nothing is working")).to_be_visible()


def test_chaos_is_chosen_by_a_preset_and_mended_by_hand(desk: Desk, trader: Trader) -> None:
    page = desk.of(trader, "/accounts/new?venue=chaos", **ON_PHONE)
    page.get_by_text("Each fault by itself").click()
    page.get_by_role("button", name="Wild").click()
    expect(page.get_by_text("22 of 30 happen")).to_be_visible()
    expect(page.locator('[data-share="faults.drop_after"]')).to_have_text("1 in 13")
    page.get_by_role("button", name="Calm").click()
    expect(page.locator('[data-share="faults.drop_after"]')).to_have_text("never")
    page.get_by_label("Drop after", exact=True).fill("0.25")
    expect(page.locator('[data-share="faults.drop_after"]')).to_have_text("1 in 4")
    expect(page.locator("[data-preset][aria-pressed=true]")).to_have_count(0)
    page.get_by_label("Name").fill("Storm")
    page.get_by_role("button", name="Create account").click()
    expect(page.get_by_text("Storm is created.")).to_be_visible()
    made = trader.get("/api/accounts")["items"][-1]
    assert (made["venue"], made["settings"]) == ("chaos", {"faults": {"drop_after": "0.25"}})
    page.get_by_role("button", name="More").click()
    page.get_by_role("link", name="Accounts", exact=True).click()
    ready(page)
    expect(card(page, "Storm")).to_contain_text("Chaos")


def test_a_token_is_shown_once_works_and_is_revoked(desk: Desk, trader: Trader) -> None:
    page = desk.of(trader, "/settings/tokens")
    page.get_by_role("button", name="Make token").click()
    expect(page.locator("[data-error=name]")).to_have_text("Enter a name, such as My bot.")
    page.get_by_label("Name").fill("My bot")
    page.get_by_role("button", name="Make token").click()
    expect(page.get_by_text("Copy it now.")).to_be_visible()
    secret = page.locator("#secret").inner_text()
    headers = {"Authorization": f"Bearer {secret}"}
    address = f"{trader.address}/api/summary"
    assert requests.get(address, headers=headers, timeout=10).ok
    page.get_by_role("button", name="Copy token").click()
    assert page.evaluate("navigator.clipboard.readText()") == secret
    visit(page, "/settings/tokens")
    assert secret not in page.content()
    page.get_by_role("button", name="Revoke My bot").click()
    page.get_by_role("dialog").get_by_role("button", name="Keep token").click()
    page.get_by_role("button", name="Revoke My bot").click()
    page.get_by_role("dialog").get_by_role("button", name="Revoke token").click()
    expect(page.get_by_text("My bot is revoked.")).to_be_visible()
    expect(page.locator("#tokens li").filter(has_text="My bot")).to_contain_text("Revoked")
    assert requests.get(address, headers=headers, timeout=10).status_code == 401
