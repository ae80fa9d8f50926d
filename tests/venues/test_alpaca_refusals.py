"""What the stand-in for Alpaca refuses, with the statuses, codes and words of Alpaca."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.support.alpaca import StandIn

pytestmark = pytest.mark.hardship

LIMIT = {"type": "limit", "limit_price": "270"}


@pytest.mark.parametrize(
    ("more", "status", "code", "words"),
    [
        ({"symbol": "NOSUCH"}, 422, 42210000, 'asset "NOSUCH" not found'),
        ({"symbol": "NOTRADE"}, 422, 42210000, "not tradable"),
        ({"qty": None}, 422, 40010001, "qty or notional is required"),
        ({"notional": "5"}, 422, 40010001, "only one of them"),
        ({"qty": "0"}, 422, 42210000, "qty must be > 0"),
        ({"qty": "many"}, 422, 40010001, "qty must be a number"),
        ({"side": "hold"}, 422, 40010001, "invalid side"),
        ({"type": "limit"}, 422, 40010001, "limit orders require limit price"),
        ({"type": "stop"}, 422, 40010001, "stop orders require stop price"),
        ({"type": "trailing_stop"}, 422, 40010001, "trail_price or trail_percent"),
        ({"type": "limit", "limit_price": "270.001"}, 422, 42210000, "sub-penny increment"),
        ({"extended_hours": True}, 422, 42210000, "must be DAY limit orders"),
        ({"qty": "0.5", "time_in_force": "gtc"}, 422, 42210000, "must be DAY orders"),
        ({"symbol": "WHOLE", "qty": "0.5"}, 403, 40310000, "is not fractionable"),
        ({"qty": None, "notional": "0.5"}, 403, 40310000, "minimal amount of order 1"),
        ({"qty": "10000"}, 403, 40310000, "insufficient buying power"),
        ({"symbol": "NOSHORT", "side": "sell"}, 422, 42210000, "cannot be sold short"),
        ({"side": "sell", "qty": "0.5"}, 422, 42210000, "fractional orders cannot be sold short"),
        ({"symbol": "BTC/USD", "time_in_force": "day"}, 422, 42210000, "crypto time_in_force"),
        (
            {"symbol": "BTC/USD", "time_in_force": "gtc", "side": "sell"},
            403,
            40310000,
            "insufficient balance for BTC",
        ),
        ({"order_class": "bracket"}, 422, 40010001, "bracket orders require"),
        (
            {
                "order_class": "bracket",
                "take_profit": {"limit_price": "250"},
                "stop_loss": {"stop_price": "260"},
            },
            422,
            42210000,
            "take_profit.limit_price must be > stop_loss.stop_price",
        ),
        (
            {"order_class": "oto", "stop_loss": {"stop_price": "275"}},
            422,
            42210000,
            "stop_loss.stop_price must be <= base_price - 0.01",
        ),
        (
            {**LIMIT, "side": "sell", "order_class": "oco", "stop_loss": {"stop_price": "260"}},
            422,
            42210000,
            "oco orders must be exit orders",
        ),
        ({"client_order_id": "x" * 129}, 422, 40010001, "no more than 128 characters"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_a_bad_order_is_refused_in_alpacas_words(
    alpaca: StandIn, more: dict[str, object], status: int, code: int, words: str
) -> None:
    answer = alpaca.send(**{"symbol": "AAPL", "qty": "1", **more})  # type: ignore[arg-type]
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert words in answer.json()["message"]
    assert alpaca.get("/orders", status="all") == []


@pytest.mark.parametrize(
    "body",
    [
        [],
        "order",
        None,
        {"symbol": ["AAPL"]},
        {"symbol": "AAPL", "side": ["buy"], "type": "market", "time_in_force": "day"},
        {"symbol": "AAPL", "side": "buy", "type": "market", "time_in_force": {}, "qty": "1"},
        {
            "symbol": "AAPL",
            "side": "buy",
            "type": "market",
            "time_in_force": "day",
            "qty": {"a": 1},
            "take_profit": "280",
        },
    ],
    ids=repr,
)
def test_what_is_no_order_is_answered(alpaca: StandIn, body: object) -> None:
    assert alpaca.rest("POST", "/orders", body).status_code == 422


def test_an_id_is_used_once_for_ever(alpaca: StandIn) -> None:
    order = alpaca.order(client_order_id="own", type="limit", limit_price="200")
    alpaca.becomes(order["id"], "new")
    alpaca.rest("DELETE", f"/orders/{order['id']}")
    alpaca.becomes(order["id"], "canceled")
    answer = alpaca.send(client_order_id="own")
    assert answer.status_code == 422
    assert answer.json() == {"code": 40010001, "message": "client_order_id must be unique"}


def test_a_position_is_sold_once_and_never_flipped(alpaca: StandIn) -> None:
    alpaca.becomes(alpaca.order(qty="5")["id"], "filled")
    resting = alpaca.order(qty="3", side="sell", type="limit", limit_price="300")
    answer = alpaca.send(qty="4", side="sell")
    assert answer.status_code == 403
    assert answer.json() == {
        "code": 40310000,
        "message": "insufficient qty available for order (requested: 4, available: 2)",
        "available": "2",
        "existing_qty": "5",
        "held_for_orders": "3",
        "related_orders": [resting["id"]],
        "symbol": "AAPL",
    }


def test_orders_that_could_meet_each_other_are_refused(alpaca: StandIn) -> None:
    alpaca.becomes(alpaca.order()["id"], "filled")
    resting = alpaca.order(side="sell", type="stop", stop_price="260", time_in_force="gtc")
    answer = alpaca.send(type="limit", limit_price="255")
    assert answer.status_code == 403
    assert "potential wash trade detected" in answer.json()["message"]
    assert answer.json()["existing_order_id"] == resting["id"]


def test_a_cancel_that_comes_too_late_says_so(alpaca: StandIn) -> None:
    order = alpaca.becomes(alpaca.order()["id"], "filled")
    answer = alpaca.rest("DELETE", f"/orders/{order['id']}")
    assert answer.status_code == 422
    assert answer.json() == {"code": 42210000, "message": 'order is already in "filled" state'}
    missing = alpaca.rest("DELETE", "/orders/00000000-0000-0000-0000-000000000000")
    assert (missing.status_code, missing.json()["code"]) == (404, 40410000)


@pytest.mark.parametrize(
    ("terms", "code"),
    [
        ({"pattern_day_trader_block": True}, 40310100),
        ({"trading_blocked": True}, 40310000),
        ({"trade_suspended_by_user": True}, 40310000),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else None,
)
def test_a_blocked_account_trades_no_more(
    alpaca: StandIn, terms: dict[str, object], code: int
) -> None:
    alpaca.tell("account", key=alpaca.keys[0], **terms)
    answer = alpaca.send()
    assert (answer.status_code, answer.json()["code"]) == (403, code)


def test_wrong_keys_are_refused_without_a_code(alpaca: StandIn) -> None:
    unknown = replace(alpaca, keys=("PKNOBODY", "secret")).rest("GET", "/account")
    assert (unknown.status_code, unknown.json()) == (401, {"message": "unauthorized"})
    wrong = replace(alpaca, keys=(alpaca.keys[0], "guess")).rest("GET", "/account")
    assert (wrong.status_code, wrong.json()) == (403, {"message": "forbidden."})


def test_the_rate_limit_is_counted_down_and_then_kept(alpaca: StandIn) -> None:
    alpaca.tell("account", key=alpaca.keys[0], rate_limit=3)
    alpaca.tell("market", advance_s=60 - float(alpaca.get("/clock")["timestamp"][17:19]))
    answers = [alpaca.rest("GET", "/clock") for _ in range(4)]
    assert [one.status_code for one in answers] == [200, 200, 200, 429]
    left = [one.headers["X-Ratelimit-Remaining"] for one in answers]
    assert left == ["2", "1", "0", "0"]
    assert answers[-1].json()["code"] == 42910000
    assert int(answers[0].headers["X-Ratelimit-Reset"]) % 60 == 0


def test_what_is_no_endpoint_is_not_found(alpaca: StandIn) -> None:
    assert alpaca.rest("GET", "/nothing").status_code == 404
    assert alpaca.rest("GET", "//clock").status_code == 404
