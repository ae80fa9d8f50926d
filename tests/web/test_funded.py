"""Funded accounts over the API: accepted, read, moved, chosen for, dropped."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from app.propfirm import rule_set
from app.propfirm.keeping import kept_rules
from tests.support.world import Program, World

STATIC = {"id": "static_custom_50k", "version": "2026-11-20.1"}
SOFT = {"id": "apex_eod_eval_50k", "version": "2026-11-20.1"}


def put_under(world: World, rules: dict[str, str]) -> tuple[Program, str]:
    """Ann's account, put under these rules."""
    program, path = world.program(), f"/api/accounts/{world.account_id()}"
    answer = program.send("PUT", f"{path}/rules", rules)
    assert answer.status_code == 200, answer.text
    return program, path


def state(program: Program, path: str) -> dict[str, Any]:
    found: dict[str, Any] = program.get(f"{path}/state").get_json()
    return found


def test_an_account_under_rules_begins_with_their_start_and_counts_its_own_fills(
    world: World,
) -> None:
    _, key = world.strategy()
    world.fill(key, "buy", "1", "5000")
    world.fill(key, "exit", "1", "4990")
    program, path = put_under(world, STATIC)
    assert state(program, path)["equity"] == "50000"
    world.fill(key, "buy", "2", "5000")
    world.quote("ES", "5010", "5010")
    told = state(program, path)
    assert (told["contracts"], told["max_contracts"], told["status"]) == ("2", None, "ok")
    assert float(told["unrealized"]) == 1000
    assert float(told["equity"]) == float(told["balance"]) + 1000
    (loss, target, flat) = told["limits"]
    assert (loss["name"], loss["limit"], loss["label"]) == ("max_drawdown", "2000", "Maximum loss")
    assert float(loss["left"]) == float(told["equity"]) - 48000
    assert (target["name"], target["limit"]) == ("profit_target", "3000")
    assert (flat["name"], flat["at"]) == ("flat_time", told["next_flat_at"])
    assert told["words"].endswith("left to the floor")
    assert told["rules"]["automation"]["policy"] == "anywhere"
    assert told["trading_day"] == "2026-03-04"
    assert told["next_reset_at"] == "2026-03-04T22:00:00.000Z"
    listed = program.get("/api/accounts?funded=1").get_json()["items"]
    assert [each["account_id"] for each in listed] == [told["account_id"]]


def test_a_price_that_is_not_known_leaves_the_equity_unknown_and_never_zero(world: World) -> None:
    _, key = world.strategy()
    program, path = put_under(world, STATIC)
    world.fill(key, "buy", "1", "5000")
    world.clock.advance(60)
    told = state(program, path)
    assert (told["status"], told["equity"], told["unrealized"]) == ("unknown", None, None)
    assert told["limits"][0]["left"] is None
    assert told["day_pnl"] is None


def test_an_account_under_no_rules_or_unknown_rules_is_not_found(world: World) -> None:
    program, path = world.program(), f"/api/accounts/{world.account_id()}"
    for part in ("state", "rules", "violations", "days", "equity"):
        assert program.get(f"{path}/{part}").status_code == 404
    unknown = program.send("PUT", f"{path}/rules", {**STATIC, "version": "9"})
    assert (unknown.status_code, unknown.get_json()["error_code"]) == (404, "NOT_FOUND")


def test_an_account_is_moved_to_other_rules_with_a_line_in_the_log(world: World) -> None:
    program, path = put_under(world, STATIC)
    assert program.send("PUT", f"{path}/rules", STATIC).status_code == 409
    moved = program.send("PUT", f"{path}/rules", SOFT)
    assert moved.get_json()["rules"]["id"] == SOFT["id"]
    words = [fact["message"] for fact in program.get("/api/log").get_json()["items"]]
    assert any("moved from static_custom_50k" in line for line in words)
    larger = program.send("PUT", f"{path}/rules", {**SOFT, "id": "apex_eod_eval_100k"})
    assert larger.status_code == 409
    found = program.get(f"{path}/rules").get_json()
    assert found["rules"]["id"] == SOFT["id"]
    assert STATIC in [{"id": each["id"], "version": each["version"]} for each in found["versions"]]
    assert [(each["from"], each["to"]) for each in found["changes"]] == [
        (STATIC, SOFT),
        (None, STATIC),
    ]


def test_an_account_that_was_traded_before_brings_its_balance_and_its_highest(
    world: World,
) -> None:
    more = {"balance": "51000", "high_water": "51800"}
    program, path = put_under(world, {**SOFT, **more})
    told = state(program, path)
    assert (told["balance"], told["day_pnl"], told["high_water"]) == ("51000", "0", "51800")
    assert told["floor"] == "49800"
    assert told["profit"] == "1000"
    below = program.send("DELETE", f"{path}/rules")
    assert below.status_code == 204
    refused = program.send("PUT", f"{path}/rules", {**SOFT, "high_water": "49999"})
    assert (refused.status_code, refused.get_json()["fields"][0]["field"]) == (422, "high_water")


def test_preferences_are_changed_one_by_one_and_refused_by_field(world: World) -> None:
    program, path = put_under(world, STATIC)
    changed = program.send("PATCH", f"{path}/preferences", {"near_percent": "12.5"}).get_json()
    assert changed["preferences"]["near_percent"] == "12.5"
    changed = program.send("PATCH", f"{path}/preferences", {"near": "flatten"}).get_json()
    assert (changed["preferences"]["near_percent"], changed["preferences"]["near"]) == (
        "12.5",
        "flatten",
    )
    for wrong in ({"near_percent": "101"}, {"flat_warning": -1}, {"near": "no"}, {"size": True}):
        refused = program.send("PATCH", f"{path}/preferences", wrong)
        assert refused.status_code == 422, wrong
        assert refused.get_json()["fields"][0]["field"] == next(iter(wrong))


def test_what_is_dropped_is_an_account_under_no_rules_again(world: World) -> None:
    program, path = put_under(world, STATIC)
    assert program.send("DELETE", f"{path}/rules").status_code == 204
    assert program.get(f"{path}/state").status_code == 404
    assert program.get("/api/accounts?funded=1").get_json()["items"] == []
    assert program.get(path).status_code == 200


def test_a_new_version_of_rules_is_kept_for_its_maker_and_never_changed(world: World) -> None:
    ann, bob = world.program(), world.program("bob")
    listed = ann.get("/api/rule-sets?page_size=100").get_json()
    assert (listed["total_items"], listed["items"][0]["own"]) == (38, False)
    own = {**kept_rules(rule_set("apex_eod_eval_50k")), "version": "mine-1"}
    made = ann.post("/api/rule-sets", own)
    assert (made.status_code, made.get_json()["own"]) == (201, True)
    assert ann.get("/api/rule-sets/apex_eod_eval_50k/mine-1").get_json()["firm"] == "Apex"
    assert bob.get("/api/rule-sets/apex_eod_eval_50k/mine-1").status_code == 404
    assert ann.post("/api/rule-sets", own).status_code == 409
    path = f"/api/accounts/{world.account_id('bob')}/rules"
    theirs = {"id": "apex_eod_eval_50k", "version": "mine-1"}
    assert bob.send("PUT", path, theirs).status_code == 404


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"drawdown": {"amount": "-1", "mode": "eod", "lock_at": None}}, "drawdown.amount"),
        ({"drawdown": {"amount": "1", "mode": "daily", "lock_at": None}}, "drawdown.mode"),
        ({"drawdown": {"amount": "1", "mode": "eod", "lock_at": "1"}}, "drawdown.lock_at"),
        ({"version": "a/b"}, "version"),
        ({"id": "Apex 50"}, "id"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_wrong_rule_set_is_refused_with_its_field(
    still_world: World, change: dict[str, Any], field: str
) -> None:
    record = {**kept_rules(rule_set("apex_eod_eval_50k")), "version": "mine-1", **change}
    refused = still_world.program().post("/api/rule-sets", record)
    assert refused.status_code == 422
    assert field in [each["field"] for each in refused.get_json()["fields"]]


def test_news_are_kept_on_a_list_and_refused_by_field(world: World) -> None:
    program, now = world.program(), world.clock.now()
    cpi = {
        "name": "CPI",
        "start": now.isoformat(),
        "end": (now + timedelta(minutes=5)).isoformat(),
    }
    made = program.post("/api/news", cpi)
    assert made.status_code == 201
    assert program.post("/api/news", {**cpi, "end": cpi["start"]}).status_code == 422
    assert [each["name"] for each in program.get("/api/news").get_json()["items"]] == ["CPI"]
    assert program.send("DELETE", f"/api/news/{made.get_json()['id']}").status_code == 204
    assert program.get("/api/news").get_json()["items"] == []


def test_a_payout_counts_as_one_at_once_and_a_deposit_is_outside_the_rules(world: World) -> None:
    _, key = world.strategy()
    program, path = put_under(world, {**STATIC, "balance": "53000", "high_water": "53000"})
    world.fill(key, "buy", "1", "5000")
    world.fill(key, "exit", "1", "5010")
    before = state(program, path)
    program.post(f"{path}/cash-flows", {"kind": "deposit", "amount": "700"})
    assert state(program, path)["balance"] == before["balance"]
    program.post(f"{path}/cash-flows", {"kind": "payout", "amount": "400"})
    after = state(program, path)
    assert float(after["balance"]) == float(before["balance"]) - 400
    assert (after["payout"]["paid_out"], after["day_pnl"]) == ("400", before["day_pnl"])


def test_the_curve_the_days_and_the_violations_are_there_as_json_and_as_csv(world: World) -> None:
    _, key = world.strategy()
    own = {**kept_rules(rule_set(STATIC["id"])), "version": "soft"}
    own["daily_loss"] = {"amount": "1000", "kind": "soft"}
    assert world.program().post("/api/rule-sets", own).status_code == 201
    program, path = put_under(world, {**STATIC, "version": "soft"})
    world.fill(key, "buy", "1", "5000")
    world.quote("ES", "4979", "4979")
    world.work()
    world.quote("ES", "4985", "4985")
    for _ in range(6):
        world.work()
    assert state(program, path)["status"] == "paused"
    (point,) = program.get(f"{path}/equity").get_json()["items"]
    assert float(point["low"]) < float(point["last"]) <= float(point["high"])
    assert point["floor"] == "48000"
    (day,) = program.get(f"{path}/days").get_json()["items"]
    assert (day["day"], day["recorded"], day["start_balance"]) == ("2026-03-04", "own", "50000")
    (broken,) = program.get(f"{path}/violations").get_json()["items"]
    assert (broken["rule"], broken["severity"]) == ("daily_loss", "soft")
    assert broken["rule_set_version"] == "soft"
    for part in ("equity", "days", "violations"):
        lines = program.get(f"{path}/{part}.csv").text.splitlines()
        assert len(lines) == 2, part
    later = (world.clock.now() + timedelta(hours=1)).isoformat().replace("+", "%2B")
    assert program.get(f"{path}/equity?start={later}").get_json()["items"] == []


def test_each_second_the_owner_and_nobody_else_is_told_how_the_account_stands(
    world: World,
) -> None:
    _, key = world.strategy()
    program, path = put_under(world, STATIC)
    listening = {}
    for name in ("ann", "bob"):
        _, token = world.core.users.create_token(world.user(name).id, "live")
        client = world.socketio.test_client(world.app, auth={"token": token})
        client.emit("subscribe", {"channels": ["rules"]})
        client.get_received()
        listening[name] = client
    world.fill(key, "buy", "1", "5000")
    world.live.step(world.clock.now())
    told = {
        name: [event for event in client.get_received() if event["name"] == "rule_update"]
        for name, client in listening.items()
    }
    assert told["bob"] == []
    (account,) = told["ann"][-1]["args"][0]["accounts"]
    assert account.keys() == state(program, path).keys()
    assert (account["contracts"], account["account_id"]) == ("1", world.account_id())
    for client in listening.values():
        client.disconnect()
