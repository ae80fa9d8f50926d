"""Funded accounts in a browser: rules are chosen, broken before one's eyes, and corrected."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final

import pytest
from playwright.sync_api import Page, expect

from app.addonsim.http import HttpServer
from app.addonsim.scenarios import Trader as SimTrader
from app.addonsim.script import instant
from app.addonsim.sheet import Sheet
from app.clock import SystemClock
from app.propfirm import rule_set
from app.propfirm.keeping import kept_rules
from tests.support.browsing import Desk, ready, stay, stayed, visit
from tests.support.serving import eventually
from tests.support.trader import Trader

#: What happens to an account is seen within this time.
SHOWN_MS: Final = 1000
#: A day's loss of 1,000 pauses, and equity 2,000 below its highest fails the account.
LIMITS: dict[str, Any] = {
    "firm": "House",
    "program": "Trial",
    "drawdown": {"amount": "2000", "mode": "intraday", "lock_at": None},
    "daily_loss": {"amount": "1000", "kind": "soft"},
    "max_contracts": 5,
    "min_trading_days": 5,
    "flat_time": None,
    "zone": "UTC",
}


@pytest.fixture
def trial(trader: Trader) -> dict[str, Any]:
    """A rule set of the trader's own, whose day does not end while tests run."""
    end = SystemClock().now() - timedelta(hours=6)
    names = {"id": f"trial-{trader.name}", "version": "1", "session_end": f"{end:%H:%M}"}
    record = {**kept_rules(rule_set("static_custom_50k")), **LIMITS, **names}
    made: dict[str, Any] = trader.post("/api/rule-sets", **record)
    return made


def choose(page: Page, rules: dict[str, Any]) -> None:
    page.get_by_label("Firm", exact=True).select_option(rules["firm"])
    page.get_by_role("button", name="these rules").or_(
        page.get_by_role("button", name="Accept", exact=True)
    ).click()
    expect(page.get_by_role("heading", name="What if")).to_be_visible()
    ready(page)


def stands(page: Page, words: str) -> None:
    expect(page.locator("main [data-f=status]").first).to_have_text(words)


def test_a_paper_account_is_paused_before_ones_eyes_and_an_entry_is_refused_with_the_reason(
    desk: Desk, trader: Trader, trial: dict[str, Any]
) -> None:
    hook = trader.strategy("Opening range")
    page = desk.of(trader, "/funded")
    page.get_by_role("link", name="Choose rules for").first.click()
    ready(page)
    choose(page, trial)
    stands(page, "Within its limits")
    expect(page.get_by_text("House: automation allowed.")).to_be_visible()
    trader.quote("ES", "5000")
    page.get_by_label("Symbol", exact=True).fill("ES")
    page.get_by_label("Quantity", exact=True).fill("2")
    page.get_by_label("Stop, value").fill("12")
    page.get_by_role("button", name="Ask").click()
    answer = page.locator("#answer")
    expect(answer).to_contain_text("could lose 1200 at its stop of 4988")
    expect(answer).to_contain_text("Fails: Daily loss")
    expect(answer.locator("[data-verdict]")).to_have_text("Refused")
    trader.fill(hook, "buy", "2", "5000")
    trader.quote("ES", "4995")
    daily = page.locator("[data-limit=daily_loss]")
    expect(daily).to_contain_text("$500.00 left of $1,000.00")
    trader.quote("ES", "4989")
    stands(page, "Paused")
    expect(daily).to_contain_text("$100.00 beyond $1,000.00")
    expect(page.locator("#broken")).to_contain_text("1,100.00, its limit is a loss of $1,000.00")
    refused = trader.alert(hook, action="buy", quantity="1").json()["alert_id"]
    eventually(lambda: trader.state(refused) == "refused")
    visit(page, f"/alerts/{refused}")
    expect(page.get_by_text("reached its daily loss of 1000").first).to_be_visible()


def test_a_rule_set_is_corrected_and_the_account_moved_to_the_new_version(
    desk: Desk, trader: Trader, trial: dict[str, Any]
) -> None:
    desk.expected.append("status of 422")
    account = trader.get("/api/accounts")["items"][0]["id"]
    page = desk.of(trader, f"/funded/{account}")
    choose(page, trial)
    page.get_by_role("link", name="Correct them").click()
    ready(page)
    page.get_by_label("Version", exact=True).fill("2")
    page.get_by_label("The floor stops at").fill("100")
    page.get_by_role("button", name="Make the new version").click()
    ready(page)
    floor = page.get_by_label("The floor stops at")
    expect(floor).to_have_attribute("aria-invalid", "true")
    expect(floor).to_have_accessible_description("must not lie below the first floor of 48000.")
    floor.fill("50100")
    page.get_by_role("button", name="Make the new version").click()
    expect(page.get_by_text("version 2, is made")).to_be_visible()
    visit(page, f"/funded/{account}")
    page.get_by_label("Version", exact=True).select_option(f"{trial['id']} 2")
    page.get_by_role("button", name="Move the account").click()
    page.get_by_role("dialog").get_by_role("button", name="Move the account").click()
    expect(page.get_by_text("up to $50,100.00")).to_be_visible()
    expect(page.locator("#no-broken")).to_be_visible()


def test_what_signalbox_does_near_a_limit_is_chosen_and_what_cannot_be_is_told_at_its_field(
    desk: Desk, trader: Trader, trial: dict[str, Any]
) -> None:
    desk.expected.append("status of 422")
    account = trader.get("/api/accounts")["items"][0]["id"]
    page = desk.of(trader, f"/funded/{account}")
    choose(page, trial)
    percent = page.get_by_label("Near a limit is, percent left")
    percent.fill("150")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(percent).to_have_accessible_description("must be from 0 to 100")
    percent.fill("35")
    page.get_by_label("Near a limit", exact=True).select_option("flatten")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    chosen = trader.get(f"/api/accounts/{account}/state")["preferences"]
    assert (chosen["near_percent"], chosen["near"]) == ("35", "flatten")


@dataclass
class Platform:
    """NinjaTrader with one account, whose add-on has a key of the trader's."""

    account: SimTrader
    server: HttpServer
    sheet: Sheet
    said: int = 0

    def says(self) -> None:
        """Send what the account has told since the last time."""
        now = SystemClock().now()
        for line in self.account.lines[self.said :]:
            self.sheet.take(line)
            message = self.sheet.told(line, line.at, now)
            answer = self.server.post({**message.body, "sent_at": instant(now)})
            assert answer is not None
            assert (answer.status, answer.content["status"]) == (200, "ok"), answer.words
        self.said = len(self.account.lines)


def connected(page: Page, trader: Trader) -> Platform:
    """Make a key on the page of keys, and give it to an add-on."""
    page.get_by_label("Name").fill("Trading computer")
    page.get_by_role("button", name="Make key").click()
    secret = page.locator("#secret")
    expect(secret).not_to_be_empty()
    key = secret.inner_text()
    account = SimTrader("APEX-12345-01", Decimal(50_000))
    server = HttpServer(trader.address, key, now=SystemClock().now)
    return Platform(account, server, Sheet(account.name, "i-1", lambda: "s-1"))


def test_a_key_that_is_taken_back_is_refused_at_once(desk: Desk, trader: Trader) -> None:
    page = desk.of(trader, "/funded/keys")
    platform = connected(page, trader)
    platform.account.begins()
    platform.says()
    page.get_by_role("button", name="Revoke Trading computer").click()
    page.get_by_role("dialog").get_by_role("button", name="Revoke key").click()
    expect(page.get_by_text("Trading computer is revoked.")).to_be_visible()
    answer = platform.server.post({})
    assert answer is not None
    assert (answer.status, answer.content["error_code"]) == (401, "UNAUTHORISED")


def test_an_add_on_drives_an_account_into_a_soft_breach_and_then_a_hard_one(
    desk: Desk, trader: Trader, trial: dict[str, Any]
) -> None:
    page = desk.of(trader, "/funded/keys")
    platform = connected(page, trader)
    visit(page, "/funded")
    platform.account.begins()
    platform.says()
    card = page.locator(".funded-card")
    expect(card).to_contain_text("Pending")
    card.get_by_role("link", name="Accept APEX-12345-01").click()
    ready(page)
    choose(page, trial)
    platform.account.trades(2)
    platform.account.moves(-10)
    platform.says()
    stands(page, "Within its limits")
    expect(page.locator("[data-told=positions]")).to_contain_text("2 NQ 12-26 at 21500")
    stay(page)
    platform.account.moves(-16)
    platform.says()
    expect(page.locator("main [data-f=status]").first).to_have_text("Paused", timeout=SHOWN_MS)
    platform.account.moves(-30)
    platform.says()
    expect(page.locator("main [data-f=status]").first).to_have_text("Failed", timeout=SHOWN_MS)
    broken = page.locator("#broken")
    expect(broken).to_contain_text("Paused the day")
    expect(broken).to_contain_text("Failed the account")
    assert stayed(page)
    page.get_by_label("Symbol", exact=True).fill("NQ")
    trader.quote("NQ", "21444")
    page.get_by_role("button", name="Ask").click()
    expect(page.locator("#answer")).to_contain_text("has failed for good")
    account = page.url.rsplit("/", 1)[1]
    order = {"account_id": account, "symbol": "NQ", "side": "buy", "quantity": "1"}
    refused = trader.post("/api/orders", **order)["alert_id"]
    eventually(lambda: trader.state(refused) == "refused")
    visit(page, f"/alerts/{refused}")
    expect(page.get_by_text("broke its rule max_drawdown").first).to_be_visible()
