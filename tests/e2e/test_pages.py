"""Every page in both themes and on a phone: no violation that axe finds, nothing cut off."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from app.propfirm import rule_set
from tests.support.browsing import ON_PHONE, REFUSED_FORM, Desk, Seats, visit
from tests.support.serving import eventually
from tests.support.trader import House, Trader
from tests.support.tree import ROOT

pytestmark = pytest.mark.sweep

AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"]
#: Run in the page: what axe finds, each with the elements that it is about.
RUN = """async (rules) => {
  const found = await axe.run(document, { runOnly: rules, resultTypes: ["violations"] });
  return found.violations.map((each) => [each.id, each.nodes.map((node) => node.html)]);
}"""
#: Elements whose text is wider than they are, though they do not say so with an ellipsis.
CUT_OFF = """() => [...document.querySelectorAll("main *")]
  .filter((node) => node.childElementCount === 0 && node.textContent.trim())
  .filter((node) => node.checkVisibility() && !node.closest(".vh"))
  .filter((node) => {
    const box = node.getBoundingClientRect();
    const card = node.closest(".card, .kpi, .day, .week, td, .c") ?? document.body;
    const around = card.getBoundingClientRect();
    const own = getComputedStyle(node);
    const scrolls = node.closest(".tbl, .scroll-x, pre, .log, .recent");
    const wider = node.scrollWidth > node.clientWidth + 1 && own.textOverflow !== "ellipsis"
      && own.display !== "inline" && own.overflowX !== "auto";
    return !scrolls && (wider || box.right > around.right + 1);
  })
  .map((node) => node.outerHTML)"""


@dataclass
class Show:
    """Somebody whose pages have something of everything."""

    trader: Trader
    paths: dict[str, str]


@pytest.fixture(scope="module")
def show(house: House) -> Show:
    """Strategies on and off, positions in gain, loss and unknown, alerts of every outcome."""
    trader = house.trader()
    trader.post("/api/accounts", name="A second account with a long name", starting_cash="1250000")
    range_ = trader.strategy("Opening range breakout of the first hour", accounts=2)
    trader.strategy("No entries", "NQ")
    archived = trader.strategy("Old idea")
    long = trader.strategy("Bitcoin swing", "BTCUSD")
    closed = trader.strategy("Opening gap of the second session", "QQQ")
    refusing = trader.strategy("Switched off", "SPY")
    trader.post(f"/api/strategies/{refusing.id}/state", state="off")
    trader.post(f"/api/strategies/{archived.id}/archive")
    executed = trader.fill(range_, "buy", "2", "5000.25")
    trader.fill(long, "sell", "0.3", "94794.43")
    for action, price in (("buy", "410.25"), ("exit", "412.75")):
        trader.fill(closed, action, "100", price)
    trip = trader.get("/api/trades")["items"][0]["id"]
    trader.quote("ES", "5003.75")
    trader.quote("BTCUSD", "95000.12")
    refused = trader.alert(refusing, action="buy", quantity=1).json()["alert_id"]
    eventually(lambda: trader.state(refused) == "refused")
    invalid = trader.raw(range_, '{"action": "buy" "quantity": 1}').json()["alert_id"]
    trader.alert(range_, id=f"{trader.name}-1", action="buy", quantity="2")
    account, plain = (each["id"] for each in trader.get("/api/accounts")["items"])
    combine = rule_set("topstep_combine_50k_dll")
    trader.put(f"/api/accounts/{account}/rules", id=combine.id, version=combine.version)
    day = trader.get("/api/dashboard/pnl-calendar")["today"]
    paths = {
        "dashboard": "/dashboard",
        "control": "/control",
        "strategies": "/strategies",
        "archive": "/strategies?archived=1",
        "new strategy": "/strategies/new",
        "strategy": f"/strategies/{range_.id}",
        "archived strategy": f"/strategies/{archived.id}",
        "alerts": "/alerts",
        "no alert found": "/alerts?q=nothing",
        "executed alert": f"/alerts/{executed}",
        "refused alert": f"/alerts/{refused}",
        "invalid alert": f"/alerts/{invalid}",
        "accounts": "/accounts",
        "account": f"/accounts/{account}",
        "new account": "/accounts/new",
        "new chaos account": "/accounts/new?venue=chaos",
        "connect an account": "/accounts/connect",
        "funded accounts": "/funded",
        "funded account": f"/funded/{account}",
        "choice of rules": f"/funded/{plain}",
        "rule sets": "/funded/rules",
        "rule set": f"/funded/rules/{combine.id}/{combine.version}/edit",
        "news": "/funded/news",
        "add-on keys": "/funded/keys",
        "journal": "/journal",
        "journal of nothing": "/journal?start_date=2020-01-06&end_date=2020-01-06",
        "round trip": f"/journal/{trip}",
        "trading day": f"/journal/day/{day}",
        "metrics": "/metrics",
        "symbol": "/market/ES1!",
        "reconciliation": "/drift",
        "notifications": "/settings/notifications",
        "tokens": "/settings/tokens",
        "about": "/about",
        "codes": "/help/refusals",
        "error": "/nothing-here",
    }
    return Show(trader, paths)


PATHS = (
    "dashboard",
    "control",
    "strategies",
    "archive",
    "new strategy",
    "strategy",
    "archived strategy",
    "alerts",
    "no alert found",
    "executed alert",
    "refused alert",
    "invalid alert",
    "accounts",
    "account",
    "new account",
    "new chaos account",
    "connect an account",
    "funded accounts",
    "funded account",
    "choice of rules",
    "rule sets",
    "rule set",
    "news",
    "add-on keys",
    "journal",
    "journal of nothing",
    "round trip",
    "trading day",
    "metrics",
    "symbol",
    "reconciliation",
    "notifications",
    "tokens",
    "about",
    "codes",
    "error",
)


@pytest.fixture(scope="module")
def gallery(seats: Seats) -> Iterator[Desk]:
    """Browsers that stay open from page to page."""
    opened = Desk(seats, expected=[REFUSED_FORM])
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def wide(gallery: Desk, show: Show) -> Page:
    return gallery.of(show.trader, "/about")


@pytest.fixture(scope="module")
def phone(gallery: Desk, show: Show) -> Page:
    return gallery.of(show.trader, "/about", **ON_PHONE)


@pytest.fixture(autouse=True)
def no_errors(gallery: Desk) -> Iterator[None]:
    yield
    errors, gallery.errors = gallery.unexpected(), []
    assert errors == []


def violations(page: Page, *rules: str) -> list[Any]:
    """What axe finds; all rules, or only the named ones."""
    if page.evaluate("typeof axe") == "undefined":
        page.evaluate(AXE.read_text(encoding="utf-8"))
    wanted = {"type": "rule", "values": list(rules)} if rules else {"type": "tag", "values": RULES}
    found: list[Any] = page.evaluate(RUN, wanted)
    return found


def in_both_themes(page: Page) -> None:
    """Nothing is wrong in dark, and no colour is in light."""
    assert violations(page) == []
    page.evaluate("document.documentElement.dataset.theme = 'light'")
    assert violations(page, "color-contrast") == []


@pytest.mark.parametrize("name", PATHS)
def test_axe_finds_nothing_in_dark_and_light(wide: Page, show: Show, name: str) -> None:
    visit(wide, show.paths[name])
    in_both_themes(wide)
    assert wide.evaluate("document.documentElement.scrollWidth") == wide.evaluate("innerWidth")
    assert wide.evaluate(CUT_OFF) == []


@pytest.mark.parametrize("name", PATHS)
def test_a_phone_shows_the_page_without_scrolling_sideways(
    phone: Page, show: Show, name: str
) -> None:
    visit(phone, show.paths[name])
    assert phone.evaluate("document.documentElement.scrollWidth") == 390
    assert phone.evaluate(CUT_OFF) == []
    assert violations(phone, "target-size", "scrollable-region-focusable") == []


@pytest.mark.parametrize("name", ["dashboard", "control", "strategies", "alerts"])
def test_axe_finds_nothing_on_a_page_that_is_still_empty(
    gallery: Desk, house: House, name: str
) -> None:
    page = gallery.of(house.trader(), f"/{name}")
    expect(page.locator(".empty:visible").first).to_be_visible()
    in_both_themes(page)


@pytest.mark.parametrize("keys", ["Shift+H", "?", "Control+k"])
def test_axe_finds_nothing_in_a_dialog(wide: Page, keys: str) -> None:
    visit(wide, "/about")
    wide.keyboard.press(keys)
    expect(wide.get_by_role("dialog")).to_be_visible()
    in_both_themes(wide)


def test_axe_finds_nothing_in_a_question_and_in_a_halted_page(wide: Page) -> None:
    visit(wide, "/dashboard")
    wide.evaluate("document.querySelector('#halted').hidden = false")
    wide.get_by_role("button", name="Close ES").first.click()
    expect(wide.get_by_role("dialog")).to_be_visible()
    in_both_themes(wide)


def test_axe_finds_nothing_at_the_door(gallery: Desk, house: House) -> None:
    page = gallery.page(house.server.address)
    page.goto("/login")
    in_both_themes(page)
    page.get_by_label("Name").fill("nobody")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert").first).to_be_visible()
    in_both_themes(page)


def test_a_breach_of_the_policy_would_be_noticed(desk: Desk, trader: Trader) -> None:
    desk.expected.append("Content Security Policy")
    page = desk.of(trader, "/about")
    page.evaluate("document.body.append(document.createElement('style'))")
    page.evaluate("document.querySelector('body > style').textContent = 'p { color: red }'")
    visit(page, "/about")
    assert "Content Security Policy" in desk.errors[0]


@pytest.mark.parametrize("palette", ["cvd", "redup"])
def test_the_other_palettes_keep_their_contrast(wide: Page, show: Show, palette: str) -> None:
    visit(wide, "/dashboard")
    wide.evaluate(f"document.documentElement.dataset.pnl = '{palette}'")
    in_both_themes(wide)


def test_a_large_equity_is_whole_on_a_phone(phone: Page) -> None:
    visit(phone, "/dashboard")
    equity = phone.locator("[data-kpi=equity]")
    expect(equity).to_contain_text("$1,35")
    assert equity.evaluate("(node) => node.scrollWidth <= node.clientWidth")


def test_a_phone_opens_what_its_table_has_no_room_for(phone: Page) -> None:
    visit(phone, "/dashboard")
    rows = phone.get_by_role("table", name="Open positions").get_by_role("row")
    expect(rows.first.get_by_role("columnheader")).to_have_text(
        ["Symbol", "Side", "Qty", "Open P&L"]
    )
    rows.filter(has_text="BTCUSD").get_by_role("button").click()
    expect(phone.get_by_role("dialog")).to_contain_text("Short 0.3 at 94794.43")
    phone.get_by_role("button", name="Keep position").click()
