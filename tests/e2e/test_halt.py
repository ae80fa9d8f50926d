"""Halt all: it needs the word, closes what is open, shows on every page, and can be taken back."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.support.browsing import Desk, ready, visit
from tests.support.serving import eventually
from tests.support.trader import House, Trader, open_house

PAGES = ("/dashboard", "/control", "/strategies", "/strategies/new", "/alerts", "/about")


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A server of its own: a halt stops everybody's trading."""
    with open_house(tmp_path_factory.mktemp("halt") / "data") as opened:
        yield opened


def test_halt_all_needs_the_word_flattens_shows_everywhere_and_resumes(
    desk: Desk, trader: Trader
) -> None:
    hook = trader.strategy("Opening range")
    trader.fill(hook, "buy", "2", "5000")
    trader.quote("ES", "5001")
    page = desk.of(trader, "/dashboard")
    other = desk.of(trader, "/control")
    page.get_by_role("button", name="Halt all").click()
    dialog = page.get_by_role("dialog", name="Halt all trading?")
    go = dialog.get_by_role("button", name="Halt and flatten")
    expect(go).to_be_disabled()
    dialog.get_by_label("Type HALT to confirm").fill("hal")
    expect(go).to_be_disabled()
    dialog.get_by_label("Type HALT to confirm").fill("halt")
    go.click()
    expect(page.locator("#toasts")).to_contain_text("1 position being closed")
    expect(page.get_by_text("No open positions")).to_be_visible()
    expect(page.locator("[data-kpi=realised]")).to_have_text("+$100.00")
    # The page that was open elsewhere hears of it, and each page that is opened knows.
    expect(other.get_by_text("Trading is halted.")).to_be_visible()
    for path in PAGES:
        visit(other, path)
        expect(other.get_by_text("Trading is halted.")).to_be_visible()
    refused = trader.alert(hook, action="buy", quantity=1).json()["alert_id"]
    eventually(lambda: trader.state(refused) == "refused")
    resume(page)
    expect(other.locator("#halted")).to_be_hidden()
    trader.fill(hook, "buy", "1", "5001")


def test_keep_trading_is_what_enter_and_escape_do(desk: Desk, trader: Trader) -> None:
    page = desk.of(trader, "/alerts")
    page.keyboard.press("Shift+H")
    dialog = page.get_by_role("dialog", name="Halt all trading?")
    expect(dialog.get_by_label("Type HALT to confirm")).to_have_value("")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    page.keyboard.press("Shift+H")
    page.keyboard.press("Enter")
    expect(dialog).to_be_hidden()
    expect(page.locator("#halted")).to_be_hidden()
    assert trader.get("/api/status")["trading_state"] == "active"


def test_halting_without_flattening_keeps_the_positions(desk: Desk, trader: Trader) -> None:
    trader.fill(trader.strategy("Opening range"), "buy", "1", "5000")
    page = desk.of(trader, "/dashboard")
    page.get_by_role("button", name="Halt all").click()
    page.get_by_label("Close all open positions at market").uncheck()
    page.get_by_label("Type HALT to confirm").fill("HALT")
    page.get_by_role("dialog").get_by_role("button", name="Halt", exact=True).click()
    expect(page.get_by_text("Trading is halted.")).to_be_visible()
    row = page.get_by_role("table", name="Open positions").get_by_role("row").nth(1)
    expect(row).to_contain_text(re.compile(r"ES\w+Long1"))
    page.reload()
    ready(page)
    resume(page)


def resume(page: Page) -> None:
    page.get_by_role("button", name="Resume trading").click()
    page.get_by_role("dialog").get_by_role("button", name="Resume trading").click()
    expect(page.locator("#halted")).to_be_hidden()


def test_a_strategy_and_an_account_are_stopped_and_resumed_where_they_are_shown(
    desk: Desk, trader: Trader
) -> None:
    hook, other = trader.strategy("Opening range"), trader.strategy("Overnight")
    trader.fill(hook, "buy", "2", "5000")
    page = desk.of(trader, f"/strategies/{hook.id}")
    watching = desk.of(trader, "/strategies")
    page.get_by_role("button", name="Halt Opening range").click()
    dialog = page.get_by_role("dialog", name="Halt Opening range?")
    dialog.get_by_label("close its open positions at market").check()
    dialog.get_by_role("button", name="Halt and flatten").click()
    expect(page.locator("#toasts")).to_contain_text("1 position being closed")
    notice = page.get_by_label("The strategy Opening range", exact=True)
    expect(notice).to_contain_text(f"by {trader.name}.")
    expect(watching.get_by_label("Trading of Opening range")).to_contain_text("Halted")
    expect(watching.get_by_label("Trading of Overnight")).not_to_contain_text("Halted")
    expect(watching.locator("#halted")).to_be_hidden()
    refused = trader.alert(hook, action="buy", quantity=1).json()["alert_id"]
    eventually(lambda: trader.state(refused) == "refused")
    trader.fill(other, "buy", "1", "5000")
    visit(page, "/accounts")
    page.get_by_role("button", name="Halt paper").first.click()
    page.get_by_role("dialog").get_by_label("Only exits").check()
    page.get_by_role("dialog").get_by_role("button", name="Only exits").click()
    expect(page.get_by_label("The account paper", exact=True)).to_contain_text("only exits")
    visit(watching, "/control")
    table = watching.get_by_role("table", name="Strategies")
    expect(table).to_contain_text("Opening range (halted)")
    for name in ("The account paper", "The strategy Opening range"):
        page.get_by_label(name, exact=True).get_by_role("button", name="Resume").click()
        page.get_by_role("dialog").get_by_role("button", name="Resume trading").click()
        expect(page.get_by_label(name, exact=True)).to_have_count(0)
    expect(table).not_to_contain_text("halted")
    trader.fill(hook, "buy", "1", "5001")
