"""Metrics over HTTP: they add up, name their range, and say when they mean little."""

from __future__ import annotations

import csv
import io
from decimal import Decimal
from typing import Any

import pytest

from app.domain.alerts import Offset
from app.domain.settings import StrategySettings
from app.services.journal import Snapshots
from app.services.views import Views
from tests.support.world import World


def measured(world: World, query: str = "", name: str = "ann") -> dict[str, Any]:
    answer = world.program(name).get(f"/api/metrics{query}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.get_json()
    return found


def traded(world: World) -> str:
    """Two round trips on Wednesday, 500 won and 125 lost, and 50 won on Thursday."""
    strategy, key = world.strategy()
    world.fill(key, "buy", "2", "5000")
    world.fill(key, "exit", "2", "5005")
    world.fill(key, "sell", "1", "5005")
    world.fill(key, "exit", "1", "5007.5")
    world.clock.advance(24 * 3600)
    world.fill(key, "buy", "1", "5000")
    world.fill(key, "exit", "1", "5001")
    return strategy.id


def test_the_figures_are_those_of_the_round_trips(world: World) -> None:
    traded(world)
    found = measured(world, "?range=all")
    assert (found["net"], found["gross"], found["fees"]) == ("425", "425", "0")
    assert (found["trades"], found["wins"], found["losses"]) == (3, 2, 1)
    assert (found["average_win"], found["average_loss"]) == ("275", "-125")
    assert (found["largest_win"], found["largest_loss"]) == ("500", "-125")
    assert (found["max_drawdown"], found["ratios"]["recovery_factor"]["value"]) == ("125", "3.4")
    assert found["ratios"]["profit_factor"] == {"value": "4.4", "note": "too few"}
    assert found["sample"] == {"trades": 3, "enough": False, "enough_from": 30}
    assert {each["note"] for each in found["ratios"].values()} == {"too few"}
    assert found["period"]["first_day"] == "2026-03-04"
    assert found["period"]["last_day"] == "2026-03-05"


def test_figures_and_calendar_show_the_same_totals_when_flat(world: World) -> None:
    traded(world)
    days = world.program().get("/api/dashboard/pnl-calendar").get_json()["calendar_data"]
    assert sum(Decimal(day["pnl"]) for day in days) == Decimal(measured(world)["net"])
    for day in days:
        query = f"?start_date={day['date']}&end_date={day['date']}"
        assert measured(world, query)["net"] == day["pnl"], day
        assert measured(world, query)["trades"] == day["trade_count"]


@pytest.mark.parametrize(
    ("query", "net"),
    [
        ("range=today", "50"),
        ("range=week", "425"),
        ("range=month", "425"),
        ("range=year", "425"),
        ("range=all", "425"),
        ("range=custom&start_date=2026-03-04&end_date=2026-03-04", "375"),
        ("start_date=2026-03-05", "50"),
        ("range=custom&start_date=2026-03-07&end_date=2026-03-08", "0"),
        ("range=custom&start_date=2027-01-01&end_date=2027-02-01", "0"),
        ("symbol=ESH2026", "425"),
        ("symbol=NQH2026", "0"),
    ],
)
def test_a_range_holds_what_ended_in_its_trading_days(world: World, query: str, net: str) -> None:
    traded(world)
    found = measured(world, f"?{query}")
    assert found["net"] == net
    for groups in found["groups"].values():
        assert sum(Decimal(each["net"]) for each in groups) == Decimal(net)
    assert sum(each["count"] for each in found["distribution"]) == found["trades"]


def test_without_a_range_list_totals_metrics_and_pages_are_about_this_month(world: World) -> None:
    traded(world)
    world.clock.advance(30 * 24 * 3600)
    program, browser = world.program(), world.client()
    assert measured(world)["period"]["first_day"] == "2026-04-01"
    assert measured(world)["trades"] == 0
    assert program.get("/api/trades/stats").get_json()["trades"] == 0
    assert program.get("/api/trades").get_json()["total_items"] == 0
    assert program.get("/api/trades?range=all").get_json()["total_items"] == 3
    for path in ("/journal", "/metrics"):
        assert (
            f'<a href="{path}?range=month" aria-current="true">Month</a>' in browser.get(path).text
        )


def test_summary_and_metrics_of_all_time_are_the_same_numbers_for_every_scope(
    world: World,
) -> None:
    strategy = traded(world)
    world.clock.advance(40 * 24 * 3600)
    for query in ("", f"strategy_id={strategy}", f"account_id={world.account_id()}"):
        summary = world.program().get(f"/api/summary?{query}").get_json()
        found = measured(world, f"?range=all&{query}")
        assert summary["trades"] == found["trades"] == 3
        assert summary["trades_net"] == found["net"]
        for name in ("win_rate", "profit_factor"):
            assert summary[name] == found["ratios"][name]["value"]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("range=custom", "start_date"),
        ("range=yesterday", "range"),
        ("range=today&start_date=2026-03-04", "start_date"),
        ("range=all&end_date=2026-03-04", "end_date"),
        ("start_date=2026-03-05&end_date=2026-03-04", "end_date"),
        ("start_date=2010-01-01&end_date=2026-03-04", "start_date"),
        ("start_date=0001-01-01&end_date=0001-01-02", "start_date"),
        ("start_date=9999-12-30&end_date=9999-12-31", "start_date"),
        ("start_date=03/04/2026", "start_date"),
        ("colour=red", "colour"),
    ],
)
def test_a_range_that_makes_no_sense_is_refused_with_its_field(
    still_world: World, query: str, field: str
) -> None:
    answer = still_world.program().get(f"/api/metrics?{query}")
    assert answer.status_code == 422, answer.text
    assert field in {each["field"] for each in answer.get_json()["fields"]}


def test_what_is_not_ones_own_is_not_found_and_never_counted(world: World) -> None:
    strategy = traded(world)
    for query in (f"strategy_id={strategy}", f"account_id={world.account_id()}"):
        assert measured(world, f"?{query}")["net"] == "425"
        assert world.program("bob").get(f"/api/metrics?{query}").status_code == 404
    assert measured(world, name="bob")["trades"] == 0


def test_the_groups_are_a_list_and_a_csv(world: World) -> None:
    traded(world)
    path = "/api/metrics/groups"
    rows = world.program().get(f"{path}?by=weekday&sort=net").get_json()["items"]
    assert [(row["name"], row["net"]) for row in rows] == [("Wed", "375"), ("Thu", "50")]
    hours = world.program().get(f"{path}?by=hour&order=asc&sort=key").get_json()["items"]
    assert [row["name"] for row in hours] == ["09:00"]
    text = world.program().get(f"{path}.csv?by=strategy").text
    (line,) = csv.DictReader(io.StringIO(text))
    assert (line["name"], line["net"], line["note"]) == ("Breakout", "425", "too few")
    assert world.program().get(path).status_code == 422
    assert world.program().get(f"{path}?by=colour").status_code == 422


def test_r_is_counted_from_the_stop_that_was_placed_at_the_entry(world: World) -> None:
    settings = StrategySettings(stop_loss=Offset.parse("40 ticks"))
    _, key = world.strategy(settings=settings)
    world.fill(key, "buy", "1", "5000")
    world.core.protector.tend()
    world.work()
    world.fill(key, "exit", "1", "5015")
    found = measured(world)
    assert found["trades_with_stop"] == 1
    assert found["ratios"]["expectancy_r"]["value"] == "1.5"  # 15 points won of 10 at risk


def test_how_the_figures_developed_is_a_list_a_csv_and_on_the_page(world: World) -> None:
    strategy = traded(world)
    world.clock.advance(48 * 3600)
    core = world.core
    views = Views(core.store, core.settings.trading_day_roll)
    keeping = Snapshots(core.store, core.reads, views, world.clock)
    for _ in keeping.run():
        pass
    path = f"/api/metrics/history?strategy_id={strategy}"
    rows = world.program().get(path).get_json()["items"]
    assert [(row["date"], row["net"], row["total_net"]) for row in rows] == [
        ("2026-03-05", "50", "425"),
        ("2026-03-04", "375", "375"),
    ]
    assert [row["total_max_drawdown"] for row in rows] == ["125", "125"]
    assert {row["total_note"] for row in rows} == {"too few"}
    lines = list(csv.DictReader(io.StringIO(world.program().get("/api/metrics/history.csv").text)))
    assert [(line["date"], line["total_trades"]) for line in lines] == [
        ("2026-03-05", "3"),
        ("2026-03-04", "2"),
    ]
    one = world.program().get(f"{path}&start_date=2026-03-04&end_date=2026-03-04").get_json()
    assert [row["date"] for row in one["items"]] == ["2026-03-04"]
    assert world.program("bob").get(path).status_code == 404
    bad = world.program().get(f"{path}&start_date=2026-03-05&end_date=2026-03-04")
    assert bad.status_code == 422
    assert [each["field"] for each in bad.get_json()["fields"]] == ["end_date"]
    page = world.client().get("/metrics")
    assert "How the figures developed" in page.text
    assert "How the figures developed" not in world.client().get("/metrics?symbol=ESH2026").text


@pytest.mark.parametrize("path", ["/api/metrics", "/api/metrics/groups?by=symbol"])
def test_the_same_figures_are_not_sent_again(still_world: World, path: str) -> None:
    program = still_world.program()
    headers = {**program.headers, "If-None-Match": program.get(path).headers["ETag"]}
    again = program.client.get(path, headers=headers)
    assert (again.status_code, again.data) == (304, b"")
