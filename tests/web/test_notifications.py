"""Channels of notices over HTTP: an address goes in, is tried, and is never seen again."""

from __future__ import annotations

import json
from typing import Any

import pytest
from werkzeug.test import TestResponse

from tests.support.world import Program, World

PATH = "/api/notifications/channels"
SECRET = "my-secret-topic"
PHONE = {"name": "Phone", "address": f"ntfy://{SECRET}", "categories": ["drift", "fill"]}


def made(program: Program, **changes: object) -> dict[str, Any]:
    answer = program.post(PATH, {**PHONE, **changes})
    assert answer.status_code == 201, answer.text
    told: dict[str, Any] = answer.get_json()
    return told


def problems(answer: TestResponse) -> dict[str, str]:
    return {each["field"]: each["problem"] for each in answer.get_json()["fields"]}


def test_a_channel_is_made_and_listed_without_its_address(world: World) -> None:
    program = world.program()
    channel = made(program)
    assert channel["address"] == "ntfy://…"
    assert channel["categories"] == ["fill", "drift"]
    listed = program.get(PATH)
    assert listed.get_json()["items"] == [channel]
    assert SECRET not in listed.text
    assert program.get(f"{PATH}.csv").status_code == 200


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"address": "foo://bar"}, "address"),
        ({"address": "no address"}, "address"),
        ({"name": " "}, "name"),
        ({"categories": []}, "categories"),
        ({"categories": ["placement"]}, "categories"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(
    still_world: World, changes: dict[str, object], field: str
) -> None:
    answer = still_world.program().post(PATH, {**PHONE, **changes})
    assert answer.status_code == 422
    assert any(name.startswith(field) for name in problems(answer))
    assert SECRET not in answer.text


def test_a_name_is_used_once(world: World) -> None:
    program = world.program()
    made(program)
    assert program.post(PATH, PHONE).status_code == 409


def test_a_channel_is_changed_and_removed(world: World) -> None:
    program = world.program()
    own = f"{PATH}/{made(program)['id']}"
    changed = program.send("PATCH", own, {"enabled": False, "categories": ["halt"]}).get_json()
    assert (changed["name"], changed["enabled"]) == ("Phone", False)
    assert changed["categories"] == ["halt"]
    assert program.send("DELETE", own).status_code == 204
    assert program.send("PATCH", own, {"enabled": True}).status_code == 404


def test_another_users_channel_is_not_there(world: World) -> None:
    own = f"{PATH}/{made(world.program())['id']}"
    other = world.program("bob")
    assert other.get(PATH).get_json()["items"] == []
    assert other.send("PATCH", own, {"enabled": False}).status_code == 404
    assert other.send("DELETE", own).status_code == 404
    assert other.post(f"{own}/test").status_code == 404


def test_a_try_is_answered_with_what_the_service_said(world: World) -> None:
    program = world.program()
    own = f"{PATH}/{made(program)['id']}/test"
    world.postman.problem = "Unauthorised, error=401."
    told = program.post(own).get_json()
    assert told["sent"] is False
    assert told["message"] == "Ntfy did not take it: Unauthorised, error=401."
    assert told["channel"]["last_error"] == "Unauthorised, error=401."
    assert program.post(own).status_code == 409
    world.postman.problem = None
    world.clock.advance(5)
    assert program.post(own).get_json()["sent"] is True
    assert [address for address, _ in world.postman.sent] == [f"ntfy://{SECRET}"]


def test_the_page_shows_the_channels_and_how_addresses_look(world: World) -> None:
    made(world.program())
    page = world.client().get("/settings/notifications")
    assert page.status_code == 200
    assert SECRET not in page.text
    for service in ("tgram://", "discord://", "mailtos://", "slack://", "ntfys://"):
        assert service in page.text
    assert json.dumps("Phone") in page.text
