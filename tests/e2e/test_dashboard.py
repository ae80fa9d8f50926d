"""The dashboard lives: figures follow the market each second, and a position can be closed."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect

from tests.support.browsing import Desk, ready, stay, stayed
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
    page.get_by_role("button", name="Show its activity").click()
    expect(page.locator("#day-note")).to_contain_text(f"Only {day.get_attribute('data-date')}")
    expect(page.locator("#activity .log")).to_contain_text("alert executed")
    page.get_by_role("button", name="Show live activity").click()
    expect(page.locator("#day-note")).to_be_hidden()


def test_a_day_opens_its_figures_and_round_trips_by_the_keyboard(
    desk: Desk, trader: Trader
) -> None:
    hook = trader.strategy("Opening range")
    for action, price in (("buy", "5000"), ("exit", "5001"), ("sell", "5001"), ("exit", "5003")):
        trader.fill(hook, action, "1", price)
    page = desk.of(trader, "/dashboard")
    today = page.locator(".day.today")
    today.focus()
    page.keyboard.press("Home")
    expect(today.locator("xpath=ancestor::*[@role='row']").locator(":focus")).to_have_count(1)
    today.focus()
    page.keyboard.press("Enter")
    panel = page.get_by_role("dialog")
    expect(panel.locator("[data-day=pnl]")).to_have_text("−$50.00")  # noqa: RUF001
    expect(panel.locator(".day-trips li")).to_have_count(2)
    expect(panel.locator(".day-trips .pnl")).to_have_text(["−$100.00", "+$50.00"])  # noqa: RUF001
    # What happens while it is open is shown in it, and what is typed meanwhile stays.
    panel.get_by_label("Note of this day").fill("Chased it.")
    trader.fill(hook, "buy", "1", "5000")
    trader.fill(hook, "exit", "1", "5004")
    expect(panel.locator(".day-trips li")).to_have_count(3)
    expect(panel.locator("[data-day=pnl]")).to_have_text("+$150.00")
    panel.get_by_role("button", name="Save note").click()
    expect(panel.get_by_role("status")).to_have_text("Kept")
    page.keyboard.press("Escape")
    expect(today).to_be_focused()
    page.reload()
    ready(page)
    expect(today).to_have_attribute("aria-label", re.compile(r"\+\$150.00, 3 trades, with a note"))
    today.click()
    expect(panel.get_by_label("Note of this day")).to_have_value("Chased it.")


def test_one_strategy_is_shown_alone_and_lives_too(desk: Desk, trader: Trader) -> None:
    mine, other = trader.strategy("Mine"), trader.strategy("Other", "NQ")
    trader.fill(mine, "buy", "1", "5000")
    trader.fill(other, "buy", "1", "20000")
    page = desk.of(trader, "/dashboard?range=1W")
    page.get_by_label("Strategy").select_option("Mine")
    page.get_by_role("button", name="Show", exact=True).click()
    page.wait_for_url(re.compile(rf"strategy_id={mine.id}&range=1W$"))
    expect(page.get_by_role("button", name="1W")).to_have_attribute("aria-pressed", "true")
    expect(figure(page, "positions")).to_have_text("1 position")
    trader.quote("NQ", "20100")
    trader.quote("ES", "5002")
    for name in ("today", "open", "total"):
        expect(figure(page, name)).to_have_text("+$100.00", timeout=EACH_SECOND_MS)
    expect(page.locator("#equity-now")).to_have_text("+$100.00")
    expect(page.locator("#month-total")).to_have_text("+$100.00")
    trader.fill(mine, "exit", "1", "5003")
    expect(figure(page, "closed")).to_have_text("+$150.00")
    expect(figure(page, "trades")).to_have_text("1 trade")


def test_a_drag_over_the_curve_looks_closer_and_the_way_back_is_there(
    desk: Desk, trader: Trader
) -> None:
    hook = trader.strategy("Opening range")
    trader.fill(hook, "buy", "1", "5000")
    page = desk.of(trader, "/dashboard")
    trader.quote("ES", "5001")
    expect(page.locator("#curve-open")).to_have_text("+$50.00")
    expect(page.locator("#curve-realised")).to_have_text("$100,000.00")
    expect(page.locator("#equity-now")).to_have_text("$100,050.00")
    page.wait_for_timeout(1500)
    box = page.locator(".plot").bounding_box()
    assert box
    with page.expect_response(re.compile(r"pnl-drawdown-chart\?.*start=.*end=")) as answer:
        page.mouse.move(box["x"] + 5, box["y"] + 60)
        page.mouse.down()
        page.mouse.move(box["x"] + 300, box["y"] + 60, steps=4)
        page.mouse.up()
    assert answer.value.ok
    assert "from=" in page.url
    page.get_by_role("button", name="Zoom out").click()
    expect(page.get_by_role("button", name="All", exact=True).first).to_have_attribute(
        "aria-pressed", "true"
    )
    assert "from=" not in page.url


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
