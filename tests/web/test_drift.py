"""Reconciliation over HTTP: what is shown, what is decided, and for whom."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from app.domain.safety.drift import (
    Difference,
    Drift,
    DriftCause,
    DriftState,
    position_words,
    suspected,
)
from app.domain.settings import StrategySettings
from tests.support.world import World

SYMBOL = "ESH2026"


@pytest.fixture
def drift(world: World) -> Drift:
    """Our books say 3, and the broker holds 1: somebody wrote into our books."""
    strategy, key = world.strategy(settings=StrategySettings(max_age_s=None))
    world.fill(key, "buy", "1", "5000")
    account_id = world.account_id()
    detail = position_words("paper", SYMBOL, Decimal(3), Decimal(1))
    cause = DriftCause.UNKNOWN
    difference = Difference(SYMBOL, Decimal(3), Decimal(1), cause, detail)
    found = suspected(world.core.ids(), account_id, difference, world.clock.now())
    found = replace(found, state=DriftState.OPEN)
    with world.core.store.write() as uow:
        books = uow.positions.open(strategy.id)
        for book, position in books.items():
            held = uow.positions.get(book)
            three = replace(position, quantity=Decimal(3), basis=Decimal(15000))
            uow.positions.save(book, replace(held, position=three), world.clock.now())
        uow.drifts.insert(found)
    return found


def decision(**changes: object) -> dict[str, object]:
    return {"ours": "3", "theirs": "1", **changes}


def test_an_account_shows_its_comparison_and_its_differences(world: World, drift: Drift) -> None:
    answer = world.program().get("/api/drift").get_json()
    (account,) = answer["accounts"]
    assert (answer["open"], account["account_name"], account["answered_at"]) == (1, "paper", None)
    (shown,) = account["drifts"]
    numbers = (shown["ours"], shown["theirs"], shown["gap"], shown["state"])
    assert numbers == ("3", "1", "-2", "open")
    assert world.core.reconciler.look(world.account_id())
    (account,) = world.program().get("/api/drift").get_json()["accounts"]
    assert account["answered_at"] == account["checked_at"]
    assert account["problem"] is None
    assert account["next_check_at"] > account["checked_at"]


def test_drifts_are_filtered_by_account_and_state(world: World, drift: Drift) -> None:
    ann = world.program()
    resolved = ann.get("/api/drift?state=resolved").get_json()
    assert [each["drifts"] for each in resolved["accounts"]] == [[]]
    assert ann.get(f"/api/drift?account_id={world.account_id('bob')}").status_code == 404


def test_accepting_resolves_the_difference_and_says_who_did_it(world: World, drift: Drift) -> None:
    ann = world.program()
    answer = ann.post(f"/api/drift/{drift.id}/accept", decision())
    assert answer.status_code == 200, answer.text
    assert (answer.get_json()["resolution"], answer.get_json()["resolved_by"]) == (
        "accepted",
        "ann",
    )
    assert ann.get("/api/drift").get_json()["open"] == 0
    trades = [
        row for row in ann.get("/api/orders").get_json()["items"] if row["leg"] == "adjustment"
    ]
    assert [(row["side"], row["quantity"], row["state"]) for row in trades] == [
        ("sell", "2", "filled")
    ]


def test_flattening_sends_the_order_that_closes_the_difference(world: World, drift: Drift) -> None:
    ann = world.program()
    assert ann.post(f"/api/drift/{drift.id}/flatten", decision()).status_code == 200
    held = world.core.brokers.of(world.account_id()).positions()
    assert [each.quantity for each in held] == [3]


def test_numbers_that_changed_are_a_conflict(world: World, drift: Drift) -> None:
    answer = world.program().post(f"/api/drift/{drift.id}/accept", decision(theirs="2"))
    assert (answer.status_code, answer.get_json()["error_code"]) == (409, "CONFLICT")
    assert "the broker says 1, our books say 3" in answer.get_json()["detail"]


def test_without_a_price_one_is_asked_for(world: World, drift: Drift) -> None:
    world.clock.advance(3600)
    answer = world.program().post(f"/api/drift/{drift.id}/accept", decision())
    assert answer.status_code == 422
    assert [each["field"] for each in answer.get_json()["fields"]] == ["price"]


@pytest.mark.parametrize("what", ["accept", "flatten"])
def test_another_users_difference_is_not_found(world: World, drift: Drift, what: str) -> None:
    assert world.program("bob").post(f"/api/drift/{drift.id}/{what}", decision()).status_code == 404


def test_a_check_is_asked_for(world: World) -> None:
    world.core.reconciler.look(world.account_id())
    answer = world.program().post("/api/drift/check", {"account_id": world.account_id()})
    assert (answer.status_code, answer.get_json()["account_ids"]) == (202, [world.account_id()])
    assert world.account_id() in world.core.reconciler.due()


def test_every_page_shows_how_many_differences_wait(world: World, drift: Drift) -> None:
    page = world.client().get("/drift")
    assert page.status_code == 200
    assert page.text.count("data-drift-count>1<") == 3
    assert "data-drift-count hidden" in world.client("bob").get("/about").text
