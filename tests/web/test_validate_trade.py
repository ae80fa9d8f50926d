"""An order is judged as if it were sent; nothing is."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from app.domain.addon.records import AddonKey, Followed
from app.domain.safety.switches import Scope, TradingState
from app.propfirm import Event, FundedAccount, Held, Source, Update, rule_set
from app.propfirm.keeping import kept_rules
from app.services.halts import Halt
from tests.propfirm.making import D
from tests.support.addon import NAME, position, read, told
from tests.support.world import Program, World

STATIC = {"id": "static_custom_50k", "version": "2026-11-20.1"}
BUY = {"symbol": "ES", "side": "buy", "quantity": "3", "stop_points": "20"}


@pytest.fixture
def path(world: World) -> str:
    """Ann's account, put under rules with a static floor at 48,000."""
    found = f"/api/accounts/{world.account_id()}"
    assert world.program().send("PUT", f"{found}/rules", STATIC).status_code == 200
    world.quote("ES", "5000", "5000")
    return found


def asked(program: Program, path: str, **order: object) -> dict[str, Any]:
    answer = program.post(f"{path}/validate-trade", {**BUY, **order})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.get_json()
    return found


def fault(program: Program, path: str, **order: object) -> tuple[int, set[str]]:
    answer = program.post(f"{path}/validate-trade", {**BUY, **order})
    return answer.status_code, {each["field"] for each in answer.get_json().get("fields", [])}


def test_an_order_that_could_break_a_rule_is_answered_with_its_numbers(
    world: World, path: str
) -> None:
    found = asked(world.program(), path)
    assert (found["allowed"], found["code"], found["fits"]) == (False, "FUNDED_MAX_LOSS", "1")
    assert (found["loss"], found["worst_equity"]) == ("3000", "47000")
    assert D(found["breach_price"]).quantize(D("0.01")) == D("4986.67")
    failed = [each for each in found["checks"] if not each["ok"]]
    assert [(each["name"], each["label"], each["detail"]) for each in failed] == [
        ("max_drawdown", "Maximum loss", found["detail"])
    ]


def test_an_order_that_fits_passes_every_question_and_sends_nothing(
    world: World, path: str
) -> None:
    found = asked(world.program(), path, quantity="1", stop_points=None, stop="4990")
    assert (found["allowed"], found["code"], found["detail"]) == (True, None, None)
    assert {each["name"]: each["detail"] for each in found["checks"]} == {
        "status": "The account may open positions.",
        "automation": "A person sends it.",
        "product": "ES is allowed.",
        "hours": "The rules allow trading now.",
        "news": "There is no news of the list now.",
        "flat_time": "Everything is to be flat at 15:10 (America/Chicago).",
        "equity": "The equity is 50,000.00.",
        "max_drawdown": "At worst 1,500.00 would be left to the floor of 48,000.00.",
        "switch": "Trading is not stopped.",
        "books": "Our books and the broker's agree, as far as is known.",
    }
    world.work()
    assert world.program().get("/api/orders").get_json()["items"] == []


def test_an_order_without_a_stop_loses_a_tick_and_what_is_held_counts(
    world: World, path: str
) -> None:
    _, key = world.strategy()
    world.fill(key, "buy", "2", "5000")
    found = asked(world.program(), path, quantity="1", stop_points=None)
    assert (found["allowed"], found["loss"]) == (True, "37.5")


def test_what_only_reduces_passes_without_a_question(world: World, path: str) -> None:
    ticket = {"account_id": world.account_id(), "symbol": "ES", "side": "buy", "quantity": "2"}
    assert world.program().post("/api/orders", ticket).status_code == 202
    world.work()
    out = asked(world.program(), path, side="sell", quantity="2")
    assert (out["allowed"], out["fits"], [each["name"] for each in out["checks"]]) == (
        True,
        "2",
        ["exit"],
    )
    turned = asked(world.program(), path, side="sell", quantity="7")
    assert (turned["code"], turned["fits"]) == ("FUNDED_MAX_LOSS", "3")


def test_a_program_is_answered_with_the_firms_word_and_every_limit_with_what_is_left(
    world: World, path: str
) -> None:
    rules = kept_rules(replace(rule_set("apex_eod_eval_50k"), id="mine", version="1"))
    anywhere = {"policy": "anywhere", "note": "As you like."}
    program = world.program()
    own = {**rules, "automation": anywhere, "flat_time": None, "max_contracts": 6}
    assert program.post("/api/rule-sets", own).status_code == 201
    moved = program.send("PUT", f"{path}/rules", {"id": "mine", "version": "1"})
    assert moved.status_code == 200, moved.text
    found = asked(program, path, quantity="1", stop_points="10", automated=True)
    assert found["allowed"] is True
    told = {each["name"]: (each["label"], each["detail"]) for each in found["checks"]}
    assert told["automation"] == ("Automation", "As you like.")
    assert told["flat_time"] == ("Flat time", "The rules name no time to be flat.")
    assert told["contracts"] == ("Contracts", "1 of 6 contracts could be held.")
    assert told["max_drawdown"] == (
        "Trailing drawdown",
        "At worst 1,500.00 would be left to the trailing floor of 48,000.00.",
    )
    assert told["daily_loss"] == (
        "Daily loss",
        "At worst 500.00 would be left of the daily loss.",
    )


def test_news_of_the_list_are_asked_about(world: World, path: str) -> None:
    start = world.clock.now() - timedelta(minutes=5)
    end = world.clock.now() + timedelta(minutes=5)
    body = {"name": "CPI", "start": start.isoformat(), "end": end.isoformat()}
    assert world.program().post("/api/news", body).status_code == 201
    found = asked(world.program(), path, quantity="1")
    assert (found["code"], "during CPI" in found["detail"]) == ("FUNDED_NEWS", True)
    assert (found["fits"], found["loss"], found["worst_equity"]) == ("0", "1000", "49000")
    _, key = world.strategy()
    posted = world.post(key, {"symbol": "ES", "action": "buy", "quantity": "1", "id": "one"})
    world.work()
    alert = world.program().get(f"/api/alerts/{posted.get_json()['alert_id']}").get_json()
    assert alert["code"] == "FUNDED_NEWS"


def test_a_switch_that_stops_the_account_is_told_too(world: World, path: str) -> None:
    halt = Halt(Scope.ACCOUNT, world.account_id(), TradingState.HALTED)
    world.core.halts.halt(world.user().id, halt)
    found = asked(world.program(), path, quantity="1")
    assert (found["allowed"], found["code"], found["fits"]) == (False, "TRADING_HALTED", "1")


def test_a_price_that_is_not_known_has_to_be_given(world: World, path: str) -> None:
    program = world.program()
    assert fault(program, path, symbol="NQ") == (422, {"price"})
    found = asked(program, path, symbol="NQ", price="20000", quantity="1", stop_points="20")
    assert (found["allowed"], found["loss"]) == (True, "400")
    _, key = world.strategy()
    world.fill(key, "buy", "1", "5000")
    world.clock.advance(60)
    unknown = asked(program, path, price="5000")
    assert (unknown["code"], unknown["fits"], unknown["loss"]) == ("FUNDED_UNKNOWN", "0", None)
    assert [each["name"] for each in unknown["checks"]] == ["equity"]


@pytest.mark.parametrize(
    ("order", "field"),
    [
        ({"symbol": "NOSUCH1"}, "symbol"),
        ({"side": "up"}, "side"),
        ({"quantity": "0"}, "quantity"),
        ({"quantity": "many"}, "quantity"),
        ({"stop_points": "-1"}, "stop_points"),
        ({"stop": "4990"}, "stop_points"),
        ({"stop_points": None, "stop": "5001"}, "stop"),
        ({"price": "dear"}, "price"),
        ({"slip": "1"}, "slip"),
    ],
)
def test_what_cannot_be_asked_is_refused_with_its_field(
    world: World, path: str, order: dict[str, object], field: str
) -> None:
    assert fault(world.program(), path, **order) == (422, {field})


def test_a_pending_account_has_no_rules_to_ask(world: World, path: str) -> None:
    with world.core.store.write() as uow:
        uow.funded.delete(world.account_id())
        uow.funded.insert(FundedAccount(world.account_id(), Source.ADDON))
    assert fault(world.program(), path)[0] == 409


def test_only_the_owner_of_a_funded_account_may_ask(world: World, path: str) -> None:
    assert fault(world.program("bob"), path)[0] == 404
    assert fault(world.program("bob"), f"/api/accounts/{world.account_id('bob')}")[0] == 404


def test_of_a_watched_account_what_its_platform_told_counts(world: World, path: str) -> None:
    account_id, now = world.account_id(), world.clock.now()
    key = AddonKey("key", world.user().id, "Desk PC", now, "hash")
    newest = read(told(positions=[position(2, instrument="ES 03-26", root="ES")]))
    with world.core.store.write() as uow:
        held = uow.funded.hold(account_id)
        assert held is not None
        uow.funded.delete(account_id)
        uow.funded.insert(replace(held, source=Source.ADDON))
        uow.addon_keys.insert(key)
        uow.addons.insert(Followed(account_id, world.user().id, NAME, key.id, newest=newest))
        news: list[Event] = [Update(now, D(50000), D(0)), Held(now, D(2))]
        world.core.tracker.apply(uow, account_id, news, now)
    program = world.program()
    out = asked(program, path, side="sell", quantity="2")
    assert [each["name"] for each in out["checks"]] == ["exit"]
    # The two that are held fall to the stop of the third.
    more = asked(program, path, quantity="1", stop_points="10")
    assert (more["allowed"], more["loss"]) == (True, "1500")
    assert "switch" not in {each["name"] for each in more["checks"]}
    world.clock.advance(60)
    assert asked(program, path, price="5000")["code"] == "FUNDED_UNKNOWN"
