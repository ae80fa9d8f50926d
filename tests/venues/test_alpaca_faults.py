"""What the stand-in for Alpaca breaks on demand: answers, orders, events and streams."""

from __future__ import annotations

import json
import time
from contextlib import closing
from typing import Any

import pytest
import requests
import websocket

from tests.support.alpaca import StandIn
from tests.venues.alpaca.control import FAULTS

pytestmark = pytest.mark.hardship


def log(alpaca: StandIn) -> list[str]:
    """Our own ids of the orders that the venue's durable log has."""
    kept = alpaca.tell("log", key=alpaca.keys[0])
    return [one["client_order_id"] for one in kept["orders"]]


def events(stream: websocket.WebSocket, count: int) -> list[Any]:
    return [json.loads(stream.recv())["data"] for _ in range(count)]


@pytest.mark.parametrize(
    ("fault", "status", "taken"),
    [
        ("error_after", 504, True),
        ("error_before", 504, False),
        ("limited", 429, False),
        ("unauthorised", 401, False),
        ("refused", 422, False),
        ("html", 200, True),
        ("empty", 200, True),
        ("drop_before", None, False),
        ("drop_after", None, True),
        ("truncated", None, True),
    ],
)
def test_an_answer_breaks_as_it_was_told(
    alpaca: StandIn, fault: str, status: int | None, taken: bool
) -> None:
    alpaca.next(fault, verb="submit", seconds=2)
    if status is None:
        with pytest.raises(requests.RequestException):
            alpaca.send(client_order_id="own")
    else:
        answer = alpaca.send(client_order_id="own")
        assert answer.status_code == status
        assert answer.headers.get("Retry-After") == ("2" if fault == "limited" else None)
    assert log(alpaca) == (["own"] if taken else [])
    assert alpaca.send(client_order_id="own").status_code == (422 if taken else 200)


def test_an_answer_that_hangs_comes_never_and_a_slow_one_late(alpaca: StandIn) -> None:
    alpaca.next("hang_after", seconds=0.3)
    began = time.monotonic()
    with pytest.raises(requests.RequestException):
        alpaca.send(client_order_id="own")
    assert time.monotonic() - began >= 0.3
    assert log(alpaca) == ["own"]
    alpaca.tell("line", latency_ms=100)
    assert alpaca.rest("GET", "/clock").elapsed.total_seconds() >= 0.1


@pytest.mark.parametrize("fault", ["doubled", "shuffled", "lost_event", "fill_first"])
def test_the_events_of_an_order_go_wrong(alpaca: StandIn, fault: str) -> None:
    with closing(alpaca.updates()) as stream:
        alpaca.next(fault)
        order = alpaca.order()
        alpaca.becomes(order["id"], "filled")
        following = alpaca.order()
        said = events(stream, {"doubled": 6, "lost_event": 2}.get(fault, 4))
    own = [one for one in said if one["order"]["id"] == order["id"]]
    told = {
        "doubled": ["new", "new", "fill", "fill"],
        "shuffled": ["fill", "new"],
        "lost_event": [],
        "fill_first": ["new", "fill"],
    }
    assert len([one for one in said if one["order"]["id"] == following["id"]]) == 2
    assert [one["event"] for one in own] == told[fault]


def test_events_come_late_when_told_to(alpaca: StandIn) -> None:
    with closing(alpaca.updates()) as stream:
        alpaca.tell("line", event_delay_ms=200)
        began = time.monotonic()
        alpaca.order()
        assert events(stream, 1)[0]["event"] == "new"
        assert time.monotonic() - began >= 0.2


def test_an_order_is_taken_and_rejected_later(alpaca: StandIn) -> None:
    with closing(alpaca.updates()) as stream:
        alpaca.next("late_reject")
        order = alpaca.order()
        assert order["status"] == "pending_new"
        assert [one["event"] for one in events(stream, 1)] == ["rejected"]
    assert alpaca.get(f"/orders/{order['id']}")["failed_at"] is not None


def test_an_order_fills_in_part_and_the_rest_is_cancelled(alpaca: StandIn) -> None:
    with closing(alpaca.updates()) as stream:
        alpaca.next("partial_cancel")
        order = alpaca.order(qty="4")
        assert [one["event"] for one in events(stream, 3)] == ["new", "partial_fill", "canceled"]
    assert alpaca.get(f"/orders/{order['id']}")["filled_qty"] == "2"


def test_a_muted_stream_stays_open_and_says_nothing(alpaca: StandIn) -> None:
    with closing(alpaca.updates()) as stream:
        fault = {"fault": "stream_mute", "account_id": alpaca.keys[0], "seconds": 0.4}
        alpaca.tell("faults", now=[fault])
        missed = alpaca.becomes(alpaca.order()["id"], "filled")
        time.sleep(0.5)
        alpaca.order()
        assert events(stream, 1)[0]["order"]["id"] != missed["id"]


def test_a_fault_that_is_none_is_refused(alpaca: StandIn) -> None:
    for name in ("overfill", "no_such_fault"):
        data = {"next": [{"fault": name}]}
        answer = alpaca.session.post(f"{alpaca.control}/faults", json=data, timeout=5)
        assert answer.status_code == 422, name
    assert "overfill" not in FAULTS
