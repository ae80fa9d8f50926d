"""Real money in a browser, at the stand-in: nothing goes without its safeguards, all pages tell it.

No key is in what the server prints, whatever became of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from app.clock import SystemClock
from tests.support.alpaca import KEY, SECRET, StandIn, outer_stand_in
from tests.support.browsing import REFUSED_FORM, Desk, ready, visit
from tests.support.serving import Server, serving
from tests.support.trader import Trader, populate, steady

LIVE_KEY = "AKSTANDIN0000000LIVE"
LIVE_SECRET = "another-secret-of-nobody"
WRONG_SECRET = "a-secret-that-opens-nothing"


@pytest.fixture(scope="module")
def alpaca(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandIn]:
    with outer_stand_in(tmp_path_factory.mktemp("alpaca")) as made:
        made.tell("account", key=LIVE_KEY, secret=LIVE_SECRET, cash="5000")
        yield made


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("real") / "data"


@pytest.fixture(scope="module")
def token(data: Path) -> str:
    """An API token of the one user."""
    return populate(data, ["ann"], **steady(SystemClock().now()))["ann"]


@pytest.fixture(scope="module")
def server(data: Path, token: str, alpaca: StandIn) -> Iterator[Server]:
    assert token
    names = ("ALPACA_PAPER_URL", "ALPACA_LIVE_URL", "ALPACA_DATA_URL")
    hosts = dict.fromkeys(names, alpaca.address)
    hosts["ALPACA_STREAM_URL"] = alpaca.address.replace("http", "ws")
    with serving(data, **steady(SystemClock().now()), **hosts, LIVE_TRADING="true") as running:
        yield running


@pytest.fixture
def ann(server: Server, token: str) -> Trader:
    return Trader(server.address, "ann", token)


def fill(page: Page, **fields: str) -> None:
    for label, text in fields.items():
        page.get_by_label(label.replace("_", " "), exact=True).fill(text)


def test_real_money_is_connected_with_its_safeguards_and_told_on_every_page(
    desk: Desk, ann: Trader, server: Server
) -> None:
    desk.expected.append(REFUSED_FORM)
    page = desk.of(ann, "/accounts/connect")
    page.get_by_role("radio", name="Real money").check()
    fill(page, Name="Savings", Key=LIVE_KEY, Secret=LIVE_SECRET)
    page.get_by_role("button", name="Connect account").click()
    limits = ("max_order_value", "max_daily_loss", "max_orders_a_day")
    for field in limits:
        expect(page.locator(f"[data-error={field}]")).to_contain_text("must be given")
    expect(page.locator("[data-error=confirmation]")).to_contain_text("Savings, typed once more")
    for field, text in zip(limits, ("1000", "100", "10"), strict=True):
        page.locator(f"[name={field}]").fill(text)
    page.locator("[name=confirmation]").fill("Savings")
    fill(page, Secret=WRONG_SECRET)
    page.get_by_role("button", name="Connect account").click()
    expect(page.locator("#trial")).to_contain_text("The keys open nothing at Alpaca")
    fill(page, Secret=LIVE_SECRET)
    page.get_by_role("button", name="Connect account").click()
    expect(page.get_by_role("heading", name="Savings", exact=True)).to_be_visible()
    ready(page)
    expect(page.locator("[data-link]")).to_have_text("Connected")
    expect(page.locator("#real-money")).to_have_text("Real money: Savings")
    account = page.url
    loosen_the_limit(page)
    visit(page, "/dashboard")
    expect(page.locator("#real-money")).to_have_text("Real money: Savings")
    expect(page.locator(".top .mode")).to_have_text("live")
    try_and_disconnect(page, account)
    told = [each["message"] for each in ann.get("/api/log")["items"]]
    assert "Account Savings: disconnected, the keys are forgotten" in told
    assert any("real money, with the key AK...LIVE" in each for each in told)
    assert any(each.startswith("Account Savings: bounds changed to 2000 an order") for each in told)
    for secret in (LIVE_KEY, LIVE_SECRET, WRONG_SECRET, KEY, SECRET):
        assert secret not in server.printed()


def loosen_the_limit(page: Page) -> None:
    form = page.locator("#limits")
    expect(form.locator("[name=confirmation]")).to_be_hidden()
    form.locator("[name=max_order_value]").fill("2000")
    form.get_by_role("button", name="Save limits").click()
    expect(form.locator("[data-error=confirmation]")).to_contain_text("Savings")
    form.locator("[name=confirmation]").fill("Savings")
    form.get_by_role("button", name="Save limits").click()
    expect(page.get_by_text("The limits of Savings are saved.")).to_be_visible()


def try_and_disconnect(page: Page, account: str) -> None:
    visit(page, account)
    card = page.locator("#connection-card")
    card.get_by_role("button", name="Test").click()
    expect(card.locator("[data-trial]")).to_contain_text("The keys work.")
    card.get_by_role("button", name="Disconnect").click()
    page.get_by_role("dialog").get_by_role("button", name="Stay connected").click()
    expect(card.locator("[data-link]")).to_have_text("Connected")
    card.get_by_role("button", name="Disconnect").click()
    page.get_by_role("dialog").get_by_role("button", name="Disconnect").click()
    expect(card.locator("[data-link]")).to_have_text("Disconnected")
    visit(page, account)
    expect(page.locator("#real-money")).to_have_count(0)
    expect(card.get_by_role("button", name="Enter keys")).to_be_visible()


def test_orders_that_stay_at_alpaca_are_counted_before_the_keys_are_forgotten(
    desk: Desk, ann: Trader
) -> None:
    made = ann.post("/api/accounts/connect", name="Stocks", key=KEY, secret=SECRET)
    ann.post(
        "/api/orders",
        account_id=made["id"],
        symbol="AAPL",
        side="buy",
        quantity="1",
        order_type="limit",
        limit_price="10",
    )
    page = desk.of(ann, f"/accounts/{made['id']}")
    expect(page.locator("#orders").get_by_role("listitem")).to_have_count(1)
    page.locator("#connection-card").get_by_role("button", name="Disconnect").click()
    expect(page.get_by_role("dialog")).to_contain_text("It has 1 working order.")
    page.get_by_role("dialog").get_by_role("button", name="Disconnect").click()
    expect(page.locator("[data-link]")).to_have_text("Disconnected")
