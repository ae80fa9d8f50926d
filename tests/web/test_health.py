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


def test_a_stopping_server_is_not_ready(world: World) -> None:
    client = world.app.test_client()
    assert client.get("/health/ready").status_code == 200
    world.stopping.append(True)
    assert client.get("/health/ready").status_code == 503
