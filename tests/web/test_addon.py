"""The address that add-ons post to: who may, what is refused and how, and what is answered."""

from __future__ import annotations

import gzip
import hashlib
import hmac
import json
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from werkzeug.test import TestResponse

from app.propfirm import rule_set
from app.services.ports import Holder
from tests.support.addon import NAME, START, Json, batch, execution, position, told
from tests.support.world import World

PATH = "/api/v1/ninjatrader/account-update"
RULES = rule_set("apex_eod_eval_50k")


@dataclass
class Machine:
    """A machine with an add-on, which posts as fast as its messages say."""

    world: World
    secret: str
    signs: bool = False

    def post(self, body: object, path: str = PATH, **headers: str) -> TestResponse:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        sent = {"Authorization": f"Bearer {self.secret}", **headers}
        if self.signs:
            sent |= {"X-Signature": self.signature(data)}
        client = self.world.app.test_client()
        return client.post(path, data=data, content_type="application/json", headers=sent)

    def tell(self, *messages: Json) -> list[Json]:
        """Post the messages one by one, the server's clock with them; returns the answers."""
        answers = []
        for message in messages:
            answer = self.post(message)
            assert answer.status_code == 200, answer.text
            answers.append(answer.get_json())
        return answers

    def signature(self, body: bytes) -> str:
        stamp = str(int(self.world.clock.now().timestamp()))
        made = hmac.new(self.secret.encode(), stamp.encode() + b"." + body, hashlib.sha256)
        return f"t={stamp},v1={made.hexdigest()}"

    def accept(self, name: str = NAME) -> str:
        """Put the account under the rules, as its owner does; returns its id."""
        person = self.world.client()
        (own,) = (
            each["account_id"]
            for each in person.get("/api/platforms").get_json()["items"]
            if each["told_name"] == name
        )
        chosen = {"id": RULES.id, "version": RULES.version}
        answer = person.send("PUT", f"/api/accounts/{own}/rules", chosen)
        assert answer.status_code == 200, answer.text
        return str(own)


def machine_of(world: World, **more: object) -> Machine:
    answer = world.client().post("/api/addon-keys", {"name": "Desk PC", **more})
    assert answer.status_code == 201, answer.text
    return Machine(world, answer.get_json()["secret"], bool(more.get("signed")))


@pytest.fixture
def machine(world: World) -> Machine:
    world.clock.advance(60)
    return machine_of(world)


@pytest.fixture
def accepted(machine: Machine) -> Machine:
    machine.tell(told(1, at=60))
    machine.accept()
    return machine


def test_an_account_is_pending_until_its_owner_accepts_it(machine: Machine) -> None:
    (answer,) = machine.tell(told(1, at=60))
    assert answer == {
        "status": "ok",
        "ack_seq": 1,
        "resend_from": None,
        "need": None,
        "server_time": "2026-03-04T15:01:00.000Z",
        "poll_ms": 1000,
        "commands": [],
        "rules": {
            "state": "pending",
            "daily_loss_left": None,
            "drawdown_left": None,
            "version": None,
        },
    }
    own = machine.accept()
    (answer,) = machine.tell(told(2, at=60, cash="49900"))
    assert answer["rules"] == {
        "state": "ok",
        "daily_loss_left": "900",
        "drawdown_left": "1900",
        "version": f"{RULES.id}@{RULES.version}",
    }
    state = machine.world.program().get(f"/api/accounts/{own}/state").get_json()
    assert (state["venue"], state["source"], state["balance"]) == ("ninjatrader", "addon", "49900")


def test_the_old_address_does_the_same(machine: Machine) -> None:
    assert machine.post(told(1), "/api/v1/ninjatrader/account-data").get_json()["status"] == "ok"
    assert machine.post(told(1)).get_json()["status"] == "duplicate"


@pytest.mark.parametrize("secret", ["", "guess", "ünknown"])
def test_a_wrong_key_is_answered_401(world: World, secret: str) -> None:
    answer = Machine(world, secret).post(told(1))
    assert (answer.status_code, answer.get_json()["error_code"]) == (401, "UNAUTHORISED")


def test_an_api_token_is_no_key_of_an_add_on(world: World) -> None:
    assert Machine(world, world.program().secret).post(told(1)).status_code == 401


def test_a_revoked_key_is_answered_401_from_then_on(machine: Machine) -> None:
    machine.tell(told(1))
    person = machine.world.client()
    (key,) = person.get("/api/addon-keys").get_json()["items"]
    assert person.send("DELETE", f"/api/addon-keys/{key['id']}").status_code == 204
    answer = machine.post(told(2))
    assert answer.status_code == 401
    assert "revoked" in answer.get_json()["detail"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"values": {"cash_value": "much"}}, "values.cash_value"),
        ({"positions": [position(market_position="Up")]}, "positions.0.market_position"),
        ({"executions": [execution("e", price=None)]}, "executions.0.price"),
        ({"schema": 9}, "schema"),
        ({"seq": 0}, "seq"),
    ],
)
def test_a_malformed_message_is_answered_400_with_its_field(
    machine: Machine, change: Json, field: str
) -> None:
    answer = machine.post(told(1) | change)
    assert (answer.status_code, answer.get_json()["error_code"]) == (400, "MALFORMED_MESSAGE")
    assert [each["field"] for each in answer.get_json()["fields"]] == [field]


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[[[["])
def test_what_is_no_json_is_answered_400(machine: Machine, body: bytes) -> None:
    answer = machine.post(body)
    assert answer.status_code == 400
    assert answer.get_json()["fields"] == [{"field": "body", "problem": "must be JSON"}]


def test_a_bad_message_of_a_batch_stands_in_the_way_of_no_other(machine: Machine) -> None:
    bad = told(2)
    bad["values"]["cash_value"] = "much"
    answer = machine.post(batch(told(1), bad, told(3), told(1, account="Sim101")))
    assert answer.status_code == 200
    results = answer.get_json()["results"]
    assert [(each["account"], each["seq"], each["status"]) for each in results] == [
        (NAME, 1, "ok"),
        (NAME, 2, "refused"),
        (NAME, 3, "held"),
        ("Sim101", 1, "ok"),
    ]
    assert results[1]["error"]["fields"][0]["field"] == "messages.1.values.cash_value"
    assert (answer.get_json()["ack_seq"], answer.get_json()["resend_from"]) == (None, None)
    apex, sim = answer.get_json()["accounts"]
    assert (apex["account"], apex["ack_seq"], apex["resend_from"]) == (NAME, 1, 2)
    assert (sim["account"], sim["ack_seq"], sim["resend_from"]) == ("Sim101", 1, None)


def test_a_batch_of_one_account_is_answered_like_its_last_message(machine: Machine) -> None:
    answer = machine.post(batch(told(1), told(2))).get_json()
    assert (answer["status"], answer["ack_seq"], answer["rules"]["state"]) == ("ok", 2, "pending")


def test_a_batch_of_nothing_readable_is_answered_with_what_is_wrong(machine: Machine) -> None:
    answer = machine.post({"schema": 1, "type": "AccountUpdateBatch", "messages": [1, {}]})
    assert answer.status_code == 200
    assert [each["status"] for each in answer.get_json()["results"]] == ["refused"] * 2
    assert (answer.get_json()["ack_seq"], answer.get_json()["accounts"]) == (None, [])


def test_a_body_over_256_kib_is_answered_413_before_it_is_read(machine: Machine) -> None:
    most = 256 * 1024
    assert machine.post(b" " * (most + 1)).status_code == 413
    assert machine.post(b" " * most).status_code == 400


def test_an_encoded_body_is_answered_415(machine: Machine) -> None:
    body = gzip.compress(json.dumps(told(1)).encode())
    assert machine.post(body, **{"Content-Encoding": "gzip"}).status_code == 415


def test_a_stale_session_is_answered_409(machine: Machine) -> None:
    machine.tell(told(1), told(1, session="s2", at=2))
    answer = machine.post(told(2, at=3))
    assert (answer.status_code, answer.get_json()["error_code"]) == (409, "STALE_SESSION")


def test_a_session_without_its_snapshot_is_asked_for_one(machine: Machine) -> None:
    (answer,) = machine.tell(told(4, session="s2"))
    assert (answer["status"], answer["need"], answer["ack_seq"]) == (
        "need_snapshot",
        "snapshot",
        None,
    )


def test_a_gap_is_asked_for(machine: Machine) -> None:
    machine.tell(told(1))
    held, jumped, late = machine.tell(told(3), told(4, kind="snapshot"), told(2))
    assert (held["status"], held["ack_seq"], held["resend_from"]) == ("held", 1, 2)
    assert (jumped["status"], jumped["ack_seq"], jumped["resend_from"]) == ("ok", 1, 2)
    assert (late["status"], late["ack_seq"], late["resend_from"]) == ("ok", 2, None)


def test_more_requests_than_the_limit_are_answered_429(
    open_server: Callable[..., World],
) -> None:
    world = open_server(addon_rate_limit="2/minute")
    machine, other = machine_of(world), machine_of(world)
    assert [machine.post(told(1)).status_code for _ in range(3)] == [200, 200, 429]
    refused = machine.post(told(1))
    assert (refused.get_json()["error_code"], refused.headers["Retry-After"]) == (
        "RATE_LIMITED",
        "60",
    )
    assert other.post(told(1)).status_code == 200
    guessing = Machine(world, "guess")
    assert [guessing.post(told(1)).status_code for _ in range(3)] == [401, 401, 429]


def test_a_key_that_demands_signatures_gets_them(world: World) -> None:
    machine = machine_of(world, signed=True)
    assert machine.post(told(1)).status_code == 200
    machine.signs = False
    refused = machine.post(told(2))
    assert (refused.status_code, refused.get_json()["error_code"]) == (401, "BAD_SIGNATURE")
    wrong = machine.post(told(2), **{"X-Signature": machine.signature(b"another body")})
    assert wrong.status_code == 401


def test_a_server_that_stops_asks_for_it_again(machine: Machine) -> None:
    machine.world.stopping.append(True)
    answer = machine.post(told(1))
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")


def test_a_standby_asks_for_it_again_and_tells_nothing(machine: Machine) -> None:
    machine.world.lease.other = Holder("beta", 77, START)
    for _ in range(2):
        machine.world.web.ownership.step(machine.world.clock.now())
    answer = machine.post(told(1))
    assert (answer.status_code, answer.get_json()["error_code"]) == (503, "STANDBY")
    assert "beta" not in answer.text


def test_an_add_on_has_neither_cookies_nor_csrf_tokens(machine: Machine) -> None:
    assert "Set-Cookie" not in machine.post(told(1)).headers


def test_an_order_to_a_watched_account_is_refused_in_words(accepted: Machine) -> None:
    world = accepted.world
    (each,) = world.program().get("/api/platforms").get_json()["items"]
    world.quote("ES", "5000", "5000.25")
    order = {
        "account_id": each["account_id"],
        "symbol": "ES",
        "side": "buy",
        "quantity": "1",
        "order_type": "market",
    }
    alert = world.program().post("/api/orders", order)
    assert alert.status_code == 202, alert.text
    world.work()
    told_of = [row for row in world.program().get("/api/log").get_json()["items"] if row["code"]]
    assert "WATCHED_ONLY" in {row["code"] for row in told_of}


def test_what_was_told_is_shown_to_the_owner_alone(accepted: Machine) -> None:
    held = position(2, "Short", unrealized_pnl="-12.5")
    order = {"order_id": "1", "action": "Buy", "type": "Limit", "quantity": 2, "state": "Working"}
    done = execution("e1", 61)
    accepted.tell(
        told(2, at=61, unrealized="-12.5", positions=[held], orders=[order], executions=[done])
    )
    world = accepted.world
    (row,) = world.program().get("/api/platforms").get_json()["items"]
    assert (row["told_name"], row["last_seq"], row["missing"], row["behind"]) == (NAME, 2, 0, False)
    own = row["account_id"]
    shown: Any = world.program().get(f"/api/accounts/{own}/platform").get_json()["told"]
    assert shown["positions"][0]["net_quantity"] == "-2"
    assert shown["orders"][0]["state"] == "Working"
    assert shown["values"]["unrealized_pnl"] == "-12.5"
    assert shown["values"]["net_liquidation"] is None
    done_there = world.program().get(f"/api/accounts/{own}/executions").get_json()["items"]
    assert [(each["execution_id"], each["price"]) for each in done_there] == [("e1", "21500.25")]
    assert world.program("bob").get("/api/platforms").get_json()["items"] == []
    for path in ("platform", "executions"):
        assert world.program("bob").get(f"/api/accounts/{own}/{path}").status_code == 404


def test_keys_are_shown_without_their_secret_and_changed_by_a_person(world: World) -> None:
    machine = machine_of(world)
    person = world.client()
    (key,) = person.get("/api/addon-keys").get_json()["items"]
    assert "secret" not in key
    assert machine.secret not in json.dumps(key)
    path = f"/api/addon-keys/{key['id']}"
    changed = person.send("PATCH", path, {"name": "Laptop", "signed": True}).get_json()
    assert (changed["name"], changed["signed"]) == ("Laptop", True)
    assert world.client("bob").send("PATCH", path, {"name": "mine"}).status_code == 404
    assert world.client("bob").send("DELETE", path).status_code == 404
    assert person.send("PATCH", path, {"name": ""}).status_code == 422
    assert world.program().get("/api/addon-keys").status_code == 401


def test_a_message_moves_its_account_on_the_pages_at_once(accepted: Machine) -> None:
    world = accepted.world
    _, token = world.core.users.create_token(world.user().id, "live")
    socket = world.socketio.test_client(world.app, auth={"token": token})
    socket.emit("subscribe", {"channels": ["rules"]})
    world.core.funded.watching.step(world.clock.now())
    world.live.step(world.clock.now())
    socket.get_received()
    accepted.tell(told(2, at=60, cash="49000"))
    world.core.funded.watching.step(world.clock.now())
    world.live.step(world.clock.now())
    (event,) = (each for each in socket.get_received() if each["name"] == "rule_update")
    (state,) = event["args"][0]["accounts"]
    assert (state["balance"], state["status"]) == ("49000", "paused")
    socket.disconnect()


def test_a_database_that_does_not_take_it_is_answered_503_and_nothing_is_lost(
    machine: Machine,
) -> None:
    machine.tell(told(1))
    database = sqlite3.connect(machine.world.core.settings.store_url.removeprefix("sqlite:///"))
    database.execute("BEGIN IMMEDIATE")
    answer = machine.post(told(2, executions=[execution("e1")]))
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    database.close()
    (again,) = machine.tell(told(2, executions=[execution("e1")]))
    assert (again["status"], again["ack_seq"]) == ("ok", 2)
