"""The newcomer's path with an account of their own at Alpaca, from the keys to the last word.

The server, the browser and Alpaca's stand-in are processes of their own.  The path can be recorded:
see CONTRIBUTING.md.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
import requests
from playwright.sync_api import Locator, Page, expect

from app.clock import SystemClock
from tests.support.alpaca import KEY, SECRET, StandIn, outer_stand_in
from tests.support.browsing import REFUSED_FORM, Desk, ready, visit
from tests.support.filming import Film, film
from tests.support.newcomer import copied, sign_up
from tests.support.serving import Server, eventually, serving
from tests.support.trader import steady

__all__ = ["film"]


@pytest.fixture(scope="module")
def alpaca(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandIn]:
    with outer_stand_in(tmp_path_factory.mktemp("alpaca")) as made:
        made.tell("market", session="open")
        made.price("AAPL", "250.00")
        yield made


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory, alpaca: StandIn) -> Iterator[Server]:
    """A server that nobody has opened yet, for which the stand-in is Alpaca."""
    hosts = {
        "ALPACA_PAPER_URL": alpaca.address,
        "ALPACA_DATA_URL": alpaca.address,
        "ALPACA_STREAM_URL": alpaca.address.replace("http", "ws"),
    }
    folder = tmp_path_factory.mktemp("fresh") / "data"
    with serving(folder, **steady(SystemClock().now()), **hosts) as server:
        yield server


def test_a_newcomer_connects_alpaca_trades_by_an_alert_and_disconnects(
    fresh: Server, alpaca: StandIn, desk: Desk, film: Film
) -> None:
    desk.expected.append(REFUSED_FORM)
    page = desk.page(fresh.address)
    film.begin(page)
    sign_up(page, fresh)
    try_wrong_keys(page, film)
    account = connect(page, film)
    address = create_a_strategy(page, film)
    send(address, action="buy", quantity=4, id="first-1")
    see_the_profit_move(page, alpaca, film)
    stay_connected(page, account, film)
    send(address, action="exit", id="first-2")
    see_it_closed(page, account, film)
    disconnect(page, account, film)
    what_stays_is_told(page, address, account, film)
    assert SECRET not in fresh.printed()
    assert KEY not in fresh.printed()


def fill_keys(page: Page, key: str, secret: str) -> None:
    page.get_by_label("Key", exact=True).fill(key)
    page.get_by_label("Secret", exact=True).fill(secret)


def trial(page: Page) -> Locator:
    return page.locator("#trial")


def try_wrong_keys(page: Page, film: Film) -> None:
    visit(page, "/accounts")
    film.show("accounts")
    page.get_by_role("link", name="Connect Alpaca").click()
    ready(page)
    film.show("connect")
    page.get_by_label("Name", exact=True).fill("Alpaca paper")
    fill_keys(page, "PK", SECRET)
    page.get_by_role("button", name="Test connection").click()
    expect(page.locator("[data-error=key]")).to_contain_text("copy it whole from Alpaca's page")
    fill_keys(page, "AKOFREALMONEY0000000", SECRET)
    page.get_by_role("button", name="Test connection").click()
    expect(trial(page)).to_contain_text("paper money was chosen")
    film.show("keys of real money")
    fill_keys(page, KEY, "a-secret-of-somebody-else")
    page.get_by_role("button", name="Connect account").click()
    expect(trial(page)).to_contain_text("Alpaca refused the keys (forbidden).")
    expect(page.get_by_label("Name", exact=True)).to_have_value("Alpaca paper")
    film.show("keys refused")


def connect(page: Page, film: Film) -> str:
    """Test the right keys, then connect; returns the path of the account's page."""
    fill_keys(page, KEY, SECRET)
    page.get_by_role("button", name="Test connection").click()
    expect(trial(page)).to_contain_text("The keys work.")
    expect(trial(page)).to_contain_text("$100,000.00")
    film.show("keys work")
    page.get_by_role("button", name="Connect account").click()
    expect(page.get_by_role("heading", name="Alpaca paper", exact=True)).to_be_visible()
    ready(page)
    expect(page.locator("[data-link]")).to_have_text("Connected")
    expect(page.get_by_text("Agree with the venue")).to_be_visible()
    expect(page.locator("[data-figure=equity]")).to_have_text("$100,000.00")
    expect(page.locator("[data-key]")).to_contain_text("PK...0000")
    assert SECRET not in page.content()
    film.show("connected")
    return page.url


def create_a_strategy(page: Page, film: Film) -> str:
    """Make one on the account with the form; returns the address of its webhook."""
    visit(page, "/strategies/new")
    page.get_by_label("Name").fill("First steps")
    page.get_by_label("Symbol", exact=True).fill("AAPL")
    page.get_by_role("checkbox", name="Alpaca paper").check()
    page.get_by_role("checkbox", name=re.compile("^paper")).uncheck()
    film.show("new strategy")
    page.get_by_role("button", name="Create strategy").click()
    ready(page)
    expect(page.get_by_text("First steps is created")).to_be_visible()
    film.show("strategy")
    return copied(page, "webhook address")


def send(address: str, **alert: object) -> None:
    """Send an alert as curl does."""
    answer = requests.post(address, json={"symbol": "AAPL", **alert}, timeout=10)
    assert answer.status_code == 202, answer.text


def see_the_profit_move(page: Page, alpaca: StandIn, film: Film) -> None:
    visit(page, "/dashboard")
    row = page.get_by_role("table", name="Open positions").get_by_role("row").nth(1)
    expect(row).to_contain_text(re.compile(r"AAPL.*Long.*250\.00"))
    film.show("position")
    eventually(lambda: alpaca.tell("faults")["streams"]["data"] or None)
    loss = "\N{MINUS SIGN}$6.00"
    for price, profit in (("255.00", "+$20.00"), ("248.50", loss), ("260.00", "+$40.00")):
        alpaca.price("AAPL", price)
        expect(row).to_contain_text(profit)
        expect(page.locator("[data-kpi=today]")).to_have_text(profit)
        film.show(f"at {price}")


def stay_connected(page: Page, account: str, film: Film) -> None:
    visit(page, account)
    expect(page.locator("[data-figure=cash]")).to_have_text("$99,000.00")
    expect(page.get_by_text("the venue says the same")).to_be_visible()
    expect(page.locator("#venue-days tbody tr")).not_to_have_count(0)
    page.get_by_role("button", name="Disconnect").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("It has 1 open position. What is open stays at Alpaca")
    film.show("question with an open position")
    dialog.get_by_role("button", name="Stay connected").click()
    expect(page.locator("[data-link]")).to_have_text("Connected")


def see_it_closed(page: Page, account: str, film: Film) -> None:
    visit(page, "/dashboard")
    expect(page.get_by_text("No open positions")).to_be_visible()
    expect(page.locator("[data-kpi=today]")).to_have_text("+$40.00")
    expect(page.locator("#activity")).to_contain_text(re.compile("sold 4 AAPL at 260"))
    film.show("closed")
    visit(page, "/alerts")
    expect(page.locator("td .chip")).to_have_text(["Executed"] * 2)
    film.show("alerts")
    visit(page, account)
    expect(page.locator("[data-figure=equity]")).to_have_text("$100,040.00")
    expect(page.get_by_text("the venue says the same")).to_be_visible()
    film.show("account with its profit")


def disconnect(page: Page, account: str, film: Film) -> None:
    page.get_by_role("button", name="Disconnect").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Its history stays, and new keys connect it again.")
    film.show("question")
    dialog.get_by_role("button", name="Disconnect").click()
    expect(page.locator("[data-link]")).to_have_text("Disconnected")
    expect(page.locator("[data-key]")).to_have_text("None kept")
    film.show("disconnected")


def what_stays_is_told(page: Page, address: str, account: str, film: Film) -> None:
    visit(page, account)
    expect(page.locator("#connection-card")).to_contain_text("Its history stays here.")
    expect(page.locator("[data-figure=equity]")).to_have_text("$100,040.00")
    film.show("what stays")
    visit(page, "/journal")
    expect(page.get_by_role("table").first).to_contain_text("+$40.00")
    film.show("journal")
    send(address, action="buy", quantity=1, id="first-3")
    visit(page, "/alerts")
    refused = page.get_by_role("row").filter(has_text="Buy 1 AAPL")
    expect(refused).to_contain_text("The account Alpaca paper is not connected")
    film.show("an alert afterwards")
