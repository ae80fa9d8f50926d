"""The API: lists with pages and CSV, tickets and halts, calendar and curve, and honest errors."""

from __future__ import annotations

import csv
import io
import re
from datetime import timedelta
from decimal import Decimal
from html import unescape
from typing import Any

import pytest

from app.domain.alerts import Offset
from app.domain.quotes import Quote, QuoteSource
from app.domain.settings import StrategySettings
from app.services.curves import MOST_POINTS
from tests.support.world import Program, World

ERROR = {"detail", "error_code", "fields"}


def items(program: Program, path: str) -> list[dict[str, Any]]:
    answer = program.get(path)
    assert answer.status_code == 200, answer.text
    rows: list[dict[str, Any]] = answer.get_json()["items"]
    return rows


def traded(world: World) -> str:
    """Two round trips, 10 points won and 2.5 lost, then one contract held; the strategy's id."""
    strategy, key = world.strategy()
    world.fill(key, "buy", "2", "5000")
    world.fill(key, "exit", "2", "5005")
    world.fill(key, "sell", "1", "5005")
    world.fill(key, "exit", "1", "5007.5")
    world.fill(key, "buy", "1", "5000")
    return strategy.id


def test_lists_say_how_many_rows_and_pages_there_are(world: World) -> None:
    traded(world)
    program = world.program()
    answer = program.get("/api/fills?page=2&page_size=2").get_json()
    assert (answer["page"], answer["page_size"]) == (2, 2)
    assert (answer["total_items"], answer["total_pages"]) == (5, 3)
    assert len(answer["items"]) == 2
    assert program.get("/api/fills?page=9").get_json()["items"] == []


def test_money_is_text_and_time_is_utc(world: World) -> None:
    traded(world)
    fill = items(world.program(), "/api/fills?sort=at&order=asc")[0]
    assert (fill["price"], fill["quantity"], fill["commission"]) == ("5000", "2", "0")
    assert fill["at"] == "2026-03-04T15:00:00.000Z"
    trades = items(world.program(), "/api/trades")
    assert [trade["net"] for trade in trades] == ["-125", "500"]
    assert [trade["direction"] for trade in trades] == ["short", "long"]


@pytest.mark.parametrize("name", ["alerts", "orders", "fills", "trades", "positions", "accounts"])
def test_every_list_is_there_as_csv(world: World, name: str) -> None:
    traded(world)
    program = world.program()
    rows = items(program, f"/api/{name}")
    for answer in (
        program.get(f"/api/{name}.csv"),
        program.get(f"/api/{name}", accept="text/csv"),
    ):
        assert answer.content_type == "text/csv; charset=utf-8"
        # Round trips are sent whole, piece by piece, so nobody has to know how many more there are.
        told = None if name == "trades" else str(len(rows))
        assert answer.headers.get("X-Total-Count") == told
        read = list(csv.DictReader(io.StringIO(answer.text)))
        assert len(read) == len(rows)
        assert set(read[0]) == set(rows[0])


def test_a_csv_cell_is_never_a_formula(world: World) -> None:
    _, key = world.strategy(title="=HYPERLINK(1)")
    world.fill(key, "buy", "1", "5000")
    world.fill(key, "exit", "1", "4990")
    text = world.program().get("/api/trades.csv").text
    (row,) = csv.DictReader(io.StringIO(text))
    assert row["strategy_name"] == "'=HYPERLINK(1)"
    assert row["net"] == "-500"


def test_lists_are_filtered(world: World) -> None:
    strategy = traded(world)
    program = world.program()
    account = world.account_id()
    assert len(items(program, f"/api/orders?strategy_id={strategy}&account_id={account}")) == 5
    assert items(program, "/api/orders?state=working") == []
    assert len(items(program, "/api/orders?state=filled&symbol=ESH2026")) == 5
    assert items(program, "/api/orders?symbol=NQH2026") == []
    alert = items(program, "/api/alerts?q=exit&page_size=1")[0]["id"]
    assert [row["alert_id"] for row in items(program, f"/api/orders?alert_id={alert}")] == [alert]
    late = items(program, "/api/fills?start=2026-03-04T15:00:03Z")
    early = items(program, "/api/fills?end=2026-03-04T15:00:03Z")
    assert (len(late), len(early)) == (2, 3)
    assert items(program, "/api/alerts?state=refused") == []
    assert items(program, "/api/positions?symbol=NQH2026") == []
    assert len(items(program, f"/api/positions?strategy_id={strategy}")) == 1


def test_lists_in_memory_are_sorted_by_any_column(world: World) -> None:
    for title, quantity in (("A", "10"), ("B", "9")):
        _, key = world.strategy(title=title)
        world.fill(key, "buy", quantity, "5000")
    program = world.program()

    def column(query: str, name: str) -> list[object]:
        return [row[name] for row in items(program, f"/api/positions?{query}")]

    assert column("sort=net_quantity&order=asc", "net_quantity") == ["9", "10"]
    assert column("sort=strategy_name&order=desc", "strategy_name") == ["B", "A"]
    refused = program.get("/api/positions?sort=nonsense")
    assert (refused.status_code, refused.get_json()["fields"][0]["field"]) == (422, "sort")


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("/api/alerts?page=0", "page"),
        ("/api/alerts?page=x", "page"),
        ("/api/alerts?page_size=1001", "page_size"),
        ("/api/alerts?order=up", "order"),
        ("/api/alerts?sort=nonsense", "sort"),
        ("/api/alerts?state=nonsense", "state"),
        ("/api/alerts?colour=red", "colour"),
        ("/api/orders?state=nonsense", "state"),
        ("/api/fills?start=yesterday", "start"),
        ("/api/fills?start=1772600000", "start"),
        ("/api/fills?start=2026-03-04T15:00:00", "start"),
        ("/api/log?after=-1", "after"),
        ("/api/log?day=2026-02-30", "day"),
        ("/api/log?level=loud", "level"),
        ("/api/dashboard/pnl-calendar?start_date=yesterday", "start_date"),
        ("/api/dashboard/pnl-calendar?start_date=1772600000", "start_date"),
        ("/api/dashboard/pnl-calendar?start_date=2026-03-02&end_date=2026-03-01", "end_date"),
        ("/api/dashboard/pnl-calendar?start_date=2001-01-01", "start_date"),
        ("/api/dashboard/pnl-drawdown-chart?limit=2001", "limit"),
        ("/api/dashboard/pnl-drawdown-chart?limit=0", "limit"),
        (
            "/api/dashboard/pnl-drawdown-chart?start=2026-03-02T00:00:00Z&end=2026-03-01T00:00:00Z",
            "end",
        ),
    ],
)
def test_a_bad_question_is_refused_with_its_field(
    still_world: World, path: str, field: str
) -> None:
    answer = still_world.program().get(path)
    assert answer.status_code == 422, answer.text
    body = answer.get_json()
    assert set(body) == ERROR
    assert [each["field"] for each in body["fields"]] == [field]
    assert body["detail"]


@pytest.mark.parametrize(
    "path",
    ["/api/alerts/x", "/api/alerts/x/trace", "/api/accounts/x", "/api/strategies/x", "/api/x"],
)
def test_what_does_not_exist_is_404_in_the_one_shape(still_world: World, path: str) -> None:
    answer = still_world.program().get(path)
    assert answer.status_code == 404
    assert set(answer.get_json()) == ERROR


@pytest.mark.parametrize(
    ("data", "status"),
    [(b"{", 400), (b"[]", 422), (b"", 400), (b'"text"', 422), (b"{}", 422), (b"\xff", 400)],
)
def test_a_body_that_is_no_object_is_refused_in_the_one_shape(
    still_world: World, data: bytes, status: int
) -> None:
    program = still_world.program()
    answer = program.client.post("/api/orders", data=data, headers=program.headers)
    assert answer.status_code == status, answer.text
    assert set(answer.get_json()) == ERROR


def test_another_method_is_405_in_the_one_shape(still_world: World) -> None:
    answer = still_world.program().send("DELETE", "/api/summary")
    assert answer.status_code == 405
    assert set(answer.get_json()) == ERROR
    assert "GET" in answer.headers["Allow"]


def test_the_trace_tells_the_whole_way_with_the_time_between(world: World) -> None:
    _, key = world.strategy()
    world.quote("ES", "5000", "5000.25")
    alert = world.post(key, {"symbol": "ES", "action": "buy", "quantity": "2"}).get_json()
    world.clock.advance(0.25)
    world.work()
    trace = world.program().get(f"/api/alerts/{alert['alert_id']}/trace").get_json()
    titles = [step["title"] for step in trace["steps"]]
    assert titles[0] == "Received"
    assert titles[-1] == "Executed"
    assert titles.index("Decided") < titles.index("Order written") < titles.index("Order filled")
    assert trace["steps"][0]["gap_ms"] is None
    assert sum(step["gap_ms"] or 0 for step in trace["steps"]) == trace["total_ms"] == 250
    (order,) = trace["orders"]
    assert [fill["price"] for fill in order["fills"]] == ["5000.25"]
    assert order["history"][-1]["to"] == "filled"
    assert trace["meaning"]["Quantity"] == "2"
    assert trace["decisions"][0]["wanted"] == "2"


def test_the_trace_says_how_the_size_came_about_and_what_guards_it(world: World) -> None:
    settings = StrategySettings(max_position=Decimal(3), stop_loss=Offset.parse("20 ticks"))
    _, key = world.strategy(settings=settings)
    world.quote("ES", "5000", "5000.25")
    limit = {"order_type": "limit", "limit_price": "5000.30", "test": False}
    body = {"symbol": "ES", "action": "buy", "quantity": "5.5", **limit}
    alert = world.post(key, body).get_json()["alert_id"]
    world.work()
    trace = world.program().get(f"/api/alerts/{alert}/trace").get_json()
    assert trace["decisions"][0]["steps"] == [
        "Reduced 5.5 -> 5 (quantity_step)",
        "Reduced 5 -> 3 (max_position)",
        "Limit price 5000.3 → 5000.25: moved to a multiple of the tick 0.25",
    ]
    details = {step["title"]: step["detail"] for step in trace["steps"]}
    assert "buy 3 ESH2026 limit at 5000.25" in details["Order written"]
    assert "stop at 4995.25" in details["Protection written"]
    page = unescape(world.client().get(f"/alerts/{alert}").text)
    assert "Reduced 5 -> 3 (max_position)" in page


@pytest.mark.parametrize(
    ("seconds", "shown"), [(0.084, "+84 ms"), (2.5, "+2.5 s"), (150, "+2 min")]
)
def test_the_time_between_steps_is_said_as_people_say_it(
    world: World, seconds: float, shown: str
) -> None:
    _, key = world.strategy()
    alert = world.post(key, {"symbol": "ES", "action": "exit", "test": True}).get_json()
    world.clock.advance(seconds)
    world.work()
    page = world.client().get(f"/alerts/{alert['alert_id']}").text
    assert shown in page


def test_the_trace_of_what_could_not_be_read_says_what_to_change(world: World) -> None:
    _, key = world.strategy()
    alert = world.post(key, b"{'symbol':'ES'}").get_json()["alert_id"]
    trace = world.program().get(f"/api/alerts/{alert}/trace").get_json()
    assert trace["meaning"] == {}
    assert trace["alert"]["what_to_change"]
    assert trace["alert"]["summary"] == "Unreadable message"


def ticket(world: World, **changes: object) -> dict[str, object]:
    ordinary = {"symbol": "ES", "side": "buy", "quantity": "1", "account_id": world.account_id()}
    return {**ordinary, **changes}


def test_a_manual_ticket_goes_the_way_of_an_alert(world: World) -> None:
    world.quote("ES", "5000", "5000.25")
    answer = world.client().post("/api/orders", ticket(world))
    assert answer.status_code == 202
    world.work()
    (position,) = items(world.program(), "/api/positions")
    assert (position["net_quantity"], position["avg_price"]) == ("1", "5000.25")
    assert position["strategy_name"] == "Manual (paper)"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"quantity": "0"}, "quantity"),
        ({"quantity": "-1"}, "quantity"),
        ({"quantity": "many"}, "quantity"),
        ({"quantity": "NaN"}, "quantity"),
        ({"side": "up"}, "side"),
        ({"order_type": "limit"}, "limit_price"),
        ({"order_type": "stop"}, "stop_price"),
        ({"limit_price": "x"}, "limit_price"),
        ({"symbol": ""}, "symbol"),
        ({"symbol": "NOSUCHTHING9"}, "symbol"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_bad_ticket_is_refused_with_its_field_and_sends_nothing(
    still_world: World, change: dict[str, object], field: str
) -> None:
    answer = still_world.program().post("/api/orders", ticket(still_world, **change))
    assert answer.status_code == 422, answer.text
    assert field in [each["field"] for each in answer.get_json()["fields"]]
    assert items(still_world.program(), "/api/alerts") == []


def test_a_position_is_closed_once(world: World) -> None:
    strategy, key = world.strategy()
    world.fill(key, "buy", "2", "5000")
    program = world.program()
    body = {
        "strategy_id": strategy.id,
        "account_id": world.account_id(),
        "symbol": "ESH2026",
    }
    assert program.post("/api/positions/close", body).status_code == 202
    world.work()
    assert items(program, "/api/positions") == []
    assert program.post("/api/positions/close", body).status_code == 409


def test_a_working_order_is_cancelled(world: World) -> None:
    world.quote("ES", "5000", "5000.25")
    program = world.program()
    resting = ticket(world, order_type="limit", limit_price="4900")
    assert program.post("/api/orders", resting).status_code == 202
    world.work()
    (order,) = items(program, "/api/orders?state=working")
    path = f"/api/orders/{order['id']}/cancel"
    assert program.post(path).status_code == 202
    world.work()
    assert items(program, "/api/orders?state=working") == []
    assert program.post(path).status_code == 409


def test_halting_flattens_and_lasts_until_it_is_resumed(world: World) -> None:
    _, key = world.strategy()
    world.fill(key, "buy", "2", "5000")
    client = world.client()
    answer = client.post("/api/halt", {"flatten": True}).get_json()
    assert (answer["state"], answer["closing"]) == ("halted", 1)
    world.work()
    assert items(world.program(), "/api/positions") == []
    assert world.program().get("/api/status").get_json()["trading_state"] == "halted"
    world.post(key, {"symbol": "ES", "action": "buy", "quantity": "1"})
    world.work()
    assert items(world.program(), "/api/alerts")[0]["state"] == "refused"
    assert client.post("/api/resume").get_json()["state"] == "active"


def test_an_account_or_a_strategy_is_stopped_by_itself_and_says_so(world: World) -> None:
    strategy, key = world.strategy()
    world.fill(key, "buy", "2", "5000")
    client = world.program()
    account = items(client, "/api/accounts")[0]
    body = {"scope": "strategy", "id": strategy.id, "state": "reducing"}
    assert client.post("/api/halt", body).get_json()["state"] == "reducing"
    answer = client.post("/api/halt", {"scope": "account", "id": account["id"]}).get_json()
    assert (answer["state"], answer["cancelled"], answer["closing"]) == ("halted", 0, 0)
    stopped = [(each["scope"], each["state"]) for each in items(client, "/api/trading-states")]
    assert stopped == [("account", "halted"), ("strategy", "reducing")]
    shown = client.get(f"/api/strategies/{strategy.id}").get_json()["trading_state"]
    assert (shown["state"], shown["code"]) == ("reducing", None)
    assert shown["sentence"].startswith(
        f"Only orders that reduce pass on the strategy {strategy.name}"
    )
    shown = client.get(f"/api/accounts/{account['id']}").get_json()["trading_state"]
    assert shown["state"] == "halted"
    assert client.get("/api/status").get_json()["trading_state"] == "active"
    answer = client.post("/api/resume", {"scope": "account", "id": account["id"]}).get_json()
    assert answer["message"] == f"Resumed. Still stopped: the strategy {strategy.name}."
    assert client.post("/api/resume", {"scope": "strategy", "id": strategy.id}).status_code == 200
    assert items(client, "/api/trading-states") == []


def test_f6_what_is_anothers_cannot_be_stopped_and_the_server_by_everybody(world: World) -> None:
    strategy, _ = world.strategy()
    other = world.program("bob")
    for path in ("/api/halt", "/api/resume"):
        assert other.post(path, {"scope": "strategy", "id": strategy.id}).status_code == 404
        assert other.post(path, {"scope": "account", "id": "none"}).status_code == 404
        for bad in ({"scope": "account"}, {"id": "x"}, {"scope": "desk"}):
            assert other.post(path, bad).status_code == 422, bad
    assert other.post("/api/halt", {"state": "active"}).status_code == 422
    assert other.post("/api/halt").get_json()["state"] == "halted"
    told = items(world.program(), "/api/log")[0]
    assert (told["type"], told["level"]) == ("TradingHalted", "warning")
    assert items(world.program(), "/api/trading-states")[0]["by"] == "bob"
    world.program().post("/api/resume")
    assert items(other, "/api/log")[0]["type"] == "TradingResumed"


def test_accounts_are_made_and_shown(world: World) -> None:
    program = world.program()
    body = {"name": "second", "starting_cash": "2500.50", "roll": "00:00 UTC"}
    made = program.post("/api/accounts", body)
    assert made.status_code == 201
    shown = program.get(f"/api/accounts/{made.get_json()['id']}").get_json()
    assert (shown["starting_cash"], shown["roll"]) == ("2500.5", "00:00 UTC")
    assert program.post("/api/accounts", body).status_code == 409
    for bad in ({"name": ""}, {"name": "x", "starting_cash": "0"}, {"name": "x", "roll": "noon"}):
        assert program.post("/api/accounts", bad).status_code == 422, bad
    assert program.post("/api/accounts", {"name": "x", "settings": {"no": 1}}).status_code == 422


def test_an_accounts_settings_are_replaced_and_zero_stays_zero(world: World) -> None:
    program, path = world.program(), f"/api/accounts/{world.account_id()}"
    costs = {"commission_per_unit": "2.25", "slippage_ticks": 0}
    assert program.send("PUT", path, {"settings": costs}).get_json()["settings"] == costs
    assert program.get(path).get_json()["settings"] == costs
    bad = program.send("PUT", path, {"settings": {"latency_ms": "-1", "no": 1}})
    assert bad.status_code == 422
    assert {each["field"] for each in bad.get_json()["fields"]} == {"latency_ms", "no"}
    assert program.get(path).get_json()["settings"] == costs


def test_when_an_accounts_trading_day_begins_is_changed_and_a_wrong_one_names_its_field(
    world: World,
) -> None:
    program, path = world.program(), f"/api/accounts/{world.account_id()}"
    changed = program.send("PUT", path, {"settings": {}, "roll": "close XNYS"}).get_json()
    assert changed["roll"] == "close XNYS"
    bad = program.send("PUT", path, {"settings": {}, "roll": "close NEVER"})
    assert bad.status_code == 422
    assert [each["field"] for each in bad.get_json()["fields"]] == ["roll"]
    assert program.get(path).get_json()["roll"] == "close XNYS"


@pytest.mark.parametrize(
    "body",
    [
        {"symbol": "ES", "bid": "5001", "ask": "5000"},
        {"symbol": "SPY", "bid": "0", "ask": "0"},
        {"symbol": "SPY", "bid": "-1", "ask": "1"},
        {"symbol": "NOSUCHTHING9", "bid": "1", "ask": "1"},
        {"symbol": "ES", "bid": "x", "ask": "1"},
        {"symbol": "ES", "bid": "1"},
    ],
)
def test_a_price_that_cannot_be_is_refused(still_world: World, body: dict[str, object]) -> None:
    answer = still_world.program().post("/api/paper-trading/quotes", body)
    assert answer.status_code == 422, answer.text
    assert still_world.core.quotes.latest("ESH2026") is None


def test_the_summary_knows_results_and_equity(world: World) -> None:
    strategy = traded(world)
    summary = world.program().get("/api/summary").get_json()
    assert (summary["realised"], summary["total_pnl"]) == ("375", "375")
    assert summary["equity"] == "100375"
    assert (summary["trades"], summary["win_rate"], summary["profit_factor"]) == (2, "0.5", "4")
    account = world.account_id()
    assert world.program().get(f"/api/summary?account_id={account}").get_json()["trades"] == 2
    of_one = world.program().get(f"/api/summary?strategy_id={strategy}&results=false").get_json()
    assert (of_one["total_pnl"], "trades" in of_one) == ("375", False)
    assert summary["trades_net"] == "375"
    assert world.program().get("/api/summary?strategy_id=none").status_code == 404


def test_an_unknown_price_is_null_and_never_zero(world: World) -> None:
    traded(world)
    world.clock.advance(3600)
    world.work()
    program = world.program()
    summary = program.get("/api/summary").get_json()
    assert (summary["open_pnl"], summary["total_pnl"], summary["equity"]) == (None, None, None)
    assert summary["realised"] == "375"
    (position,) = items(program, "/api/positions")
    assert (position["unrealized_pnl"], position["stale"]) == (None, True)
    curve = program.get("/api/dashboard/pnl-drawdown-chart").get_json()["chart_data"]
    assert curve[-1]["pnl"] is None
    assert 0 not in [point["pnl"] for point in curve[-1:]]


def test_the_calendar_of_the_day_equals_the_fills_and_the_open_pnl(world: World) -> None:
    strategy = traded(world)
    world.quote("ES", "5002", "5002")
    world.work()
    program = world.program()
    answer = program.get("/api/dashboard/pnl-calendar").get_json()
    (day,) = answer["calendar_data"]
    assert (day["date"], day["pnl"], day["fill_count"]) == ("2026-03-04", "475", 5)
    assert (day["realised"], day["open_change"], day["fees"]) == ("375", "100", "0")
    account = world.account_id()
    for query in (f"strategy_id={strategy}", f"account_id={account}"):
        path = f"/api/dashboard/pnl-calendar?{query}&account_id={account}"
        assert program.get(path).get_json()["calendar_data"] == [day]
    empty = program.get("/api/dashboard/pnl-calendar?start_date=2025-03-04&end_date=2026-03-03")
    assert empty.get_json()["calendar_data"] == []


def test_the_next_day_starts_from_the_open_pnl_of_the_last(world: World) -> None:
    _, key = world.strategy()
    world.fill(key, "buy", "1", "5000")
    world.quote("ES", "5010", "5010")
    world.work()
    world.clock.advance(timedelta(hours=7).total_seconds())
    world.fill(key, "exit", "1", "5004")
    days = world.program().get("/api/dashboard/pnl-calendar").get_json()["calendar_data"]
    assert [(day["date"], day["pnl"]) for day in days] == [
        ("2026-03-04", "500"),
        ("2026-03-05", "-300"),
    ]
    assert sum(Decimal(day["pnl"]) for day in days) == 200


def test_the_curve_is_oldest_first_keeps_its_extremes_and_its_limit(world: World) -> None:
    _, key = world.strategy()
    world.fill(key, "buy", "1", "5000")
    prices = [5000 + (step * 7919) % 40 for step in range(400)]
    prices[200] = 4900
    for price in prices:
        world.core.quotes.put(quote_of(world, price))
        world.work()
    program = world.program()
    path = "/api/dashboard/pnl-drawdown-chart"
    whole = program.get(f"{path}?limit={MOST_POINTS}").get_json()["chart_data"]
    small = program.get(f"{path}?limit=40").get_json()["chart_data"]
    assert len(whole) >= 400
    assert len(small) <= 40
    for points in (whole, small):
        stamps = [point["timestamp"] for point in points]
        assert stamps == sorted(stamps)
        known = [point for point in points if point["pnl"] is not None]
        assert min(point["pnl"] for point in known) == -5000.0
        assert max(point["pnl"] for point in known) == 39 * 50.0
    worst = max(point["drawdown"] for point in whole)
    assert worst > 5000
    assert max(point["drawdown"] for point in small) == worst


def quote_of(world: World, price: int) -> Quote:
    value = Decimal(price)
    return Quote("ESH2026", value, value, world.clock.now(), QuoteSource.REPLAY)


def test_the_log_is_read_after_a_number_of_a_day_and_by_words(world: World) -> None:
    strategy = traded(world)
    program = world.program()
    newest = items(program, "/api/log?limit=3")
    assert [line["fact"] for line in newest] == sorted(
        (line["fact"] for line in newest), reverse=True
    )
    after = items(program, f"/api/log?after={newest[-1]['fact']}")
    assert [line["fact"] for line in after] == [newest[1]["fact"], newest[0]["fact"]]
    assert items(program, "/api/log?day=2026-03-03") == []
    assert len(items(program, "/api/log?day=2026-03-04&limit=1000")) > 5
    assert {line["strategy_id"] for line in items(program, f"/api/log?strategy_id={strategy}")} == {
        strategy
    }
    found = [line["message"].lower() for line in items(program, "/api/log?q=BOUGHT")]
    assert len(found) == 3
    assert all("bought" in message for message in found)
    assert items(program, "/api/log?level=error") == []


def strategy_body(world: World, **changes: object) -> dict[str, object]:
    link = {"account_id": world.account_id(), "quantity_factor": "0.5", "max_position": "4"}
    ordinary = {"name": "One", "symbol": "NQ", "settings": {"max_position": "8"}}
    return {**ordinary, "accounts": [link], **changes}


def test_a_strategy_is_made_changed_switched_and_archived_by_a_program(world: World) -> None:
    program = world.program()
    made = program.post("/api/strategies", strategy_body(world))
    assert made.status_code == 201, made.text
    body = made.get_json()
    assert body["webhook_url"] == f"http://signalbox.test/webhook/{body['webhook_key']}"
    path = f"/api/strategies/{body['id']}"
    shown = program.get(path).get_json()
    assert shown["settings"]["max_position"] == "8"
    assert shown["accounts"][0]["quantity_factor"] == "0.5"
    changed = strategy_body(world, name="Two", settings=shown["settings"])
    assert program.send("PUT", path, changed).get_json()["name"] == "Two"
    state = program.post(f"{path}/state", {"state": "no_new_entries"}).get_json()["state"]
    assert state == "no_new_entries"
    assert items(program, "/api/strategies")[0]["state"] == "no_new_entries"
    assert program.post(f"{path}/archive").status_code == 204
    assert items(program, "/api/strategies") == []
    assert [row["id"] for row in items(program, "/api/strategies?archived=true")] == [body["id"]]
    assert program.post(f"{path}/restore").get_json()["state"] == "off"


@pytest.mark.parametrize(
    "change",
    [
        {"name": ""},
        {"symbol": "NOSUCHTHING9"},
        {"accounts": []},
        {"accounts": [{"account_id": "x"}]},
        {"settings": {"colour": "red"}},
        {"settings": {"size": "x"}},
        {"settings": {"max_age_s": "soon"}},
        {"settings": []},
        {"extra": 1},
    ],
)
def test_a_strategy_that_makes_no_sense_is_refused_with_its_field(
    still_world: World, change: dict[str, object]
) -> None:
    answer = still_world.program().post("/api/strategies", strategy_body(still_world, **change))
    assert answer.status_code == 422, answer.text
    assert answer.get_json()["fields"]
    assert items(still_world.program(), "/api/strategies") == []


def test_the_webhook_of_a_strategy_is_shown_with_its_last_use(world: World) -> None:
    strategy, key = world.strategy()
    world.post(key, {"symbol": "ES", "action": "exit"})
    shown = world.program().get(f"/api/strategies/{strategy.id}/webhook").get_json()
    assert shown["webhook_key"] == key
    assert "strategy.order.action" in shown["message"]
    (use,) = shown["keys"]
    assert (use["last_used_address"], use["last_used_at"]) == (
        "127.0.0.1",
        "2026-03-04T15:00:00.000Z",
    )


def test_the_description_of_the_api_names_every_route(still_world: World) -> None:
    spec = still_world.program().get("/api/openapi.json").get_json()
    routes = {
        re.sub(r"<(\w+:)?(\w+)>", r"{\2}", rule.rule)
        for rule in still_world.app.url_map.iter_rules()
        if rule.rule.startswith("/api/") and rule.endpoint != "openapi.spec"
    }
    # What add-ons post has a protocol of its own, told in docs/ninjatrader.md.
    assert set(spec["paths"]) == {each for each in routes if not each.startswith("/api/v1/")}
    limit = next(
        each
        for each in spec["paths"]["/api/dashboard/pnl-drawdown-chart"]["get"]["parameters"]
        if each["name"] == "limit"
    )
    assert limit["schema"]["maximum"] == MOST_POINTS


def test_the_status_says_what_the_server_does(still_world: World) -> None:
    status = still_world.program().get("/api/status").get_json()
    assert (status["version"], status["mode"], status["trading_state"]) == (
        "1.2.3",
        "paper",
        "active",
    )
    assert status["draining"] is False
