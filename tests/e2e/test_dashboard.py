"""The dashboard lives: figures follow the market each second, and a position can be closed."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect

from tests.support.browsing import Desk, stay, stayed
from tests.support.trader import Trader

EACH_SECOND_MS = 5_000


def position(page: Page) -> Locator:
    return page.get_by_role("table", name="Open positions").get_by_role("row").nth(1)


def figure(page: Page, name: str) -> Locator:
    return page.locator(f"[data-kpi={name}]")


def test_every_figure_follows_the_market_without_a_reload(desk: Desk, trader: Trader) -> None:
    trader.fill(trader.strategy("Opening range"), "buy", "2", "5000")
    page = desk.of(trader, "/dashboard")
    stay(page)
    for price, gain in [("5001", "+$100.00"), ("5002.25", "+$225.00"), ("4999.5", "−$50.00")]:  # noqa: RUF001
        trader.quote("ES", price)
        expect(position(page)).to_contain_text(gain, timeout=EACH_SECOND_MS)
        expect(position(page)).to_contain_text(f"{float(price):.2f}")
        expect(figure(page, "open")).to_have_text(gain)
        expect(figure(page, "today")).to_have_text(gain)
    expect(figure(page, "equity")).to_have_text("$99,950.00")
    expect(page.locator("#equity-now")).to_have_text("$99,950.00")
    # From the highest total, 225 dollars, down to a loss of 50.
    expect(figure(page, "drawdown")).to_have_text("−$275.00")  # noqa: RUF001
    expect(page).to_have_title("−$50.00 · Dashboard, Signalbox")  # noqa: RUF001
    assert stayed(page)


def test_the_figures_of_a_page_that_was_loaded_again_are_the_live_ones(
    desk: Desk, trader: Trader
) -> None:
    hook = trader.strategy("Opening range", "NQ")
    trader.fill(hook, "buy", "3", "20000")
    trader.fill(hook, "sell", "1", "20010")
    page = desk.of(trader, "/dashboard")
    for _ in range(2):
        # One of three sold 10 points higher at 20 dollars a point; two are open with the same gain.
        expect(figure(page, "today")).to_have_text("+$600.00")
        expect(figure(page, "realised")).to_have_text("+$200.00")
        expect(figure(page, "open")).to_have_text("+$400.00")
        expect(figure(page, "positions")).to_have_text("1 position")
        page.reload()


def test_todays_cell_its_week_and_the_month_equal_the_days_profit(
    desk: Desk, trader: Trader
) -> None:
    hook = trader.strategy("Opening range")
    trader.fill(hook, "buy", "1", "5000")
    page = desk.of(trader, "/dashboard")
    trader.fill(hook, "exit", "1", "5012.5")
    today = page.locator(".day.today")
    expect(today.locator("b")).to_have_text("+$625")
    expect(today).to_have_attribute("data-l", "4")
    week = today.get_attribute("data-week")
    expect(page.locator(f".week b[data-week='{week}']")).to_have_text("+$625")
    expect(page.locator("#month-total")).to_have_text("+$625.00")
    expect(figure(page, "today")).to_have_text("+$625.00")
    page.reload()
    expect(today.locator("b")).to_have_text("+$625")
    expect(page.locator("#month-total")).to_have_text("+$625.00")


def test_a_day_of_the_calendar_shows_only_what_happened_on_it(desk: Desk, trader: Trader) -> None:
    hook = trader.strategy("Opening range")
    trader.fill(hook, "buy", "1", "5000")
    trader.fill(hook, "exit", "1", "5001")
    page = desk.of(trader, "/dashboard")
    day = page.locator(".day.today")
    day.click()
    expect(page.locator("#day-note")).to_contain_text(f"Only {day.get_attribute('data-date')}")
    expect(page.locator("#activity .log")).to_contain_text("alert executed")
    page.get_by_role("button", name="Show live activity").click()
    expect(page.locator("#day-note")).to_be_hidden()
    expect(day).to_have_attribute("aria-pressed", "false")


def test_a_position_is_closed_only_after_the_question(desk: Desk, trader: Trader) -> None:
    hook = trader.strategy("Opening range")
    trader.fill(hook, "sell", "2", "5000.25")
    trader.quote("ES", "4999.75")
    page = desk.of(trader, "/dashboard")
    expect(position(page)).to_contain_text("+$50.00")
    position(page).get_by_role("button", name="Close").click()
    question = page.get_by_role("dialog")
    expect(question).to_contain_text(re.compile(r"Buy 2 ES\w+ at market, so that Opening range"))
    expect(question.locator("dd")).to_have_text(
        ["Short 2 at 5000.25", "4999.75", "+$50.00", "paper"]
    )
    question.get_by_role("button", name="Keep position").click()
    expect(position(page)).to_contain_text("Short")
    position(page).get_by_role("button", name="Close").click()
    page.get_by_role("button", name="Close position").click()
    expect(page.get_by_text("No open positions")).to_be_visible()
    expect(figure(page, "realised")).to_have_text("+$50.00")


def test_an_average_price_is_short_and_whole_on_hover(desk: Desk, trader: Trader) -> None:
    hook = trader.strategy("Thirds")
    for quantity, price in [("1", "5000"), ("2", "5000.25")]:
        trader.fill(hook, "buy", quantity, price)
    page = desk.of(trader, "/dashboard")
    entry = position(page).get_by_role("cell").nth(3).locator("span")
    expect(entry).to_have_text("5000.1667")
    assert entry.evaluate("(node) => node.offsetWidth <= node.parentNode.clientWidth")
    expect(entry).to_have_attribute("title", "5000.16666667")


def test_the_clock_shows_the_servers_zone_not_the_browsers(desk: Desk, trader: Trader) -> None:
    page = desk.of(trader, "/dashboard")
    clock = page.locator(".clock")
    expect(clock).to_contain_text(re.compile(r"\d\d:\d\d:\d\d CT, reset in \d+ h \d+ m"))
    before = clock.inner_text()
    expect(clock).not_to_have_text(before, timeout=EACH_SECOND_MS)


def test_the_ranges_of_the_curve_load_and_show_a_curve(desk: Desk, trader: Trader) -> None:
    trader.fill(trader.strategy("Opening range"), "buy", "1", "5000")
    page = desk.of(trader, "/dashboard")
    for name in ("1D", "1W", "1M", "All"):
        button = page.get_by_role("group", name="Range").get_by_role("button", name=name)
        with page.expect_response(re.compile("pnl-drawdown-chart")) as answer:
            button.click()
        assert answer.value.ok
        expect(button).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_text("No curve yet")).to_be_hidden()
