"""Keys, search, theme and colours: quick for who knows them, silent in fields, remembered."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.support.browsing import Desk, ready
from tests.support.trader import Trader


@pytest.fixture
def page(desk: Desk, trader: Trader) -> Page:
    trader.strategy("Opening range")
    return desk.of(trader, "/alerts")


def test_g_and_a_letter_go_to_a_page(page: Page) -> None:
    for letter, path in {
        "d": "dashboard",
        "c": "control",
        "s": "strategies",
        "a": "alerts",
    }.items():
        page.keyboard.press("g")
        page.keyboard.press(letter)
        expect(page).to_have_url(re.compile(f"/{path}$"))
        ready(page)


def test_ctrl_k_finds_pages_strategies_and_actions(page: Page) -> None:
    page.keyboard.press("Control+k")
    field = page.get_by_role("combobox", name="Search")
    expect(field).to_be_focused()
    field.fill("nothing of the kind")
    expect(page.get_by_text("Nothing is called")).to_be_visible()
    field.fill("opening")
    expect(page.locator("#search [role=option]")).to_have_text("Opening rangeES")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Opening range")).to_be_visible()
    ready(page)
    page.keyboard.press("Control+k")
    field.fill("halt")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog", name="Halt all trading?")).to_be_visible()


def test_the_theme_is_switched_and_the_next_page_comes_in_it(page: Page) -> None:
    root = page.locator("html")
    expect(root).to_have_attribute("data-theme", "dark")
    expect(page.locator("body")).to_have_css("background-color", "rgb(10, 13, 19)")
    page.keyboard.press("t")
    expect(root).to_have_attribute("data-theme", "light")
    expect(page.locator("body")).to_have_css("background-color", "rgb(243, 245, 248)")
    page.reload()
    expect(root).to_have_attribute("data-theme", "light")
    ready(page)
    page.get_by_role("button", name="Switch theme").click()
    expect(root).to_have_attribute("data-theme", "dark")


def test_the_display_dialog_sets_colours_and_switches_single_keys_off(page: Page) -> None:
    root = page.locator("html")
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name="Display and keys")
    dialog.get_by_label("Profit and loss").select_option("cvd")
    expect(root).to_have_attribute("data-pnl", "cvd")
    dialog.get_by_label("Single keys are on").uncheck()
    dialog.get_by_role("button", name="Close").click()
    page.keyboard.press("t")
    expect(root).to_have_attribute("data-theme", "dark")
    page.keyboard.press("Shift+H")
    expect(page.get_by_role("dialog")).to_be_hidden()
    page.reload()
    expect(root).to_have_attribute("data-pnl", "cvd")
    ready(page)
    page.get_by_role("button", name="Display and keys").click()
    expect(dialog.get_by_label("Single keys are on")).not_to_be_checked()


def test_keys_are_typed_in_a_field_and_do_nothing_else(page: Page) -> None:
    page.keyboard.press("/")
    field = page.get_by_role("searchbox", name="Search")
    expect(field).to_be_focused()
    page.keyboard.type("gdt?H")
    expect(field).to_have_value("gdt?H")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    expect(page.get_by_role("dialog")).to_be_hidden()


def test_shift_h_opens_the_halt_dialog_with_an_empty_field(page: Page) -> None:
    page.keyboard.press("Shift+H")
    field = page.get_by_label("Type HALT to confirm")
    expect(field).to_be_focused()
    expect(field).to_have_value("")
