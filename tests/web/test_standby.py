"""A server that stands by shows everything, changes nothing, and says who trades."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from app.services.ports import Holder
from app.web.auth import SAFE_METHODS
from app.web.standby import ALLOWED
from tests.support.world import World

OTHER = Holder("beta", 77, datetime(2026, 3, 4, 15, 0, tzinfo=UTC))


@pytest.fixture
def standby(world: World) -> World:
    """A server beside one that trades."""
    world.lease.other = OTHER
    world.web.ownership.step(world.clock.now())
    world.web.ownership.step(world.clock.now())
    return world


def test_c20_an_alert_is_asked_to_be_sent_again_and_nothing_of_it_is_kept(standby: World) -> None:
    _, key = standby.strategy()
    answer = standby.post(key, {"symbol": "ES", "action": "buy", "quantity": "1"})
    assert (answer.status_code, answer.get_json()["error_code"]) == (503, "STANDBY")
    assert int(answer.headers["Retry-After"]) > 0
    assert standby.program().get("/api/alerts").get_json()["items"] == []


def test_strangers_are_not_told_about_our_machines(standby: World) -> None:
    _, key = standby.strategy()
    client = standby.app.test_client()
    answers = [
        standby.post(key, {}).text,
        client.get("/health").text,
        client.get("/health/ready").text,
        client.get("/login").text,
    ]
    assert [answer for answer in answers if "beta" in answer or "77" in answer] == []


def test_c20_every_route_that_changes_something_is_refused(standby: World) -> None:
    """Whatever route there is, also one that is written tomorrow."""
    program, refused = standby.program(), set()
    rules = [rule for rule in standby.app.url_map.iter_rules() if "/api/" in rule.rule]
    for rule in rules:
        for method in (rule.methods or set()) - SAFE_METHODS:
            if rule.rule.startswith(("/api/tokens", "/api/addon-keys")):
                continue
            path = rule.build(dict.fromkeys(rule.arguments, "x"))
            assert path is not None
            answer = program.send(method, path[1], {})
            assert (answer.status_code, answer.get_json()["error_code"]) == (503, "STANDBY"), rule
            # Who brings an add-on's key is not known yet, and is not told about our machines.
            stranger = rule.rule.startswith("/api/v1/ninjatrader/")
            named = "the server on beta, process 77, trades" in answer.get_json()["detail"]
            assert named is not stranger, rule
            refused.add(rule.rule)
    assert len(refused) > 10


def test_who_may_not_do_it_hears_that_first(standby: World) -> None:
    answer = standby.app.test_client().post("/api/resume", headers={"Authorization": "Bearer no"})
    assert answer.status_code == 401


def test_pages_are_shown_with_who_trades(standby: World) -> None:
    browser = standby.client()
    for path in ("/dashboard", "/control", "/strategies", "/alerts", "/about"):
        page = browser.get(path)
        assert page.status_code == 200
        assert "This server stands by and changes nothing" in page.text
        assert "the server on beta, process 77, trades on this database since" in page.text


def test_a_form_that_is_sent_to_a_standby_gets_a_page_that_says_so(standby: World) -> None:
    answer = standby.client().post_form("/strategies/new", {"name": "Other"})
    assert (answer.status_code, answer.mimetype) == (503, "text/html")
    assert "process 77" in answer.text


def test_people_can_sign_in_and_out(standby: World) -> None:
    assert standby.client().post_form("/logout", {}).status_code == 302
    assert {"signin.login", "signin.logout"} == ALLOWED


def test_c20_health_and_readiness_say_that_it_stands_by(standby: World) -> None:
    client = standby.app.test_client()
    health, ready = client.get("/health"), client.get("/health/ready")
    assert (health.status_code, health.get_json()["status"]) == (200, "standby")
    assert health.get_json()["role"] == "standby"
    assert (ready.status_code, ready.get_json()["status"]) == (503, "standby")
    assert ready.get_json()["reasons"] == ["Another server trades; this one stands by."]
    assert standby.program().get("/api/status").get_json()["role"] == "standby"


def test_what_is_refused_is_taken_again_once_it_trades(standby: World) -> None:
    _, key = standby.strategy()
    standby.lease.other = None
    standby.web.ownership.step(standby.clock.now())
    body = {"symbol": "ES", "action": "buy", "quantity": "1"}
    assert standby.post(key, body).status_code == 202
    assert "stands by" not in standby.client().get("/dashboard").text
    assert standby.app.test_client().get("/health/ready").get_json() == {
        "status": "ok",
        "reasons": [],
    }


def test_a_server_that_has_just_lost_the_right_takes_nothing_more(world: World) -> None:
    """Also before its next look at who trades."""
    _, key = world.strategy()
    world.lease.other = OTHER
    assert world.post(key, {"symbol": "ES", "action": "buy", "quantity": "1"}).status_code == 503


def test_readiness_says_why_not(world: World) -> None:
    client = world.app.test_client()
    world.core.health.expect("executor", timedelta(seconds=1))
    world.core.health.expect("recorder", timedelta(seconds=1))
    world.core.health.fail("executor", "ValueError: a secret")
    world.stopping.append(True)
    world.clock.advance(60)
    answer = client.get("/health/ready")
    assert (answer.status_code, answer.get_json()["status"]) == (503, "not ready")
    assert answer.get_json()["reasons"] == [
        "The server is stopping.",
        "The worker executor is failing.",
        "The worker recorder is late.",
    ]
