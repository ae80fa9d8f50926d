"""Health answers without a sign-in and tells the truth."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from app.domain.errors import StoreUnavailable
from app.web import create_app
from tests.support.world import World


def test_health_names_every_worker_and_its_state(world: World) -> None:
    world.core.health.expect("executor", timedelta(seconds=1))
    world.core.health.beat("executor")
    answer = world.app.test_client().get("/health")
    assert answer.status_code == 200
    body = answer.get_json()
    assert (body["status"], body["version"], body["database"]) == ("ok", "1.2.3", "ok")
    assert body["workers"]["executor"] == {
        "state": "ok",
        "last_beat": "2026-03-04T15:00:00.000Z",
    }


def test_j5_a_silent_worker_is_seen(world: World) -> None:
    world.core.health.expect("recorder", timedelta(seconds=1))
    world.clock.advance(60)
    answer = world.app.test_client().get("/health")
    assert answer.status_code == 503
    assert answer.get_json()["status"] == "degraded"
    assert answer.get_json()["workers"]["recorder"]["state"] == "late"


def test_a_worker_that_fails_or_hangs_makes_the_server_unready(world: World) -> None:
    client, health = world.app.test_client(), world.core.health
    health.expect("executor", timedelta(seconds=1))
    statuses = [client.get("/health/ready").status_code]
    health.fail("executor", "ValueError: no")
    statuses.append(client.get("/health/ready").status_code)
    health.beat("executor")
    statuses.append(client.get("/health/ready").status_code)
    world.clock.advance(60)
    statuses.append(client.get("/health/ready").status_code)
    assert statuses == [200, 503, 200, 503]


def test_f19_health_says_how_late_the_hub_was_at_worst(world: World) -> None:
    client = world.app.test_client()
    assert client.get("/health").get_json()["hub_latency_ms"] is None
    world.core.health.latency.add(world.clock.monotonic(), 0.01234)
    assert client.get("/health").get_json()["hub_latency_ms"] == 12.3


def test_what_went_wrong_is_for_those_who_sign_in(world: World) -> None:
    world.core.health.expect("paper", timedelta(seconds=1))
    world.core.health.fail("paper", "a secret of the machine")
    assert "secret" not in world.app.test_client().get("/health").text
    assert "secret" in world.program().get("/api/status").text


class NoUsers:
    def count(self) -> int:
        raise StoreUnavailable("The database is locked.")


def test_without_the_database_it_is_neither_well_nor_ready_but_alive(world: World) -> None:
    app = create_app(replace(world.web, users=NoUsers()))  # type: ignore[arg-type]
    client = app.test_client()
    assert client.get("/health").status_code == 503
    assert client.get("/health").get_json()["database"] == "unavailable"
    assert client.get("/health/ready").status_code == 503
    assert client.get("/health/live").status_code == 200


class NobodyKnown(NoUsers):
    def get(self, user_id: str) -> None:
        raise StoreUnavailable("The database is locked.")


def test_a_page_without_the_database_says_so_in_words(world: World) -> None:
    app = create_app(replace(world.web, users=NobodyKnown()))  # type: ignore[arg-type]
    client = app.test_client()
    with client.session_transaction() as session:
        session["_user_id"] = world.user().id
    answer = client.get("/dashboard")
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert "The database is locked." in answer.text
    assert answer.mimetype == "text/html"


class Buggy:
    def state(self) -> None:
        raise RuntimeError("a bug")


def test_what_nobody_foresaw_is_500_with_a_number_for_a_program(world: World) -> None:
    app = create_app(replace(world.web, halts=Buggy()))  # type: ignore[arg-type]
    headers = world.program().headers
    answer = app.test_client().get("/api/status", headers=headers)
    assert answer.status_code == 500
    assert answer.get_json()["error_code"] == "INTERNAL"
    assert answer.get_json()["incident"] in answer.get_json()["detail"]
    assert "a bug" not in answer.text


def test_a_stopping_server_is_not_ready(world: World) -> None:
    client = world.app.test_client()
    assert client.get("/health/ready").status_code == 200
    world.stopping.append(True)
    assert client.get("/health/ready").status_code == 503
