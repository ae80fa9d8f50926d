"""Accounts: their pages, their forms, and what the API says of their money."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from html import unescape
from typing import Any

import pytest

from app.brokers.chaos import ChaosSettings
from app.brokers.chaos.faults import EVERY, Fault
from app.brokers.paper_settings import PaperSettings
from app.domain.errors import BrokerUnavailable, InvalidInput
from app.domain.events import Fact, FactKind
from app.domain.reports import AccountSnapshot
from app.services.funds import GOOD_S, SOON_S, Funds
from app.services.ports import Holder
from app.web import account_form
from tests.support.world import START, World
from tests.web.test_pages import FIELD, boot, fields_of

NEW = {
    "name": "Second",
    "venue": "paper",
    "starting_cash": "2500.50",
    "roll": "00:00 UTC",
    "commission_per_unit": "2.25",
    "commission_percent": "",
    "commission_minimum": "0",
    "slippage_ticks": " 1 ",
    "latency_ms": "40",
    "latency_jitter_ms": "",
    "liquidity_per_quote": "",
    "margin_percent": "",
    "leverage": "20",
    "seed": "7",
}
FORM = re.compile(r'<form class="editor" id="editor".*?</form>', re.DOTALL)


def names_of(html: str) -> set[str]:
    """The fields that a browser would send of the form."""
    form = FORM.search(html)
    assert form
    return set(FIELD.findall(form[0])) - {"csrf_token"}


def settings_there_are() -> set[str]:
    """The settings of a paper account, as a wrong one is told."""
    with pytest.raises(InvalidInput) as refused:
        PaperSettings.read({"nothing": 1})
    return set(refused.value.fields["nothing"].split("there are ")[1].split(", "))


@pytest.mark.parametrize(
    ("path", "more"),
    [
        ("/accounts/new", {"name", "venue", "starting_cash", "roll"}),
        (
            "/accounts/new?venue=chaos",
            {"name", "venue", "starting_cash", "roll", "requests_per_minute"}
            | {f"faults.{fault}" for fault in EVERY},
        ),
        ("/accounts/<id>", set()),
    ],
)
def test_k2_every_field_of_the_form_is_one_that_the_server_reads(
    still_world: World, path: str, more: set[str]
) -> None:
    page = still_world.client().get(path.replace("<id>", still_world.account_id())).text
    assert names_of(page) == settings_there_are() | more


def test_an_account_is_made_with_the_form_and_zero_is_a_value(world: World) -> None:
    browser = world.client()
    answer = browser.post_form("/accounts/new", NEW)
    assert answer.status_code == 302, answer.text
    made = world.core.accounts.find(world.user().id, "Second")
    assert (made.venue, made.starting_cash, made.roll) == ("paper", Decimal("2500.5"), "00:00 UTC")
    assert made.settings == {
        "commission_per_unit": "2.25",
        "commission_minimum": "0",
        "slippage_ticks": "1",
        "latency_ms": "40",
        "leverage": "20",
        "seed": "7",
    }
    page = browser.get(answer.headers["Location"]).text
    assert "Second is created" in page
    shown = fields_of(page)
    assert (shown["commission_minimum"], shown["commission_percent"]) == ("0", "")
    browser.post_form(f"/accounts/{made.id}", shown)
    assert world.core.accounts.get(None, made.id).settings == made.settings


def test_an_account_in_chaos_mode_keeps_the_faults_that_were_chosen(world: World) -> None:
    browser = world.client()
    form = {**NEW, "venue": "chaos", "faults.drop_after": "0.05", "faults.doubled": "0"}
    place = browser.post_form("/accounts/new", form).headers["Location"]
    made = world.core.accounts.find(world.user().id, "Second")
    assert (made.venue, made.settings["faults"]) == ("chaos", {"drop_after": "0.05"})
    page = browser.get(place).text
    assert fields_of(page)["faults.drop_after"] == "0.05"
    assert fields_of(page)["faults.doubled"] == ""
    browser.post_form(place, {"faults.drop_after": "0"})
    assert world.core.accounts.get(None, made.id).settings == {}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": ""}, "name"),
        ({"starting_cash": "much"}, "starting_cash"),
        ({"starting_cash": "0"}, "starting_cash"),
        ({"roll": "noon"}, "roll"),
        ({"latency_ms": "-1"}, "latency_ms"),
        ({"slippage_ticks": "1.5"}, "slippage_ticks"),
        ({"margin_percent": "5"}, "leverage"),
        ({"liquidity_per_quote": "0"}, "liquidity_per_quote"),
        ({"venue": "chaos", "faults.drop_after": "2"}, "faults.drop_after"),
        ({"venue": "chaos", "faults.drop_after": "often"}, "faults.drop_after"),
        ({"venue": "chaos", "requests_per_minute": "0"}, "requests_per_minute"),
    ],
)
def test_a_bad_form_says_why_beside_the_field_and_keeps_what_was_typed(
    still_world: World, change: dict[str, str], field: str
) -> None:
    answer = still_world.client().post_form("/accounts/new", {**NEW, **change})
    assert answer.status_code == 422
    page = unescape(answer.text)
    assert f'id="{field}-error"' in page
    assert 'role="alert"' in page
    typed = {name: text for name, text in {**NEW, **change}.items() if name != "venue"}
    assert {name: fields_of(page)[name] for name in typed} == typed
    assert len(still_world.core.accounts.list(still_world.user().id)) == 1


def test_a_name_in_use_is_a_conflict_beside_the_name(still_world: World) -> None:
    answer = still_world.client().post_form("/accounts/new", {**NEW, "name": "paper"})
    assert answer.status_code == 409
    assert 'id="name-error"' in answer.text


def test_a_venue_that_is_none_is_refused(still_world: World) -> None:
    answer = still_world.client().post_form("/accounts/new", {**NEW, "venue": "elsewhere"})
    assert answer.status_code == 422


def test_bad_settings_leave_what_was_stored(world: World) -> None:
    browser, path = world.client(), f"/accounts/{world.account_id()}"
    browser.post_form(path, {"seed": "3"})
    answer = browser.post_form(path, {"seed": "3", "latency_ms": "soon"})
    assert answer.status_code == 422
    assert 'id="latency_ms-error"' in answer.text
    assert world.core.accounts.get(None, world.account_id()).settings == {"seed": "3"}


def test_the_page_of_an_account_starts_from_what_it_holds_and_what_works(world: World) -> None:
    _, key = world.strategy(title="Breakout")
    world.fill(key, "buy", "2", "5000")
    program, account = world.program(), world.account_id()
    ticket = {"account_id": account, "symbol": "ES", "side": "buy", "quantity": "1"}
    limit = {**ticket, "order_type": "limit", "limit_price": "4000"}
    assert program.post("/api/orders", limit).status_code == 202
    world.work()
    page = world.client().get(f"/accounts/{account}")
    data = boot(page.text)
    assert [row["net_quantity"] for row in data["positions"]] == ["2"]
    assert [row["limit_price"] for row in data["orders"]] == ["4000"]
    assert "Breakout" in page.text
    shown = world.client().get("/accounts").text
    for word in ("1 position", "1 working order", "Breakout", "$100,000.00"):
        assert word in shown, word


def test_figures_are_those_of_the_books_and_of_the_venue(world: World) -> None:
    _, key = world.strategy()
    world.fill(key, "buy", "2", "5000")
    world.fill(key, "sell", "1", "5010")
    figures = world.program().get(f"/api/accounts/{world.account_id()}/figures").get_json()
    assert (figures["cash"], figures["equity"], figures["open_pnl"]) == ("100500", "101000", "500")
    assert (figures["open_positions"], figures["working_orders"]) == (1, 0)
    assert (figures["venue"]["cash"], figures["venue"]["equity"]) == ("100500", "101000")
    assert Decimal(figures["venue"]["buying_power"]) < 101_000
    assert figures["venue_problem"] is None


def test_what_hangs_on_an_unknown_price_is_unknown_and_never_zero(world: World) -> None:
    _, key = world.strategy()
    world.fill(key, "buy", "2", "5000")
    world.clock.advance(3600)
    figures = world.program().get(f"/api/accounts/{world.account_id()}/figures").get_json()
    assert (figures["equity"], figures["open_pnl"], figures["cash"]) == (None, None, "100000")
    assert figures["venue"]["buying_power"] is None
    page = world.client().get("/accounts").text
    assert page.count("unknown") >= 2
    assert "$0.00" not in page


def test_the_books_and_the_venue_are_said_to_agree_only_after_they_were_compared(
    world: World,
) -> None:
    program, path = world.program(), f"/api/accounts/{world.account_id()}/figures"
    before = program.get(path).get_json()["agreement"]
    assert (before["state"], before["checked_at"]) == ("unknown", None)
    assert "Not compared yet" in world.client().get("/accounts").text
    world.core.reconciler.run()
    after = program.get(path).get_json()["agreement"]
    assert (after["state"], after["differences"]) == ("agree", 0)
    assert after["checked_at"] == "2026-03-04T15:00:00.000Z"
    assert "Agree with the venue" in world.client().get("/accounts").text


def test_a_server_that_stands_by_asks_no_venue(world: World) -> None:
    world.lease.other = Holder("beta", 77, START)
    world.web.ownership.step(world.clock.now())
    world.web.ownership.step(world.clock.now())
    figures = world.program().get(f"/api/accounts/{world.account_id()}/figures").get_json()
    assert (figures["venue"], figures["cash"]) == (None, "100000")
    assert "stands by" in figures["venue_problem"]
    assert world.client().get(f"/accounts/{world.account_id()}").status_code == 200


def test_the_faults_are_told_in_words_with_presets(still_world: World) -> None:
    told = still_world.program().get("/api/faults").get_json()
    assert {each["name"]: each["words"] for each in told["faults"]} == {
        fault.value: words for fault, words in EVERY.items()
    }
    assert set(told["presets"]) == {"calm", "mild", "wild"}
    assert told["presets"]["calm"] == {}
    for preset in told["presets"].values():
        assert ChaosSettings.read({"faults": preset}).faults.keys() == set(map(Fault, preset))


@pytest.mark.parametrize("route", ["/accounts/<id>", "/api/accounts/<id>/figures"])
def test_f6_anothers_account_is_not_found(world: World, route: str) -> None:
    path = route.replace("<id>", world.account_id("ann"))
    bob = world.client("bob")
    assert bob.get(path).status_code == 404
    assert bob.post_form(f"/accounts/{world.account_id('ann')}", {"seed": "1"}).status_code == 404
    assert world.core.accounts.get(None, world.account_id("ann")).settings == {}
    world.client("ann").post_form("/accounts/new", {**NEW, "name": "Her own"})
    assert "Her own" not in bob.get("/accounts").text
    assert bob.post_form("/accounts/new", {**NEW, "name": "Her own"}).status_code == 302


class Venue:
    """A venue that says what the test wants, and counts how often it is asked."""

    def __init__(self, answers: Sequence[AccountSnapshot | None]) -> None:
        self._answers = iter(answers)
        self.asked = 0

    def of(self, _account_id: str) -> Any:  # noqa: ANN401  as much of a broker as is asked for
        return self

    def account(self) -> AccountSnapshot:
        self.asked += 1
        answer = next(self._answers)
        if answer is None:
            raise BrokerUnavailable("Nobody answers.")
        return answer


def test_a_venue_is_asked_seldom_and_its_last_word_stays_with_what_is_wrong(world: World) -> None:
    money = AccountSnapshot(Decimal(5), None, Decimal(0), START)
    venue = Venue([money, None])
    funds = Funds(venue, world.clock)
    assert [funds.of("a").snapshot for _ in range(3)] == [money] * 3
    assert venue.asked == 1
    world.clock.advance(GOOD_S)
    told = funds.of("a")
    assert (told.snapshot, told.problem, venue.asked) == (money, "Nobody answers.", 2)


def test_a_venue_is_asked_sooner_when_something_happened_on_the_account(world: World) -> None:
    before, after = (AccountSnapshot(Decimal(cash), None, None, START) for cash in (5, 6))
    venue = Venue([before, after])
    funds = Funds(venue, world.clock)
    assert funds.of("a").snapshot == before
    funds.hear([Fact(FactKind.ORDER_FILLED, START, "bought", account_id="b")])
    world.clock.advance(SOON_S)
    assert funds.of("a").snapshot == before
    funds.hear([Fact(FactKind.ORDER_FILLED, START, "bought", account_id="a")])
    assert funds.of("a").snapshot == after
    assert funds.of("a").snapshot == after
    assert venue.asked == 2


def test_a_venue_that_never_answered_has_no_figures(world: World) -> None:
    told = Funds(Venue([None]), world.clock).of("a")
    assert (told.snapshot, told.problem) == (None, "Nobody answers.")


def test_stored_settings_come_back_as_they_would_be_typed() -> None:
    stored = {"seed": 0, "leverage": 2.5, "latency_ms": None, "faults": {"doubled": 0.05}}
    form = account_form.shown(stored)
    assert form == {"seed": "0", "leverage": "2.5", "latency_ms": "", "faults.doubled": "0.05"}
    settings = account_form.settings_of({**form, "csrf_token": "x", "name": "y"})
    assert settings == {"seed": "0", "leverage": "2.5", "faults": {"doubled": "0.05"}}
