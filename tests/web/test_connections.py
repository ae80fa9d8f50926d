"""Connecting accounts over HTTP: keys go in and never come out, real money is told everywhere."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from structlog.testing import capture_logs

from app.bootstrap.connecting import connections_of, warn_of_real_money
from app.domain.accounts import ALPACA
from app.domain.errors import BrokerUnavailable
from app.domain.settings import AccountLink, StrategySettings
from app.services.ports import Connection
from tests.support.connecting import LIVE_KEYS, OTHER_KEYS, PAPER_KEYS, SECRET
from tests.support.world import START, Program, World

PAPER = {"name": "Stocks", "key": PAPER_KEYS.key, "secret": SECRET, "settings": {"feed": "iex"}}
LIVE = {
    "name": "Real",
    "mode": "live",
    "key": LIVE_KEYS.key,
    "secret": SECRET,
    "max_order_value": "5000",
    "max_daily_loss": "250.50",
    "max_orders_a_day": 20,
    "confirmation": "Real",
}


def connected(program: Program, body: dict[str, Any] = PAPER) -> str:
    """Connect an account; its path in the API."""
    answer = program.post("/api/accounts/connect", body)
    assert answer.status_code == 201, answer.text
    return f"/api/accounts/{answer.get_json()['id']}"


def problems(answer: Any) -> dict[str, str]:  # noqa: ANN401  a response
    return {each["field"]: each["problem"] for each in answer.get_json()["fields"]}


def test_keys_are_tried_and_nothing_is_kept(world: World) -> None:
    body = {"key": PAPER_KEYS.key, "secret": SECRET}
    answer = world.program().post("/api/accounts/test-connection", body)
    assert answer.status_code == 200
    assert answer.get_json() == {
        "number": "PA1",
        "status": "ACTIVE",
        "currency": "USD",
        "cash": "20000",
        "equity": "25000.5",
        "buying_power": "50000",
        "blocked": [],
        "at": "2026-11-16T16:00:00.000Z",
    }
    assert len(world.core.accounts.list(world.user().id)) == 1


def test_an_account_is_connected_and_shown_without_its_keys(world: World) -> None:
    program = world.program()
    path = connected(program)
    account = program.get(path).get_json()
    assert (account["venue"], account["mode"], account["starting_cash"]) == (
        "alpaca",
        "paper",
        "25000.5",
    )
    world.gatekeeper.links[account["id"]] = Connection(
        up=True, since=START, requests_left=143, requests_per_minute=200
    )
    shown = program.get(f"{path}/connection")
    found = shown.get_json()
    assert (found["connected"], found["number"], found["key_hint"]) == (True, "PA1", "PK...1234")
    assert found["stream"] == {
        "up": True,
        "since": "2026-03-04T15:00:00.000Z",
        "last_message_at": None,
        "last_error": None,
        "requests_left": 143,
        "requests_per_minute": 200,
    }
    page = world.client().get(path.removeprefix("/api"))
    assert page.status_code == 200
    for text in (shown.text, page.text, program.get("/api/log").text):
        assert SECRET not in text
        assert PAPER_KEYS.key not in text


def test_wrong_keys_are_422_with_the_venues_words_and_no_word_of_them(world: World) -> None:
    body = {**PAPER, "key": "PKWRONGWRONG", "secret": "not-the-secret"}
    answer = world.program().post("/api/accounts/connect", body)
    assert (answer.status_code, answer.get_json()["error_code"]) == (422, "KEYS_REFUSED")
    assert "unauthorized" in answer.get_json()["detail"]
    assert "not-the-secret" not in answer.text
    assert "PKWRONGWRONG" not in answer.text
    assert len(world.core.accounts.list(world.user().id)) == 1


def test_a_silent_venue_is_503_and_to_be_tried_again(world: World) -> None:
    world.gatekeeper.refusal = BrokerUnavailable("The venue did not answer in time.")
    answer = world.program().post("/api/accounts/connect", PAPER)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert answer.get_json()["error_code"] == "VENUE_NOT_REACHED"
    assert "Try again" in answer.get_json()["detail"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": ""}, "name"),
        ({"key": ""}, "key"),
        ({"secret": "two words"}, "secret"),
        ({"secret": "x" * 201}, "secret"),
        ({"mode": "demo"}, "mode"),
        ({"venue": "elsewhere"}, "venue"),
        ({"settings": {"feed": "all"}}, "feed"),
        ({"max_order_value": "0"}, "max_order_value"),
        ({"max_daily_loss": "much"}, "max_daily_loss"),
        ({"max_orders_a_day": 1.5}, "max_orders_a_day"),
        ({"roll": "noon"}, "roll"),
        ({"mode": "live"}, "key"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(
    still_world: World, change: dict[str, object], field: str
) -> None:
    answer = still_world.program().post("/api/accounts/connect", {**PAPER, **change})
    assert answer.status_code == 422
    assert field in problems(answer) or (field == "key" and "max_order_value" in problems(answer))
    assert SECRET not in answer.text


def test_an_account_is_connected_once_and_by_its_owner(world: World) -> None:
    connected(world.program())
    again = world.program().post("/api/accounts/connect", {**PAPER, "name": "Again"})
    assert (again.status_code, again.get_json()["error_code"]) == (409, "CONNECTED_ALREADY")


def test_it_is_disconnected_and_connected_again_with_new_keys(world: World) -> None:
    program = world.program()
    path = connected(program)
    found = program.post(f"{path}/disconnect").get_json()
    assert (found["connected"], found["stream"], found["working_orders"]) == (False, None, 0)
    assert program.post(f"{path}/disconnect").status_code == 409
    assert program.post(f"{path}/test").get_json()["error_code"] == "NOT_CONNECTED"
    assert program.get(path).get_json()["trading_state"]["code"] == "NOT_CONNECTED"
    other = {"key": OTHER_KEYS.key, "secret": SECRET}
    assert program.send("PUT", f"{path}/keys", other).status_code == 409
    own = {"key": PAPER_KEYS.key, "secret": SECRET}
    found = program.send("PUT", f"{path}/keys", own).get_json()
    assert (found["connected"], found["key_hint"]) == (True, "PK...1234")
    assert program.get(path).get_json()["trading_state"]["state"] == "active"
    assert program.post(f"{path}/test").get_json()["number"] == "PA1"


def test_a_disconnected_account_is_asked_nothing_until_it_is_connected_again(world: World) -> None:
    program, reconciler = world.program(), world.core.reconciler
    path = connected(program)
    account_id = path.rpartition("/")[2]
    assert account_id in reconciler.begin()
    reconciler.run()
    agreement = program.get(f"{path}/figures").get_json()["agreement"]
    assert (agreement["state"], agreement["linked"]) == ("agree", None)
    program.post(f"{path}/disconnect")
    assert account_id not in reconciler.begin()
    agreement = program.get(f"{path}/figures").get_json()["agreement"]
    assert (agreement["state"], agreement["linked"]) == ("unknown", False)
    program.send("PUT", f"{path}/keys", {"key": PAPER_KEYS.key, "secret": SECRET})
    assert account_id in reconciler.due()


def test_a_broker_is_opened_anew_with_other_keys_and_closed_without(world: World) -> None:
    program = world.program()
    path = connected(program)
    account_id = path.rpartition("/")[2]
    assert world.alpaca is not None
    broker = world.alpaca.at(account_id)
    assert world.core.brokers.of(account_id) is broker
    opened = broker.opened
    program.send("PUT", f"{path}/keys", {"key": PAPER_KEYS.key, "secret": SECRET})
    assert (broker.opened, broker.closed) == (opened + 1, 1)
    program.post(f"{path}/disconnect")
    assert (broker.opened, broker.closed) == (opened + 1, 2)


def test_settings_of_the_venue_are_changed(world: World) -> None:
    program = world.program()
    path = connected(program)
    settings = {"feed": "sip", "extended_hours": True}
    found = program.send("PUT", f"{path}/connection", {"settings": settings})
    assert found.get_json()["settings"] == settings
    refused = program.send("PUT", f"{path}/connection", {"settings": {"feed": "all"}})
    assert problems(refused) == {"feed": "must be iex, sip or test"}
    assert program.get(path).get_json()["settings"] == settings


def test_limits_of_paper_are_set_and_taken_off(world: World) -> None:
    program = world.program()
    path = connected(program)
    limits = {"max_order_value": "100", "max_daily_loss": None, "max_orders_a_day": 3}
    assert program.send("PUT", f"{path}/limits", limits).get_json() == limits
    assert program.get(f"{path}/connection").get_json()["bounds"] == limits
    none = dict.fromkeys(limits)
    assert program.send("PUT", f"{path}/limits", {}).get_json() == none
    own = f"/api/accounts/{world.account_id()}/limits"
    assert program.send("PUT", own, limits).get_json() == limits


def test_limits_of_real_money_are_loosened_by_its_name_and_never_taken_off(world: World) -> None:
    program = world.program()
    path = f"{connected(program, LIVE)}/limits"
    limits = {name: LIVE[name] for name in ("max_order_value", "max_daily_loss")}
    looser = {**limits, "max_orders_a_day": 21}
    assert problems(program.send("PUT", path, looser)).keys() == {"confirmation"}
    assert program.send("PUT", path, {**looser, "confirmation": "Real"}).status_code == 200
    assert problems(program.send("PUT", path, {**limits, "confirmation": "Real"})).keys() == {
        "max_orders_a_day"
    }


def test_an_account_that_needs_no_connection_has_none(world: World) -> None:
    program, path = world.program(), f"/api/accounts/{world.account_id()}"
    assert program.get(f"{path}/connection").status_code == 409
    assert program.post(f"{path}/disconnect").status_code == 409
    assert "connection-card" not in world.client().get(path.removeprefix("/api")).text


# --- real money -----------------------------------------------------------------------------------


def test_real_money_is_told_on_every_page_of_its_owner_alone(world: World) -> None:
    path = connected(world.program(), LIVE)
    mine, theirs = world.client("ann"), world.client("bob")
    for page in ("/dashboard", "/control", "/accounts", "/about"):
        assert "<strong>Real money:</strong> Real" in mine.get(page).text
        assert 'data-mode="live"' in mine.get(page).text
        assert "Real money:" not in theirs.get(page).text
    assert world.program("ann").get("/api/status").get_json()["mode"] == "live"
    assert world.program("bob").get("/api/status").get_json()["mode"] == "paper"
    world.program().post(f"{path}/disconnect")
    assert "Real money:" not in mine.get("/dashboard").text


def test_the_start_of_a_server_logs_which_accounts_trade_real_money(world: World) -> None:
    desk = connections_of(world.core, {ALPACA: world.gatekeeper})
    with capture_logs() as before:
        warn_of_real_money(desk)
    connected(world.program(), LIVE)
    with capture_logs() as after:
        warn_of_real_money(desk)
    assert before == []
    assert after == [{"event": "real_money", "log_level": "warning", "accounts": ["Real"]}]


def test_a_page_says_what_a_live_account_is(world: World) -> None:
    path = connected(world.program(), LIVE).removeprefix("/api")
    page = world.client().get(path).text
    assert '<span class="mode" data-mode="live">live</span>' in page
    assert "9001, real money" in page
    assert 'value="5000"' in page
    assert "Real" in world.client().get("/accounts").text


# --- pages ----------------------------------------------------------------------------------------


def test_the_page_to_connect_an_account_is_led_to_and_asks_for_everything(world: World) -> None:
    browser = world.client()
    assert 'href="/accounts/connect"' in browser.get("/accounts").text
    page = browser.get("/accounts/connect").text
    typed = {"name", "roll", "mode", "key", "secret", "confirmation"}
    for field in typed | {"feed", "extended_hours", "max_order_value"}:
        assert f'name="{field}"' in page
    assert page.count('type="password"') == 2


def test_the_page_of_an_account_starts_from_its_connection(world: World) -> None:
    path = connected(world.program()).removeprefix("/api")
    page = world.client().get(path).text
    data = page.partition('id="boot">')[2].partition("</script>")[0]
    assert json.loads(data)["connection"]["number"] == "PA1"
    assert 'id="editor"' not in page


def test_a_strategy_is_offered_connected_accounts_and_none_that_is_only_watched(
    world: World,
) -> None:
    connected(world.program())
    strategy, _ = world.core.strategies.create(
        world.user().id, "Mine", "AAPL", StrategySettings(), [AccountLink(world.account_id())]
    )
    with world.core.store.write() as uow:
        watched = replace(
            world.core.accounts.get(None, world.account_id()),
            id="watched",
            name="Sim101",
            venue="ninjatrader",
        )
        uow.accounts.insert(watched)
    for path in ("/strategies/new", f"/strategies/{strategy.id}"):
        page = world.client().get(path).text
        assert "Stocks" in page
        assert "Sim101" not in page
