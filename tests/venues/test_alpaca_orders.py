"""Orders at the stand-in for Alpaca: what they become, and what they do to each other."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.alpaca import StandIn
from tests.support.serving import eventually

pytestmark = pytest.mark.hardship


def leg(order: Any, name: str) -> Any:  # noqa: ANN401  JSON
    """The leg of that type."""
    return next(one for one in order["legs"] if one["type"] == name)


def held(alpaca: StandIn) -> dict[str, str]:
    return {one["symbol"]: one["qty"] for one in alpaca.get("/positions")}


def test_a_market_order_is_pending_then_filled_at_the_ask(alpaca: StandIn) -> None:
    order = alpaca.order(client_order_id="own-1")
    assert (order["status"], order["filled_qty"], order["legs"]) == ("pending_new", "0", None)
    filled = alpaca.becomes(order["id"], "filled")
    assert (filled["filled_qty"], filled["filled_avg_price"]) == ("1", "270.01")
    by_own_id = alpaca.get("/orders:by_client_order_id", client_order_id="own-1")
    assert by_own_id == filled
    assert held(alpaca) == {"AAPL": "1"}


def test_a_stop_triggers_and_a_stop_limit_keeps_its_limit(alpaca: StandIn) -> None:
    alpaca.becomes(alpaca.order(qty="2")["id"], "filled")
    stop = alpaca.order(side="sell", type="stop", stop_price="269", time_in_force="gtc")
    limited = alpaca.order(
        side="sell", type="stop_limit", stop_price="269", limit_price="268.5", time_in_force="gtc"
    )
    for one in (stop, limited):
        alpaca.becomes(one["id"], "new")
    alpaca.price("AAPL", "268", "268.01")
    assert alpaca.becomes(stop["id"], "filled")["filled_avg_price"] == "268"
    assert alpaca.becomes(limited["id"], "new")["filled_qty"] == "0"
    alpaca.price("AAPL", "268.6", "268.7")
    assert alpaca.becomes(limited["id"], "filled")["filled_avg_price"] == "268.6"


@pytest.mark.parametrize(("trail", "level"), [("price", "272"), ("percent", "271.26")])
def test_a_trailing_stop_follows_the_best_price(alpaca: StandIn, trail: str, level: str) -> None:
    alpaca.becomes(alpaca.order()["id"], "filled")
    by = {"trail_price": "2"} if trail == "price" else {"trail_percent": "1"}
    order = alpaca.order(side="sell", type="trailing_stop", **by)
    alpaca.becomes(order["id"], "new")
    alpaca.price("AAPL", "274")
    moved = alpaca.get(f"/orders/{order['id']}")
    assert (moved["hwm"], moved["stop_price"]) == ("274", level)
    alpaca.price("AAPL", "273")
    assert alpaca.get(f"/orders/{order['id']}")["stop_price"] == level
    alpaca.price("AAPL", "271")
    alpaca.becomes(order["id"], "filled")


def test_a_bracket_holds_its_legs_until_the_entry_has_filled(alpaca: StandIn) -> None:
    order = alpaca.order(
        order_class="bracket", take_profit={"limit_price": "280"}, stop_loss={"stop_price": "260"}
    )
    assert {one["status"] for one in order["legs"]} == {"held"}
    filled = alpaca.becomes(order["id"], "filled")
    assert leg(filled, "limit")["status"] == "new"
    assert alpaca.send(side="sell").json()["message"].startswith("insufficient qty available")
    alpaca.price("AAPL", "281")
    done = eventually(lambda: alpaca.get(f"/orders/{order['id']}", nested="true"))
    assert (leg(done, "limit")["status"], leg(done, "stop")["status"]) == ("filled", "canceled")
    assert held(alpaca) == {}


def test_the_stop_of_a_bracket_takes_the_place_of_the_other_leg(alpaca: StandIn) -> None:
    order = alpaca.order(
        order_class="bracket", take_profit={"limit_price": "280"}, stop_loss={"stop_price": "260"}
    )
    alpaca.becomes(order["id"], "filled")
    alpaca.price("AAPL", "259")
    done = alpaca.get(f"/orders/{order['id']}", nested="true")
    assert (leg(done, "stop")["status"], leg(done, "limit")["status"]) == ("filled", "replaced")


def test_a_held_leg_is_not_listed_as_open(alpaca: StandIn) -> None:
    order = alpaca.order(
        order_class="bracket", take_profit={"limit_price": "280"}, stop_loss={"stop_price": "260"}
    )
    alpaca.becomes(order["id"], "filled")
    assert [one["type"] for one in alpaca.get("/orders", status="open")] == ["limit"]
    assert alpaca.get("/orders", status="open", nested="true") == []
    (whole,) = alpaca.get("/orders", status="all", nested="true")
    assert sorted(one["status"] for one in whole["legs"]) == ["held", "new"]


def test_a_cancelled_entry_takes_its_legs_with_it(alpaca: StandIn) -> None:
    order = alpaca.order(
        type="limit", limit_price="250", order_class="oto", stop_loss={"stop_price": "240"}
    )
    alpaca.becomes(order["id"], "new")
    assert alpaca.rest("DELETE", f"/orders/{order['id']}").status_code == 204
    done = alpaca.becomes(order["id"], "canceled")
    assert [one["status"] for one in done["legs"]] == ["canceled"]


def test_an_oco_exits_once(alpaca: StandIn) -> None:
    alpaca.becomes(alpaca.order(qty="3")["id"], "filled")
    order = alpaca.order(
        qty="3",
        side="sell",
        type="limit",
        order_class="oco",
        take_profit={"limit_price": "280"},
        stop_loss={"stop_price": "260"},
    )
    alpaca.becomes(order["id"], "new")
    alpaca.price("AAPL", "250")
    assert [one["status"] for one in alpaca.becomes(order["id"], "canceled")["legs"]] == ["filled"]
    assert held(alpaca) == {}


def test_an_order_in_dollars_buys_a_fraction(alpaca: StandIn) -> None:
    order = alpaca.becomes(alpaca.order(qty=None, notional="100")["id"], "filled")
    assert (order["qty"], order["notional"], order["filled_qty"]) == (None, "100", "0.370356653")
    half = alpaca.rest("DELETE", "/positions/AAPL", percentage="50").json()
    assert half["qty"] == "0.185178326"
    alpaca.becomes(half["id"], "filled")
    assert held(alpaca) == {"AAPL": "0.185178327"}


def test_a_replacement_is_a_new_order_for_what_is_left(alpaca: StandIn) -> None:
    alpaca.price("AAPL", "270", "270.01", ask_size="2")
    order = alpaca.order(qty="5", type="limit", limit_price="270.01", time_in_force="gtc")
    alpaca.becomes(order["id"], "partially_filled")
    answer = alpaca.rest("PATCH", f"/orders/{order['id']}", {"qty": "6", "limit_price": "260"})
    new = answer.json()
    assert (new["replaces"], new["qty"], new["limit_price"]) == (order["id"], "4", "260")
    old = alpaca.becomes(order["id"], "replaced")
    assert (old["replaced_by"], old["filled_qty"]) == (new["id"], "2")
    again = alpaca.rest("PATCH", f"/orders/{order['id']}", {"qty": "7"})
    assert (again.status_code, again.json()["code"]) == (422, 42210000)


def test_an_order_that_fills_before_its_replacement_arrives_is_not_replaced(
    alpaca: StandIn,
) -> None:
    order = alpaca.order(qty="5", type="limit", limit_price="260", time_in_force="gtc")
    alpaca.becomes(order["id"], "new")
    alpaca.tell("line", travel_ms=300)
    new = alpaca.rest("PATCH", f"/orders/{order['id']}", {"limit_price": "261"}).json()
    assert alpaca.get(f"/orders/{order['id']}")["status"] == "pending_replace"
    alpaca.price("AAPL", "259", "259.5")
    alpaca.becomes(new["id"], "rejected")
    assert alpaca.get(f"/orders/{order['id']}")["status"] == "filled"
    assert held(alpaca) == {"AAPL": "5"}


def test_a_replacement_is_for_less_when_its_order_fills_in_part_meanwhile(alpaca: StandIn) -> None:
    order = alpaca.order(qty="5", type="limit", limit_price="260", time_in_force="gtc")
    alpaca.becomes(order["id"], "new")
    alpaca.tell("line", travel_ms=300)
    new = alpaca.rest("PATCH", f"/orders/{order['id']}", {"limit_price": "261"}).json()
    alpaca.price("AAPL", "259", "259.5", ask_size="2")
    assert alpaca.becomes(order["id"], "replaced")["filled_qty"] == "2"
    assert alpaca.get(f"/orders/{new['id']}")["qty"] == "3"
    alpaca.price("AAPL", "259", "259.5")
    alpaca.becomes(new["id"], "filled")
    assert held(alpaca) == {"AAPL": "5"}


def test_the_times_of_an_order_are_kept(alpaca: StandIn) -> None:
    alpaca.price("AAPL", "270", "270.01", ask_size="2")
    fok = alpaca.order(qty="5", type="limit", limit_price="270.01", time_in_force="fok")
    assert alpaca.becomes(fok["id"], "canceled")["filled_qty"] == "0"
    ioc = alpaca.order(qty="5", type="limit", limit_price="270.01", time_in_force="ioc")
    assert alpaca.becomes(ioc["id"], "canceled")["filled_qty"] == "2"
    alpaca.price("AAPL", "270", "270.01")
    at_close = alpaca.order(time_in_force="cls")
    at_open = alpaca.order(time_in_force="opg")
    day = alpaca.order(type="limit", limit_price="200")
    late = alpaca.order(type="limit", limit_price="200", extended_hours=True)
    kept = alpaca.order(type="limit", limit_price="200", time_in_force="gtc")
    for one in (at_close, day, late, kept):
        alpaca.becomes(one["id"], "new")
    alpaca.tell("market", session="extended")
    alpaca.becomes(at_close["id"], "filled")
    alpaca.becomes(day["id"], "expired")
    alpaca.becomes(late["id"], "new")
    alpaca.tell("market", session="closed")
    alpaca.becomes(late["id"], "expired")
    alpaca.becomes(at_open["id"], "accepted")
    alpaca.tell("market", session="open")
    alpaca.becomes(at_open["id"], "filled")
    alpaca.becomes(kept["id"], "new")


def test_outside_regular_hours_only_orders_for_it_fill(alpaca: StandIn) -> None:
    alpaca.tell("market", session="extended")
    usual = alpaca.order(type="limit", limit_price="271")
    late = alpaca.order("MSFT", type="limit", limit_price="501", extended_hours=True)
    alpaca.becomes(late["id"], "filled")
    assert alpaca.get(f"/orders/{usual['id']}")["status"] == "accepted"


def test_a_closed_market_queues_orders_and_crypto_never_closes(alpaca: StandIn) -> None:
    alpaca.tell("market", session="closed")
    waits = alpaca.order()
    assert waits["status"] == "accepted"
    coin = alpaca.order("BTC/USD", "0.1", time_in_force="gtc")
    alpaca.becomes(coin["id"], "filled")
    assert alpaca.get("/clock")["is_open"] is False
    answer = alpaca.rest("PATCH", f"/orders/{waits['id']}", {"qty": "2"})
    assert "isn't sent to exchange yet" in answer.json()["message"]
    alpaca.tell("market", session="open")
    alpaca.becomes(waits["id"], "filled")
    assert held(alpaca) == {"BTCUSD": "0.1", "AAPL": "1"}


def test_a_halted_symbol_takes_orders_and_fills_none(alpaca: StandIn) -> None:
    alpaca.tell("market", halt=["AAPL"])
    order = alpaca.order()
    alpaca.price("AAPL", "271", "271.01")
    assert alpaca.get(f"/orders/{order['id']}")["status"] == "accepted"
    alpaca.tell("market", resume=["AAPL"])
    assert alpaca.becomes(order["id"], "filled")["filled_avg_price"] == "271.01"


def test_a_short_is_negative_and_is_bought_back(alpaca: StandIn) -> None:
    alpaca.becomes(alpaca.order(qty="10", side="sell")["id"], "filled")
    alpaca.price("AAPL", "260")
    position = alpaca.get("/positions/AAPL")
    assert (position["side"], position["qty"], position["unrealized_pl"]) == ("short", "-10", "100")
    account = alpaca.get("/account")
    assert (account["cash"], account["equity"]) == ("102700", "100100")
    assert account["short_market_value"] == "-2600"
    closing = alpaca.rest("DELETE", "/positions/AAPL").json()
    alpaca.becomes(closing["id"], "filled")
    assert alpaca.rest("GET", "/positions/AAPL").status_code == 404
    assert alpaca.get("/account")["equity"] == "100100"


def test_all_is_cancelled_and_closed_at_once(alpaca: StandIn) -> None:
    alpaca.becomes(alpaca.order(qty="2")["id"], "filled")
    resting = alpaca.order(side="sell", type="limit", limit_price="300")
    alpaca.becomes(resting["id"], "new")
    refused = alpaca.rest("DELETE", "/positions").json()
    assert [(one["status"], one["body"]["code"]) for one in refused] == [(403, 40310000)]
    answer = alpaca.rest("DELETE", "/positions", cancel_orders="true")
    assert answer.status_code == 207
    assert [one["status"] for one in answer.json()] == [200]
    eventually(lambda: held(alpaca) == {})
    assert alpaca.get("/orders", status="open") == []


def test_orders_and_fills_come_in_pages(alpaca: StandIn) -> None:
    made = [alpaca.becomes(alpaca.order()["id"], "filled")["id"] for _ in range(5)]
    newest = alpaca.get("/orders", status="closed", limit="2")
    assert [one["id"] for one in newest] == made[:-3:-1]
    following = alpaca.get(
        "/orders", status="all", direction="asc", after=newest[1]["submitted_at"]
    )
    assert [one["id"] for one in following] == made[-1:]
    seen: list[str] = []
    token: dict[str, str] = {}
    while page := alpaca.get("/account/activities/FILL", direction="asc", page_size="2", **token):
        seen += [one["order_id"] for one in page]
        token = {"page_token": page[-1]["id"]}
    assert seen == made


def test_cancelling_all_says_of_each_that_cannot_be_cancelled_now(alpaca: StandIn) -> None:
    order = alpaca.order(type="limit", limit_price="200")
    other = alpaca.order(type="limit", limit_price="190")
    for each in (order, other):
        alpaca.becomes(each["id"], "new")
    alpaca.tell("line", travel_ms=300)
    assert alpaca.rest("PATCH", f"/orders/{order['id']}", {"limit_price": "201"}).ok
    answer = alpaca.rest("DELETE", "/orders")
    assert answer.status_code == 207
    statuses = {one["id"]: one["status"] for one in answer.json()}
    assert (statuses[order["id"]], statuses[other["id"]]) == (422, 200)
