"""Chart and drawdown over HTTP: live at the end, exact, as CSV too, and sent once."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest

from tests.support.world import World

CHART = "/api/dashboard/pnl-drawdown-chart"
DRAWDOWN = "/api/drawdown"


def risen_and_fallen(world: World) -> str:
    """One contract bought at 5000 that rises to 5010 and falls to 5004; the strategy's id."""
    strategy, key = world.strategy()
    world.fill(key, "buy", "1", "5000")
    for price in ("5010", "5004"):
        world.quote("ES", price, price)
        world.work()
    return strategy.id


def drawdown(world: World, query: str = "") -> dict[str, Any]:
    answer = world.program().get(f"{DRAWDOWN}?{query}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.get_json()
    return found


def test_the_curve_ends_with_the_value_of_this_moment_and_says_so(world: World) -> None:
    risen_and_fallen(world)
    world.clock.advance(1)
    world.quote("ES", "5006", "5006")
    points = world.program().get(CHART).get_json()["chart_data"]
    assert [point["pnl"] for point in points] == [0, 500, 200, 300]
    assert [point["drawdown"] for point in points] == [0, 0, 300, 200]
    assert [point.get("live", False) for point in points] == [False, False, False, True]
    assert points[-1]["timestamp"] == "2026-03-04T15:00:04.000Z"


def test_the_drawdown_tells_peak_trough_and_how_long_it_lasts(world: World) -> None:
    strategy = risen_and_fallen(world)
    world.clock.advance(1)
    world.quote("ES", "5006", "5006")
    found = drawdown(world, f"strategy_id={strategy}")
    assert (found["base"], found["equity"], found["pnl"]) == ("100000", "100300", "300")
    assert found["high_water"] == {
        "equity": "100500",
        "pnl": "500",
        "at": "2026-03-04T15:00:02.000Z",
    }
    assert found["current"] == {
        "amount": "200",
        "percent": "0.199004975124378109",
        "since": "2026-03-04T15:00:02.000Z",
        "under_water_s": 2,
    }
    assert found["maximum"] == {
        "amount": "300",
        "percent": "0.298507462686567164",
        "peak": "100500",
        "peak_at": "2026-03-04T15:00:02.000Z",
        "trough": "100200",
        "trough_at": "2026-03-04T15:00:03.000Z",
        "recovered_at": None,
        "largest_percent": "0.298507462686567164",
    }
    assert (found["live"], found["longest_s"]) == (True, 2)


def test_strategy_account_pair_and_all_say_the_same_of_one_strategy(world: World) -> None:
    strategy, account = risen_and_fallen(world), world.account_id()
    whole = drawdown(world)["maximum"]
    assert whole["amount"] == "300"
    for query in (
        f"strategy_id={strategy}",
        f"account_id={account}",
        f"strategy_id={strategy}&account_id={account}",
    ):
        assert drawdown(world, query)["maximum"] == whole


def test_the_chart_and_the_recorder_know_the_same_drawdown(world: World) -> None:
    risen_and_fallen(world)
    program = world.program()
    chart = program.get(CHART).get_json()
    summary = program.get("/api/summary").get_json()
    assert chart["drawdown"] == drawdown(world)
    assert chart["drawdown"]["maximum"]["amount"] == summary["max_drawdown"] == "300"
    assert max(point["drawdown"] for point in chart["chart_data"]) == 300


def test_an_unknown_price_leaves_the_drawdown_of_now_unknown(world: World) -> None:
    risen_and_fallen(world)
    world.clock.advance(3600)
    found = drawdown(world)
    assert (found["equity"], found["pnl"]) == (None, None)
    assert (found["current"]["amount"], found["current"]["percent"]) == (None, None)
    assert found["maximum"]["amount"] == "300"


def test_a_user_without_any_trade_has_no_drawdown(world: World) -> None:
    found = drawdown(world)
    assert (found["pnl"], found["current"]["amount"], found["maximum"]["amount"]) == ("0",) * 3
    assert (found["maximum"]["percent"], found["high_water"]["at"]) == (None, None)


@pytest.mark.parametrize("address", ["{path}.csv?x=1", "{path}?format=csv", "{path}?x=1"])
def test_the_chart_and_the_drawdown_are_there_as_csv(world: World, address: str) -> None:
    risen_and_fallen(world)
    program, accept = world.program(), "*/*" if "csv" in address else "text/csv"
    chart = program.get(address.replace("?x=1", "").format(path=CHART), accept=accept)
    assert chart.content_type == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(chart.text)))
    assert list(rows[0]) == ["timestamp", "pnl", "drawdown", "live"]
    assert [row["pnl"] for row in rows] == ["0", "500", "200"]
    flat = program.get(address.replace("?x=1", "").format(path=DRAWDOWN), accept=accept)
    (row,) = csv.DictReader(io.StringIO(flat.text))
    assert (row["maximum_amount"], row["current_amount"], row["base"]) == ("300", "300", "100000")


@pytest.mark.parametrize("path", [CHART, DRAWDOWN])
def test_what_has_not_changed_is_not_sent_again(world: World, path: str) -> None:
    risen_and_fallen(world)
    program = world.program()
    first = program.get(path)
    headers = {**program.headers, "If-None-Match": first.headers["ETag"]}
    again = program.client.get(path, headers=headers)
    assert (again.status_code, again.data) == (304, b"")
    assert again.headers["Cache-Control"] == "private, no-cache"
    assert program.client.get(f"{path}?start=2026-03-01", headers=headers).status_code == 200
    world.quote("ES", "5005", "5005")
    changed = program.client.get(path, headers=headers)
    assert (changed.status_code, changed.headers["ETag"] == first.headers["ETag"]) == (200, False)


def test_a_range_of_trading_days_begins_and_ends_with_them(world: World) -> None:
    risen_and_fallen(world)
    program = world.program()
    for query, count in (
        ("start=2026-03-04&end=2026-03-04", 3),
        ("start=2026-03-05", 0),
        ("end=2026-03-03", 0),
        ("start=2026-03-04T15:00:02Z&end=2026-03-04T15:00:02Z", 1),
    ):
        assert len(program.get(f"{CHART}?{query}").get_json()["chart_data"]) == count, query


@pytest.mark.parametrize("path", [CHART, DRAWDOWN])
@pytest.mark.parametrize(
    ("query", "status", "field"),
    [
        ("start=2026-03-02&end=2026-03-01", 422, "end"),
        ("start=2026-03-02T00:00:00Z&end=2026-03-01T00:00:00Z", 422, "end"),
        ("start=2010-01-01&end=2026-03-01", 422, "start"),
        ("start=2010-01-01", 422, "start"),
        ("start=yesterday", 422, "start"),
        ("end=2026-13-01", 422, "end"),
        ("start=2026-03-02T00:00:00", 422, "start"),
        ("start=1900-01-01", 422, "start"),
        ("strategy_id=none", 404, None),
        ("account_id=none", 404, None),
    ],
)
def test_what_makes_no_sense_is_refused_with_its_field(
    still_world: World, path: str, query: str, status: int, field: str | None
) -> None:
    answer = still_world.program().get(f"{path}?{query}")
    assert answer.status_code == status, answer.text
    assert [each["field"] for each in answer.get_json()["fields"]] == ([field] if field else [])


def test_a_chart_of_fewer_points_than_it_must_show_is_refused(still_world: World) -> None:
    answer = still_world.program().get(f"{CHART}?limit=5")
    assert answer.status_code == 422
    assert answer.get_json()["fields"][0]["field"] == "limit"
