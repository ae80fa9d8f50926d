"""The webhook: what arrives, what is answered, never 500, and never an order too many."""

from __future__ import annotations

import gzip
import json
import socket
from collections.abc import Callable, Iterator
from dataclasses import replace
from io import BytesIO

import pytest
from werkzeug.test import TestResponse

from app.domain.errors import StoreUnavailable
from app.domain.inbox import AlertState
from app.domain.settings import StrategySettings
from app.services.inbox import Answer, Delivery
from app.web import create_app
from app.web.factory import PATIENCE_S
from tests.support.world import World

GOOD = {"symbol": "ES", "action": "buy", "quantity": "1", "id": "a-1"}


def kept(world: World) -> list[dict[str, object]]:
    items: list[dict[str, object]] = world.program().get("/api/alerts").get_json()["items"]
    return items


def orders(world: World) -> int:
    world.work()
    total: int = world.program().get("/api/orders").get_json()["total_items"]
    return total


class Broken:
    """An inbox that cannot keep anything, or fails in a way nobody foresaw."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def accept(self, key: str, delivery: Delivery) -> Answer:
        raise self.error


def broken(world: World, error: Exception) -> TestResponse:
    app = create_app(replace(world.web, inbox=Broken(error)))  # type: ignore[arg-type]
    return app.test_client().post("/webhook/key", json=GOOD)


def test_an_alert_is_accepted_after_it_was_kept(world: World) -> None:
    strategy, key = world.strategy()
    answer = world.post(key, GOOD)
    assert answer.status_code == 202
    assert answer.get_json()["status"] == "accepted"
    with world.core.store.read() as uow:
        alert = uow.alerts.get(answer.get_json()["alert_id"])
    assert alert is not None
    assert (alert.strategy_id, alert.body) == (strategy.id, json.dumps(GOOD).encode())


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (json.dumps(GOOD).encode(), "application/json"),
        (json.dumps(GOOD).encode(), "text/plain; charset=utf-8"),
        (json.dumps(GOOD).encode(), "application/x-www-form-urlencoded"),
        (json.dumps(GOOD).encode(), "multipart/form-data"),
        (json.dumps(GOOD).encode(), "nonsense"),
        (json.dumps(GOOD).encode(), ""),
        (b"\xef\xbb\xbf" + json.dumps(GOOD).encode(), "application/json"),
        (b"symbol=ES action=buy quantity=1", "text/plain"),
        (b"symbol=ES;action=buy;quantity=1", "application/x-www-form-urlencoded"),
    ],
)
def test_the_content_type_is_not_trusted(world: World, body: bytes, content_type: str) -> None:
    _, key = world.strategy()
    assert world.post(key, body, content_type=content_type).status_code == 202


def test_a_resend_gets_the_first_alerts_id_and_makes_no_second_order(world: World) -> None:
    _, key = world.strategy()
    world.quote("ES", "5000", "5000.25")
    first, again = world.post(key, GOOD), world.post(key, GOOD)
    assert (first.status_code, again.status_code) == (202, 200)
    assert again.get_json()["status"] == "duplicate"
    assert again.get_json()["alert_id"] == first.get_json()["alert_id"]
    assert orders(world) == 1


def test_the_same_key_with_another_body_is_a_conflict(world: World) -> None:
    _, key = world.strategy()
    world.post(key, GOOD)
    answer = world.post(key, {**GOOD, "quantity": "2"})
    assert answer.status_code == 409
    assert answer.get_json()["error_code"] == "CONFLICT"


@pytest.mark.parametrize("header", ["Idempotency-Key", "webhook-id"])
def test_a_header_may_say_which_deliveries_are_the_same(world: World, header: str) -> None:
    _, key = world.strategy()
    body = {"symbol": "ES", "action": "buy", "quantity": "1"}
    first = world.post(key, body, headers={header: "one"})
    second = world.post(key, body, headers={header: "two"})
    again = world.post(key, body, headers={header: "one"})
    assert [each.status_code for each in (first, second, again)] == [202, 202, 200]


MALFORMED = {
    "empty": b"",
    "not utf-8": b'{"symbol":"ES","action":"b\xff"}',
    "single quotes": b"{'symbol':'ES','action':'buy'}",
    "trailing comma": b'{"symbol":"ES","action":"buy",}',
    "cut off": b'{"symbol":"ES","action":',
    "deep nesting": b'{"a":' * 500 + b"1" + b"}" * 500,
    "deep arrays": b"[" * 100_00 + b"]" * 100_00,
    "duplicate keys": b'{"symbol":"ES","action":"buy","action":"sell"}',
    "array at top": b'[{"symbol":"ES","action":"buy"}]',
    "a number at top": b"17",
    "1e400": b'{"symbol":"ES","action":"buy","quantity":1e400}',
    "1e400 as text": b'{"symbol":"ES","action":"buy","quantity":"1e400"}',
    "NaN": b'{"symbol":"ES","action":"buy","quantity":NaN}',
    "Infinity": b'{"symbol":"ES","action":"buy","quantity":Infinity}',
    "negative quantity": b'{"symbol":"ES","action":"buy","quantity":-1}',
    "tiny quantity": b'{"symbol":"ES","action":"buy","quantity":"1e-19"}',
    "unknown symbol": b'{"symbol":"NOSUCHTHING9","action":"buy","quantity":1}',
    "unknown action": b'{"symbol":"ES","action":"moon","quantity":1}',
    "no action": b'{"symbol":"ES","quantity":1}',
    "null action": b'{"symbol":"ES","action":null}',
    "unicode look-alike": '{"symbol":"\u0415S","action":"buy","quantity":1}'.encode(),
    "wide digits": '{"symbol":"ES","action":"buy","quantity":"\uff11"}'.encode(),
    "unclosed placeholder": b'{"symbol":"ES","action":"buy","price":"{{close}}"}',
    "NUL byte": b'{"symbol":"ES\x00","action":"buy"}',
    "text without a meaning": b"buy now please",
    "html": b"<script>alert(1)</script>",
    "sql": b"'; DROP TABLE alerts; --",
}


@pytest.mark.parametrize("name", MALFORMED)
def test_f17_what_cannot_be_read_is_refused_with_a_reason_and_kept(world: World, name: str) -> None:
    _, key = world.strategy()
    world.quote("ES", "5000", "5000.25")
    answer = world.post(key, MALFORMED[name])
    body = answer.get_json()
    assert answer.status_code in {400, 422}, answer.text
    assert body["error_code"].isupper()
    assert len(body["detail"]) > 10
    assert isinstance(body["fields"], list)
    rows = kept(world)
    assert [(row["state"], row["code"]) for row in rows] == [("invalid", body["error_code"])]
    trace = world.program().get(f"/api/alerts/{rows[0]['id']}/trace").get_json()
    assert trace["alert"]["body"] == MALFORMED[name].decode("utf-8", "replace")
    assert orders(world) == 0


@pytest.mark.parametrize(
    "body",
    [
        {"symbol": "ES", "action": "exit"},
        {"symbol": "ES", "action": "close", "quantity": "3"},
        {"symbol": "ES", "action": "flat"},
        {"symbol": "ES", "action": "sell", "quantity": "0"},
        {"symbol": "ES", "action": "buy", "quantity": 0},
        {"symbol": "ES", "action": "buy", "contracts": "-0"},
        {"symbol": "ES", "action": "buy", "quantity": 1e-12},
    ],
)
def test_f17_nothing_to_do_is_no_order(world: World, body: dict[str, object]) -> None:
    _, key = world.strategy()
    world.quote("ES", "5000", "5000.25")
    answer = world.post(key, body)
    assert answer.status_code in {202, 400, 422}
    assert orders(world) == 0
    assert kept(world)[0]["state"] in {"no_action", "refused", "invalid"}


@pytest.mark.parametrize("symbol", ["ES1!", "es1!", "CME_MINI:ES1!", "esh6", "ESH2026", "ES"])
def test_f17_every_way_to_write_a_symbol_trades_the_same_contract(
    world: World, symbol: str
) -> None:
    _, key = world.strategy()
    world.quote("ESH2026", "5000", "5000.25")
    assert world.post(key, {**GOOD, "symbol": symbol}).status_code == 202
    world.work()
    rows = world.program().get("/api/fills").get_json()["items"]
    assert [row["symbol"] for row in rows] == ["ESH2026"]


def test_f17_html_and_line_ends_in_a_comment_are_only_text(world: World) -> None:
    _, key = world.strategy()
    comment = "</script><script>alert(1)</script>\r\nSet-Cookie: a=b"
    answer = world.post(key, {**GOOD, "comment": comment})
    assert answer.status_code == 202
    page = world.client().get(f"/alerts/{answer.get_json()['alert_id']}")
    assert page.status_code == 200
    assert "<script>alert(1)" not in page.text


def test_f17_a_body_over_64_kib_is_refused_and_its_beginning_kept(world: World) -> None:
    _, key = world.strategy()
    answer = world.post(key, b"x" * 10_000_000)
    assert answer.status_code == 413
    assert answer.get_json()["error_code"] == "BODY_TOO_LARGE"
    row = kept(world)[0]
    assert (row["state"], row["code"]) == ("invalid", "BODY_TOO_LARGE")
    with world.core.store.read() as uow:
        alert = uow.alerts.get(str(row["id"]))
    assert alert is not None
    assert alert.body == b"x" * 65536


def test_f17_a_chunked_body_without_an_end_is_cut_off(world: World) -> None:
    _, key = world.strategy()

    class Endless(BytesIO):
        taken = 0

        def read(self, size: int | None = -1) -> bytes:
            wanted = size if size is not None and size > 0 else 65536
            Endless.taken += wanted
            return b"x" * wanted

    answer = world.app.test_client().post(
        f"/webhook/{key}",
        input_stream=Endless(),
        environ_overrides={"wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"},
    )
    assert answer.status_code == 413
    assert Endless.taken <= 200_000


def test_a_chunked_body_is_read_whole(world: World) -> None:
    _, key = world.strategy()
    answer = world.app.test_client().post(
        f"/webhook/{key}",
        input_stream=BytesIO(json.dumps(GOOD).encode()),
        environ_overrides={"wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"},
    )
    assert answer.status_code == 202


def test_f17_a_compressed_body_is_refused_and_never_unpacked(world: World) -> None:
    _, key = world.strategy()
    bomb = gzip.compress(b"0" * 10_000_000)
    answer = world.post(key, bomb, headers={"Content-Encoding": "gzip"})
    assert answer.status_code == 415
    assert kept(world)[0]["code"] == "UNSUPPORTED_CONTENT"


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_f17_another_method_is_405_in_json(world: World, method: str) -> None:
    _, key = world.strategy()
    answer = world.app.test_client().open(f"/webhook/{key}", method=method)
    assert answer.status_code == 405
    assert answer.get_json()["error_code"] == "METHOD_NOT_ALLOWED"
    assert answer.headers["Allow"] == "POST"


def test_f18_an_unknown_key_says_nothing_and_leaves_nothing(still_world: World) -> None:
    answer = still_world.post("nonsense", GOOD)
    assert answer.status_code == 404
    assert answer.get_json() == {"detail": "Not found.", "error_code": "NOT_FOUND", "fields": []}
    too_large = still_world.post("nonsense", b"x" * 100_000)
    assert too_large.get_json() == answer.get_json()


def test_f18_a_rotated_key_ends_with_its_overlap(world: World) -> None:
    strategy, old = world.strategy()
    program = world.program()
    path = f"/api/strategies/{strategy.id}/rotate-key"
    new = program.post(path, {"overlap_hours": 1}).get_json()["webhook_key"]
    assert world.post(old, {**GOOD, "id": "1"}).status_code == 202
    world.clock.advance(3600)
    assert world.post(old, {**GOOD, "id": "2"}).status_code == 404
    assert world.post(new, {**GOOD, "id": "3"}).status_code == 202


def test_a_strategy_that_is_off_refuses_and_keeps_the_alert(world: World) -> None:
    strategy, key = world.strategy()
    world.program().post(f"/api/strategies/{strategy.id}/state", {"state": "off"})
    answer = world.post(key, GOOD)
    assert answer.status_code == 200
    assert (answer.get_json()["status"], answer.get_json()["code"]) == ("refused", "STRATEGY_OFF")
    assert kept(world)[0]["state"] == AlertState.REFUSED


def test_only_listed_senders_pass_an_allow_list(world: World) -> None:
    settings = StrategySettings(source_allowlist=("52.89.214.238", "10.0.0.0/8"))
    _, key = world.strategy(settings=settings)

    def code(address: str, number: int) -> object:
        base = {"REMOTE_ADDR": address}
        return world.post(key, {**GOOD, "id": f"{number}"}, environ_base=base).status_code

    assert [code("52.89.214.238", 1), code("10.1.2.3", 2)] == [202, 202]
    assert code("127.0.0.1", 3) == 200
    assert kept(world)[0]["code"] == "SOURCE_NOT_ALLOWED"


def test_a_forwarded_address_counts_only_behind_trusted_proxies(
    open_server: Callable[..., World],
) -> None:
    def seen(proxies: int, forwarded: str) -> object:
        world = open_server(trusted_proxies=proxies)
        _, key = world.strategy()
        world.post(key, GOOD, headers={"X-Forwarded-For": forwarded})
        row = kept(world)[0]["id"]
        return world.program().get(f"/api/alerts/{row}").get_json()["source_address"]

    assert seen(0, "52.89.214.238") == "127.0.0.1"
    assert seen(1, "6.6.6.6, 52.89.214.238") == "52.89.214.238"
    assert seen(2, "6.6.6.6, 52.89.214.238, 10.0.0.1") == "52.89.214.238"


def test_no_cookie_and_no_csrf_token_is_needed(world: World) -> None:
    _, key = world.strategy()
    answer = world.post(key, GOOD, headers={"Origin": "https://elsewhere.test"})
    assert answer.status_code == 202
    assert "Set-Cookie" not in answer.headers


def test_the_rate_limit_counts_each_key_apart(open_server: Callable[..., World]) -> None:
    world = open_server(webhook_rate_limit="2/minute")
    _, one = world.strategy(title="One")
    _, other = world.strategy(title="Other")

    def codes(key: str, ids: Iterator[int], times: int) -> list[int]:
        return [world.post(key, {**GOOD, "id": str(next(ids))}).status_code for _ in range(times)]

    ids = iter(range(100))
    assert codes(one, ids, 4) == [202, 202, 429, 429]
    assert codes(other, ids, 1) == [202]
    answer = world.post(one, GOOD)
    assert 1 <= int(answer.headers["Retry-After"]) <= 60
    assert answer.get_json()["error_code"] == "RATE_LIMITED"
    world.clock.advance(61)
    assert codes(one, ids, 1) == [202]


def test_too_many_alerts_leave_one_row_a_window_that_says_so(
    open_server: Callable[..., World],
) -> None:
    world = open_server(webhook_rate_limit="1/minute")
    _, key = world.strategy()
    for number in range(5):
        world.post(key, {**GOOD, "id": str(number)})
    assert [row["code"] for row in kept(world)] == ["RATE_LIMITED", None]


def test_503_only_when_the_alert_could_not_be_kept(still_world: World) -> None:
    answer = broken(still_world, StoreUnavailable("The disk is full."))
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert answer.get_json()["error_code"] == "STORE_UNAVAILABLE"


def test_what_nobody_foresaw_is_503_too_and_has_a_number(still_world: World) -> None:
    answer = broken(still_world, RuntimeError("a bug"))
    assert answer.status_code == 503
    assert answer.get_json()["incident"] in answer.get_json()["detail"]
    assert "a bug" not in answer.text


def test_a_stopping_server_asks_to_be_sent_the_alert_again(world: World) -> None:
    _, key = world.strategy()
    world.stopping.append(True)
    answer = world.post(key, GOOD)
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert kept(world) == []


def test_no_secret_header_is_kept(world: World) -> None:
    _, key = world.strategy()
    headers = {"Authorization": "Bearer s3cret", "Cookie": "c=1", "User-Agent": "tv"}
    world.post(key, GOOD, headers=headers)
    row = kept(world)[0]["id"]
    shown = world.program().get(f"/api/alerts/{row}").get_json()["headers"]
    assert shown == {"User-Agent": "tv"}


class Dripping(BytesIO):
    """A body whose rest never comes."""

    def read(self, size: int | None = -1) -> bytes:
        raise TimeoutError("timed out")


@pytest.mark.parametrize("environ", [{"CONTENT_LENGTH": "100"}, {"wsgi.input_terminated": True}])
def test_f17_a_request_that_never_arrives_whole_is_dropped_and_not_kept(
    world: World, environ: dict[str, object]
) -> None:
    _, key = world.strategy()
    answer = world.app.test_client().post(
        f"/webhook/{key}", input_stream=Dripping(), environ_overrides=environ
    )
    assert answer.status_code == 408
    assert answer.get_json()["error_code"] == "REQUEST_TIMEOUT"
    assert kept(world) == []


def test_f17_a_client_is_waited_for_only_so_long(world: World) -> None:
    _, key = world.strategy()
    ours, theirs = socket.socketpair()
    waits: list[float | None] = []

    class Watched(BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            waits.append(ours.gettimeout())
            return super().read(size)

    body = json.dumps(GOOD).encode()
    answer = world.app.test_client().post(
        f"/webhook/{key}",
        input_stream=Watched(body),
        environ_overrides={"gunicorn.socket": ours, "wsgi.input_terminated": True},
    )
    after = ours.gettimeout()
    ours.close()
    theirs.close()
    assert answer.status_code == 202
    assert set(waits) == {PATIENCE_S}
    assert after is None
