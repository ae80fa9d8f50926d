"""Forms keep what was typed, name the field that is wrong, and do what they say."""

from __future__ import annotations

import pytest
import requests
from playwright.sync_api import Dialog, Page, expect

from tests.support.browsing import REFUSED_FORM, Desk, ready, visit
from tests.support.trader import COOKIE, Trader


@pytest.fixture
def page(desk: Desk, trader: Trader) -> Page:
    desk.expected.append(REFUSED_FORM)
    return desk.of(trader, "/strategies/new")


def described(page: Page, label: str) -> str:
    """The sentence that belongs to a field which is marked as wrong."""
    wrong = page.get_by_label(label, exact=True)
    expect(wrong).to_have_attribute("aria-invalid", "true")
    return page.locator(f"#{wrong.get_attribute('aria-describedby')}").inner_text()


def test_a_wrong_strategy_keeps_everything_typed_and_names_each_field(page: Page) -> None:
    page.get_by_label("Name").fill("Half done")
    page.get_by_label("Symbol", exact=True).fill("NOTHING9")
    page.get_by_label("Size comes from").select_option("fixed")
    page.locator("#size").fill("two")
    page.get_by_label("Pause after an entry, seconds").fill("soon")
    page.get_by_label("Trading windows").fill("Mon-Fri 25:00-26:00 America/Chicago")
    page.get_by_label("Stop loss, value").fill("20")
    page.get_by_role("button", name="Create strategy").click()
    ready(page)
    expect(page.get_by_role("alert").first).to_contain_text("nothing that you typed is lost")
    assert described(page, "Size")
    assert described(page, "Pause after an entry, seconds")
    expect(page.get_by_label("Name")).to_have_value("Half done")
    expect(page.get_by_label("Symbol", exact=True)).to_have_value("NOTHING9")
    expect(page.get_by_label("Size comes from")).to_have_value("fixed")
    expect(page.locator("#size")).to_have_value("two")
    expect(page.get_by_label("Stop loss, value")).to_have_value("20")
    page.locator("#size").fill("2")
    page.get_by_label("Pause after an entry, seconds").fill("")
    page.get_by_role("button", name="Create strategy").click()
    assert described(page, "Symbol")
    page.get_by_label("Symbol", exact=True).fill("ES")
    page.get_by_role("button", name="Create strategy").click()
    assert described(page, "Trading windows")
    page.get_by_label("Trading windows").fill("Mon-Fri 08:30-15:00 America/Chicago")
    page.get_by_role("button", name="Create strategy").click()
    expect(page.get_by_text("Half done is created")).to_be_visible()
    expect(page.locator("#size")).to_have_value("2")


def test_settings_that_contradict_each_other_are_refused_with_the_reason(page: Page) -> None:
    page.get_by_label("Name").fill("Contradiction")
    page.get_by_label("Symbol", exact=True).fill("ES")
    page.get_by_label("Size comes from").select_option("fixed")
    page.locator("#size").fill("5")
    page.get_by_label("Largest position").first.fill("2")
    page.get_by_role("button", name="Create strategy").click()
    expect(page.get_by_text("The size is above the max position")).to_be_visible()
    expect(page.locator("#size")).to_have_value("5")
    expect(page.get_by_label("Largest position").first).to_have_value("2")


def test_a_name_that_is_taken_is_said_at_the_name(page: Page, trader: Trader) -> None:
    trader.strategy("Opening range")
    page.get_by_label("Name").fill("Opening range")
    page.get_by_label("Symbol", exact=True).fill("NQ")
    page.get_by_role("button", name="Create strategy").click()
    assert "Opening range" in described(page, "Name")
    expect(page.get_by_label("Symbol", exact=True)).to_have_value("NQ")


def test_a_page_with_changes_asks_before_it_is_left(page: Page) -> None:
    asked: list[str] = []

    def leave(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.accept()

    page.on("dialog", leave)
    page.get_by_label("Name").fill("Not saved yet")
    visit(page, "/strategies")
    assert asked == ["beforeunload"]


def test_a_new_address_is_made_only_after_the_question(page: Page, trader: Trader) -> None:
    hook = trader.strategy("Opening range")
    visit(page, f"/strategies/{hook.id}")
    page.get_by_role("button", name="Show or hide webhook address").click()
    expect(page.locator("#hook-url")).to_have_text(hook.url)
    page.get_by_label("Old address works for").select_option("1")
    page.get_by_role("button", name="New address").click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    page.get_by_role("button", name="New address").click()
    page.get_by_role("button", name="Make a new address").click()
    expect(page.get_by_text("There is a new address.")).to_be_visible()
    expect(page.get_by_text("The old address still works until")).to_be_visible()
    expect(page.locator("#hook-url")).not_to_have_text(hook.url)
    # The old address works for the hour that was chosen.
    assert trader.alert(hook, action="exit").status_code == 202


def test_a_strategy_is_archived_after_the_question_and_comes_back(
    page: Page, trader: Trader
) -> None:
    hook = trader.strategy("Old idea")
    visit(page, f"/strategies/{hook.id}")
    page.get_by_role("button", name="Archive strategy").click()
    page.get_by_role("dialog").get_by_role("button", name="Archive strategy").click()
    expect(page.get_by_text("The strategy is archived.")).to_be_visible()
    expect(page.get_by_text("No strategies yet")).to_be_visible()
    page.get_by_role("link", name="Archived").click()
    page.get_by_role("link", name="Old idea").click()
    page.get_by_role("button", name="Restore strategy").click()
    expect(page.get_by_text("The strategy is back, switched off.")).to_be_visible()


@pytest.mark.parametrize("path", ["/static/js/main.js", "/api/summary", "/dashboard"])
def test_an_answer_that_changes_nothing_of_the_session_leaves_its_cookie_alone(
    trader: Trader, path: str
) -> None:
    # A script that arrives after a form's answer would undo the message that the answer set.
    cookies = {COOKIE: trader.cookie()}
    answer = requests.get(trader.address + path, cookies=cookies, timeout=10)
    assert answer.ok
    assert COOKIE not in answer.cookies
