"""The proof over HTTP: who may begin a storm on what, what is shown of it, and to whom."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from app.domain.safety.storms import MOST_ALERTS, StormState
from app.domain.safety.switches import Scope, TradingState
from app.services.halts import Halt
from app.storm.judge import INVARIANTS
from tests.support.world import World

REPORT: dict[str, Any] = {
    "lost": 0,
    "open": 0,
    "doubled": 0,
    "seconds": 12.3,
    "counts": {
        "alerts": 3,
        "posts": 5,
        "acknowledged": 2,
        "refused": 1,
        "duplicates": 2,
        "unanswered": 0,
        "venue_orders": 2,
        "unsettled": 0,
    },
    "orders_per_alert": {"0": 2, "2": 1},
    "invariants": [
        {"number": number, "sentence": words, "holds": True, "faults": [], "unjudged": None}
        for number, words in INVARIANTS.items()
    ],
    "answers_ms": {"count": 5, "p50": 4.2, "p99": 12.0, "max": 13.1},
    "endings": [],
    "machine": {"signalbox": "1.2.3", "cores": 2},
    "alerts": [
        {
            "number": number + 1,
            "strategy": 1,
            "asked": "buy 1 ZVZZT, then 1",
            "answer": "accepted",
            "posts": 2,
            "alert_id": f"alert-{number}",
            "state": "executed",
            "code": None,
            "orders": 1,
            "venue_orders": 1,
            "trace": [],
        }
        for number in range(3)
    ],
}


def begun(world: World, **more: object) -> str:
    answer = world.program().post("/api/storms", {"account_id": world.account_id(), **more})
    assert answer.status_code == 202, answer.text
    return str(answer.get_json()["id"])


def judged(world: World, storm_id: str, state: StormState = StormState.PASSED) -> None:
    """What the storm's process keeps in the end."""
    with world.core.store.write() as uow:
        storm = uow.storms.get(storm_id)
        assert storm is not None
        uow.storms.save(replace(storm, state=state, report=REPORT, ended_at=world.clock.now()))


def test_a_storm_is_begun_with_strategies_of_its_own_on_the_account(world: World) -> None:
    storm_id = begun(world, alerts=50, seed=7)
    (run,) = world.launches.runs
    assert (run.storm.id, run.account.id) == (storm_id, world.account_id())
    assert dict(run.storm.settings["wish"]) == {  # type: ignore[call-overload]
        "alerts": 50,
        "senders": 8,
        "resend": 0.3,
        "seed": 7,
    }
    made = [world.core.strategies.get(None, each) for each in run.strategies]
    assert [each.symbol for each in made] == ["ZVZZT", "ZWZZT", "ZXZZT", "ZJZZT"]
    assert {link.account_id for each in made for link in each.accounts} == {world.account_id()}
    assert world.post(run.keys[0], {"symbol": "ZVZZT", "action": "exit"}).status_code == 202


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"alerts": MOST_ALERTS + 1}, "alerts"),
        ({"alerts": 0}, "alerts"),
        ({"senders": 33}, "senders"),
        ({"resend": 1.5}, "resend"),
        ({"seed": -1}, "seed"),
        ({"kills": 3}, "kills"),
        ({"account_id": None}, "account_id"),
    ],
)
def test_a_storm_that_cannot_be_is_refused_with_its_field(
    still_world: World, wrong: dict[str, object], field: str
) -> None:
    body = {"account_id": still_world.account_id(), **wrong}
    answer = still_world.program().post("/api/storms", body)
    assert answer.status_code == 422
    assert [each["field"] for each in answer.get_json()["fields"]] == [field]
    assert still_world.launches.runs == []


def test_one_storm_runs_at_a_time_whoever_began_it(world: World) -> None:
    begun(world)
    body = {"account_id": world.account_id("bob")}
    answer = world.program("bob").post("/api/storms", body)
    assert (answer.status_code, answer.get_json()["error_code"]) == (409, "CONFLICT")
    assert len(world.launches.runs) == 1


@pytest.mark.parametrize("scope", [Scope.SERVER, Scope.ACCOUNT])
def test_no_storm_begins_where_trading_is_stopped(world: World, scope: Scope) -> None:
    subject = world.account_id() if scope is Scope.ACCOUNT else ""
    world.core.halts.halt(world.user().id, Halt(scope, subject, TradingState.HALTED))
    answer = world.program().post("/api/storms", {"account_id": world.account_id()})
    assert answer.status_code == 409
    assert "resume trading first" in answer.get_json()["detail"]


def test_a_storm_is_ones_own(world: World) -> None:
    storm_id, bob = begun(world), world.program("bob")
    assert bob.get("/api/storms").get_json()["items"] == []
    assert bob.get(f"/api/storms/{storm_id}").status_code == 404
    assert bob.get(f"/api/storms/{storm_id}/alerts").status_code == 404
    assert bob.post(f"/api/storms/{storm_id}/stop").status_code == 404
    assert world.client("bob").get(f"/proof/{storm_id}").status_code == 404
    assert bob.post("/api/storms", {"account_id": world.account_id("ann")}).status_code == 404


def test_the_report_is_read_with_its_alerts_as_a_list(world: World) -> None:
    storm_id, ann = begun(world), world.program()
    judged(world, storm_id)
    found = ann.get(f"/api/storms/{storm_id}").get_json()
    assert (found["state"], found["report"]["lost"]) == ("passed", 0)
    assert "alerts" not in found["report"]
    assert ann.get("/api/storms").get_json()["items"] == [found]
    rows = ann.get(f"/api/storms/{storm_id}/alerts?page_size=2&sort=number&order=asc").get_json()
    assert (rows["total_items"], [row["number"] for row in rows["items"]]) == (3, [1, 2])
    text = ann.get(f"/api/storms/{storm_id}/alerts.csv").text
    assert text.splitlines()[1].startswith("1,1,")


def test_a_storm_is_stopped_without_a_verdict(world: World) -> None:
    storm_id = begun(world)
    stopped = world.program().post(f"/api/storms/{storm_id}/stop").get_json()
    assert (stopped["state"], stopped["report"]["problem"]) == (
        "broken",
        "It was stopped before its end.",
    )
    assert world.launches.runs[0].ended
    assert world.program().post(f"/api/storms/{storm_id}/stop").status_code == 409


@pytest.mark.parametrize("state", [StormState.PASSED, StormState.FAILED, StormState.BROKEN])
def test_the_pages_say_how_it_ended(world: World, state: StormState) -> None:
    storm_id, browser = begun(world), world.client()
    assert "Follow it" in browser.get("/proof").text
    assert "The storm is under way" in browser.get(f"/proof/{storm_id}").text
    judged(world, storm_id, state)
    page = browser.get(f"/proof/{storm_id}").text
    word = {"passed": "Nothing lost, nothing twice", "failed": "this storm failed"}
    assert word.get(state.value, "This storm has no verdict") in page
    assert 'href="/alerts/alert-0"' in page
    assert f'href="/proof/{storm_id}"' in browser.get("/proof").text
    assert browser.get(f"/proof/{storm_id}?page=x").status_code == 422
