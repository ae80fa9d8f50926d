"""The newcomer's path in a browser: from the one-time link to a profit, on a fresh server."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
import requests
from playwright.sync_api import Page, expect

from tests.support.browsing import REFUSED_FORM, Desk, ready, stay, stayed, visit
from tests.support.newcomer import copied, sign_up
from tests.support.quick import PASSWORD
from tests.support.serving import Server, serving
from tests.support.trader import filled_in


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that nobody has opened yet."""
    with serving(tmp_path_factory.mktemp("fresh") / "data") as server:
        yield server


def test_a_newcomer_comes_from_the_link_to_a_profit(fresh: Server, desk: Desk) -> None:
    desk.expected.append(REFUSED_FORM)
    page = desk.page(fresh.address)
    sign_up(page, fresh)
    address, message = create_a_strategy(page)
    page.get_by_role("link", name="Dashboard").first.click()
    ready(page)
    expect(page.get_by_text("No open positions")).to_be_visible()
    stay(page)
    send(address, message, "buy", "2", "long 2", "flat 0", "5000")
    row = page.get_by_role("table", name="Open positions").get_by_role("row").nth(1)
    expect(row).to_contain_text(re.compile(r"ES\w+Long25000\.00"))
    send(address, message, "sell", "1", "long 1", "long 2", "5005")
    # One of two contracts sold 5 points higher, the other one open: 250 dollars each.
    expect(row).to_contain_text("+$250.00")
    expect(page.locator("[data-kpi=today]")).to_have_text("+$500.00")
    expect(page.locator("[data-kpi=realised]")).to_have_text("+$250.00")
    send(address, message, "sell", "1", "flat 0", "long 1", "5010")
    expect(page.locator("[data-kpi=today]")).to_have_text("+$750.00")
    expect(page.get_by_text("No open positions")).to_be_visible()
    expect(page.locator("#activity")).to_contain_text(re.compile(r"sold 1 ES\w+ at 5010"))
    assert stayed(page)
    the_alerts_say_what_was_done(page)


def create_a_strategy(page: Page) -> tuple[str, str]:
    """Make it with the form; returns what the copy buttons copied."""
    page.get_by_role("link", name="Open strategies").click()
    page.get_by_role("link", name="New strategy").first.click()
    page.get_by_label("Name").fill("Opening range")
    page.get_by_label("Symbol", exact=True).fill("ES")
    page.get_by_role("button", name="Create strategy").click()
    ready(page)
    expect(page.get_by_text("Opening range is created")).to_be_visible()
    # Who knows the address can trade: it is covered until it is asked for.
    expect(page.locator("#hook-url")).to_have_css("color", "rgba(0, 0, 0, 0)")
    return copied(page, "webhook address"), copied(page, "alert message")


def send(
    address: str, message: str, action: str, size: str, now: str, before: str, price: str
) -> None:
    """Post the strategy's message as TradingView fills it in."""
    position, position_size = now.split()
    previous, previous_size = before.split()
    body = filled_in(
        message,
        strategy__order__id="Range",
        timenow="2026-03-04T15:00:00Z",
        strategy__order__action=action,
        strategy__order__contracts=size,
        strategy__order__price=price,
        strategy__market_position=position,
        strategy__market_position_size=position_size,
        strategy__prev_market_position=previous,
        strategy__prev_market_position_size=previous_size,
    )
    answer = requests.post(address, json=body, timeout=10)
    assert answer.status_code == 202, answer.text


def the_alerts_say_what_was_done(page: Page) -> None:
    visit(page, "/alerts")
    expect(page.locator("td .chip")).to_have_text(["Executed"] * 3)
    page.get_by_role("link", name="Sell 1 ES, then flat").click()
    ready(page)
    expect(page.locator(".trace b").first).to_have_text("Received")
    expect(page.locator(".trace b", has_text="Order filled")).to_be_visible()
    expect(page.get_by_role("region", name="Fills table")).to_contain_text("5010")


def test_who_signed_out_signs_in_again_and_lands_where_they_wanted_to_be(
    fresh: Server, desk: Desk
) -> None:
    desk.expected.append(REFUSED_FORM)
    page = desk.page(fresh.address)
    page.goto("/control")
    page.get_by_label("Name").fill("ann")
    page.get_by_label("Password").fill("not the password")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert").first).to_contain_text("password")
    expect(page.get_by_label("Name")).to_have_value("ann")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Control center")).to_be_visible()
    ready(page)
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    page.goto("/dashboard")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
