"""Reconciliation in the browser: a difference is seen, understood, decided about and gone."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from app.bootstrap import core
from app.domain.safety.drift import Difference, DriftCause, DriftState, position_words, suspected
from app.services.ports import BookKey
from tests.e2e.test_pages import in_both_themes
from tests.support.browsing import ON_PHONE, Desk
from tests.support.trader import House, Trader
from tests.support.world import settings_for


def disagree(folder: Path, trader: Trader, ours: str) -> None:
    """Write another number into our books than the broker has, and the difference with it."""
    hook = trader.strategy("Opening range")
    trader.fill(hook, "buy", "1", "5000")
    (held,) = trader.get("/api/positions")["items"]
    key = BookKey(held["strategy_id"], held["account_id"], held["symbol"])
    made = core(settings_for(folder))
    quantity, now = Decimal(ours), made.clock.now()
    words = position_words("paper", key.symbol, quantity, Decimal(1))
    detail = f"{words} Most likely a trade by hand at the broker."
    found = Difference(key.symbol, quantity, Decimal(1), DriftCause.MANUAL_TRADE, detail)
    drift = suspected(made.ids(), key.account_id, found, now)
    with made.store.write() as uow:
        book = uow.positions.get(key)
        position = replace(book.position, quantity=quantity, basis=quantity * 5000)
        uow.positions.save(key, replace(book, position=position), now)
        uow.drifts.insert(replace(drift, state=DriftState.OPEN))
    made.store.close()


@pytest.fixture
def page(desk: Desk, trader: Trader, house: House) -> Page:
    """The page of somebody whose broker holds one contract less than our books say."""
    disagree(Path(house.server.env["DATA_DIR"]), trader, "2")
    return desk.of(trader, "/drift")


def test_a_difference_is_shown_with_both_numbers_and_accepted(page: Page, trader: Trader) -> None:
    expect(page.locator("[data-summary]")).to_have_text("1 difference to decide about")
    expect(page.locator(".side [data-drift-count]")).to_have_text(re.compile("^1"))
    item = page.locator("[data-drift]")
    expect(item.locator("dd")).to_have_text(["2", "1", "−1"])  # noqa: RUF001
    in_both_themes(page)
    item.get_by_role("button", name="Accept the broker's number").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("No strategy's position changes, and nothing is sent")
    in_both_themes(page)
    dialog.get_by_role("button", name="Accept 1").click()
    expect(page.locator("#toasts")).to_contain_text("Accepted")
    expect(page.locator("[data-summary]")).to_have_text("Our books agree with your brokers")
    expect(page.locator(".side [data-drift-count]")).to_be_hidden()
    page.get_by_text("Earlier: 1 difference resolved").click()
    expect(page.locator(".drift-past li")).to_contain_text(f"accepted, by {trader.name}")
    in_both_themes(page)


def test_the_difference_is_flattened_on_a_phone(desk: Desk, trader: Trader, house: House) -> None:
    disagree(Path(house.server.env["DATA_DIR"]), trader, "3")
    page = desk.of(trader, "/drift", **ON_PHONE)
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    page.get_by_role("button", name="Flatten the difference").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Buy 2 ES")
    dialog.get_by_role("button", name=re.compile("^Buy 2 ES")).click()
    expect(page.locator("#drift-accounts")).to_contain_text("Books agree")
    sent = [row for row in trader.get("/api/orders")["items"] if row["leg"] == "flatten"]
    assert [(row["side"], row["quantity"], row["state"]) for row in sent] == [
        ("buy", "2", "filled")
    ]


def test_an_account_that_agrees_says_when_it_was_checked(desk: Desk, trader: Trader) -> None:
    page = desk.of(trader, "/drift")
    page.get_by_role("button", name="Check now").click()
    expect(page.locator("[data-checked]").first).to_have_text(re.compile(r"^Checked \d+ s ago"))
    expect(page.locator(".drift-card")).to_contain_text("Books agree")
