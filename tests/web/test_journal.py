"""The journal over HTTP: round trips with remarks and exits, filtered, and opened to fills."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Engine, event

from app.domain.alerts import Offset
from app.domain.remarks import MOST_TAGS, TripId
from app.domain.settings import StrategySettings
from app.services.journal import desk
from tests.support.world import World


def listed(world: World, query: str = "", name: str = "ann") -> list[dict[str, Any]]:
    answer = world.program(name).get(f"/api/trades{query}")
    assert answer.status_code == 200, answer.text
    rows: list[dict[str, Any]] = answer.get_json()["items"]
    return rows


@contextmanager
def counted() -> Iterator[list[str]]:
    """The statements that the database is asked within the block."""
    asked: list[str] = []

    def note(*given: object) -> None:
        asked.append(str(given[2]))

    event.listen(Engine, "before_cursor_execute", note)
    yield asked
    event.remove(Engine, "before_cursor_execute", note)


def traded(world: World) -> str:
    """A win of 500 and a loss of 125, both closed by alerts; the webhook's key."""
    _, key = world.strategy()
    world.fill(key, "buy", "2", "5000")
    world.fill(key, "exit", "2", "5005")
    world.fill(key, "sell", "1", "5005")
    world.fill(key, "exit", "1", "5007.5")
    return key


def test_a_note_and_tags_are_kept_cleaned_and_found_again(world: World) -> None:
    traded(world)
    loss, win = listed(world)
    path = f"/api/trades/{win['id']}/remarks"
    body = {
        "note": "  Waited for the retest.\r\nGood. ",
        "tags": ["A+ Setup", "retest", "a+  setup"],
    }
    kept = world.program().send("PUT", path, body).get_json()
    assert kept == {"note": "Waited for the retest.\nGood.", "tags": ["a+ setup", "retest"]}
    (found,) = listed(world, "?tag=a%2B%20setup")
    assert (found["id"], found["tags"]) == (win["id"], "a+ setup, retest")
    assert [row["id"] for row in listed(world, "?q=RETEST")] == [win["id"]]
    assert [row["id"] for row in listed(world, "?q=waited")] == [win["id"]]
    assert listed(world, "?q=100%25") == []
    stats = world.program().get("/api/trades/stats?tag=retest").get_json()
    assert (stats["net"], stats["trades"]) == ("500", 1)
    world.program().send("PUT", path, {"note": "", "tags": []})
    assert listed(world, "?tag=retest") == []
    assert {row["note"] for row in listed(world)} == {""}
    assert loss["tags"] == ""


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"note": "x" * 10_001}, "note"),
        ({"tags": [f"t{each}" for each in range(MOST_TAGS + 1)]}, "tags"),
        ({"tags": ["a, b"]}, "tags"),
        ({"tags": ["<script>"]}, "tags"),
        ({"tags": ["x" * 41]}, "tags"),
        ({"tags": "one"}, "tags"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_remarks_that_cannot_be_kept_are_refused_with_their_field(
    world: World, body: dict[str, object], field: str
) -> None:
    traded(world)
    path = f"/api/trades/{listed(world)[0]['id']}/remarks"
    answer = world.program().send("PUT", path, body)
    assert answer.status_code == 422, answer.text
    assert any(each["field"].startswith(field) for each in answer.get_json()["fields"])
    assert listed(world)[0]["tags"] == ""


def test_lists_totals_and_metrics_agree_for_every_filter(world: World) -> None:
    traded(world)
    for query, nets in (
        ("", ["-125", "500"]),
        ("?result=win", ["500"]),
        ("?result=loss&range=today", ["-125"]),
        ("?result=scratch", []),
        ("?direction=short", ["-125"]),
        ("?exit=alert&range=week", ["-125", "500"]),
        ("?exit=stop", []),
        ("?symbol=ESH2026&direction=long", ["500"]),
        ("?range=custom&start_date=2026-03-05", []),
    ):
        assert [row["net"] for row in listed(world, query)] == nets, query
        for path in ("trades/stats", "metrics"):
            found = world.program().get(f"/api/{path}{query}").get_json()
            assert found["net"] == str(sum(int(net) for net in nets)), query
            assert found["trades"] == len(nets)


def test_a_round_trip_opens_down_to_its_fills_with_their_share(world: World) -> None:
    _, key = world.strategy()
    world.fill(key, "buy", "1", "5000")
    world.fill(key, "buy", "1", "5002")
    world.quote("ES", "5010", "5010")
    flip = {"symbol": "ES", "action": "sell", "market_position": "short", "position_size": "1"}
    world.post(key, {**flip, "price": "5011", "id": "flip"})
    world.work()
    world.work()
    (row,) = listed(world)
    opened = world.program().get(f"/api/trades/{row['id']}").get_json()
    assert opened["net"] == row["net"] == "900"
    assert [each["quantity"] for each in opened["fills"]] == ["1", "1", "2"]
    assert [each["side"] for each in opened["fills"]] == ["buy", "buy", "sell"]
    # One point worse than the signal, of the two contracts that closed.
    assert (opened["fills"][-1]["slippage"], opened["slippage"]) == ("100", "100")
    assert opened["entry_alert_id"] == opened["fills"][0]["alert_id"]
    assert opened["exit_reason"] == "alert"


def test_the_exit_says_what_closed_the_round_trip(world: World) -> None:
    settings = StrategySettings(
        stop_loss=Offset.parse("40 ticks"), take_profit=Offset.parse("80 ticks")
    )
    strategy, key = world.strategy(settings=settings)

    def guarded(price: str) -> None:
        world.fill(key, "buy", "1", "5000")
        world.core.protector.tend()
        world.work()
        world.quote("ES", price, price)
        world.work()
        world.core.protector.tend()
        world.work()

    guarded("4990")
    guarded("5020")
    world.fill(key, "buy", "1", "5000")
    (position,) = world.program().get("/api/positions").get_json()["items"]
    book = {name: position[name] for name in ("strategy_id", "account_id", "symbol")}
    assert world.program().post("/api/positions/close", book).status_code == 202
    world.work()
    world.fill(key, "buy", "1", "5000")
    world.program().post("/api/halt", {"flatten": True})
    world.work()
    rows = listed(world, "?order=asc")
    assert [row["exit_reason"] for row in rows] == ["stop", "target", "manual", "flatten"]
    assert [row["r"] for row in rows[:2]] == ["-1", "2"]
    for reason in ("stop", "target", "manual", "flatten"):
        assert [row["exit_reason"] for row in listed(world, f"?exit={reason}")] == [reason]
    assert listed(world, "?exit=external") == []
    assert strategy.id == rows[0]["strategy_id"]


def test_the_name_of_a_round_trip_survives_an_address_and_nonsense_finds_nothing(
    world: World,
) -> None:
    odd = TripId("a/b", "fill |~é 7")
    assert TripId.parse(str(odd)) == odd
    traded(world)
    for name in ("nonsense", "!!", "e30", "WyJhIl0", str(odd), "W10" * 500):
        assert world.program().get(f"/api/trades/{name}").status_code == 404, name
    mine = listed(world)[0]["id"]
    assert world.program("bob").get(f"/api/trades/{mine}").status_code == 404
    answer = world.program("bob").send("PUT", f"/api/trades/{mine}/remarks", {"note": "x"})
    assert answer.status_code == 404


def test_instants_still_choose_round_trips_but_not_beside_days(world: World) -> None:
    traded(world)
    closed = listed(world)[0]["closed_at"]
    assert len(listed(world, f"?start={closed}")) == 1
    assert len(listed(world, f"?end={closed}")) == 1
    answer = world.program().get(f"/api/trades?start={closed}&range=today")
    assert answer.status_code == 422
    assert world.program().get("/api/trades?strategy_id=none").status_code == 404


def test_how_far_it_went_and_what_it_cost_are_in_list_page_and_csv(world: World) -> None:
    settings = StrategySettings(stop_loss=Offset.parse("40 ticks"))
    _, key = world.strategy(settings=settings)
    world.fill(key, "buy", "1", "5000")
    world.core.protector.tend()
    for price in ("4995", "5020", "5010"):
        world.quote("ES", price, price)
        world.work()
    world.post(key, {"symbol": "ES", "action": "exit", "price": "5011", "id": "out"})
    world.work()
    (row,) = listed(world)
    wanted = {
        "gross": "500",
        "mae": "-250",
        "mfe": "1000",
        "mae_r": "-0.5",
        "mfe_r": "2",
        "efficiency": "0.5",
        "slippage": "50",
        "known_s": 4,
    }
    assert {name: row[name] for name in wanted} == wanted
    assert wanted.items() <= world.program().get(f"/api/trades/{row['id']}").get_json().items()
    (line,) = csv.DictReader(io.StringIO(world.program().get("/api/trades.csv").text))
    assert {name: line[name] for name in wanted} == {k: str(v) for k, v in wanted.items()}


def test_the_whole_filtered_list_is_had_as_csv_without_formulas(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desk, "AT_ONCE", 1)
    traded(world)
    path = f"/api/trades/{listed(world)[0]['id']}/remarks"
    world.program().send("PUT", path, {"note": "  =HYPERLINK(1)", "tags": []})
    answer = world.program().get("/api/trades.csv?order=asc")
    assert answer.mimetype == "text/csv"
    lines = list(csv.DictReader(io.StringIO(answer.text)))
    assert [line["net"] for line in lines] == ["500", "-125"]
    assert lines[1]["note"] == "'=HYPERLINK(1)"
    (loss,) = csv.DictReader(io.StringIO(world.program().get("/api/trades.csv?result=loss").text))
    assert loss["net"] == "-125"
    page = world.program().get("/api/trades.csv?page_size=1&sort=net")
    assert (page.headers["X-Total-Count"], page.text.count("\n")) == ("2", 2)
    assert world.program().get("/api/trades.csv?result=scratch").text == ""
    assert world.program().get("/api/trades.csv?sort=net").status_code == 422


def test_a_list_takes_as_many_questions_for_many_rows_as_for_one(world: World) -> None:
    key = traded(world)

    def asked(size: int) -> int:
        with counted() as statements:
            assert len(listed(world, f"?page_size={size}")) == size
        return len(statements)

    for _ in range(3):
        world.fill(key, "buy", "1", "5000")
        world.fill(key, "exit", "1", "5001")
    assert asked(5) == asked(1)
