"""The calendar over the API: days with totals, filters, notes, CSV, and honest errors."""

from __future__ import annotations

import csv
import io
from decimal import Decimal
from typing import Any

import pytest

from tests.support.world import Program, World

CALENDAR = "/api/dashboard/pnl-calendar"


def traded(world: World) -> str:
    """Two round trips on 4 March, of 500 and of -300; the strategy's id."""
    strategy, key = world.strategy()
    for action, price in (("buy", "5000"), ("exit", "5010"), ("buy", "5010"), ("exit", "5004")):
        world.fill(key, action, "1", price)
    return strategy.id


def asked(program: Program, query: str = "") -> dict[str, Any]:
    answer = program.get(f"{CALENDAR}?{query}")
    assert answer.status_code == 200, answer.get_data(as_text=True)
    found: dict[str, Any] = answer.get_json()
    return found


def test_a_day_tells_what_its_trades_made(world: World) -> None:
    traded(world)
    found = asked(world.program())
    (day,) = found["calendar_data"]
    assert (day["date"], day["pnl"], day["gross"], day["fees"]) == ("2026-03-04", "200", "200", "0")
    assert (day["trade_count"], day["wins"], day["losses"]) == (2, 1, 1)
    assert (day["best"], day["worst"], day["note"]) == ("500", "-300", "")
    assert (found["basis"], found["today"], found["end_date"]) == (
        "total",
        "2026-03-04",
        "2026-03-04",
    )
    assert found["roll"] == "16:00 America/Chicago"


def test_the_totals_are_the_sums_of_the_days(world: World) -> None:
    traded(world)
    totals = asked(world.program(), "start_date=2026-03-01&end_date=2026-03-31")["totals"]
    stretches = {
        name: [(each["name"], each["start_date"], each["end_date"], each["pnl"]) for each in of]
        for name, of in totals.items()
        if name != "range"
    }
    assert stretches == {
        "weeks": [("2026-W10", "2026-03-02", "2026-03-08", "200")],
        "months": [("2026-03", "2026-03-01", "2026-03-31", "200")],
        "years": [("2026", "2026-03-01", "2026-03-31", "200")],
    }
    whole = totals["range"]
    assert (whole["pnl"], whole["known_pnl"], whole["unknown_days"]) == ("200", "200", [])
    assert (whole["days"], whole["days_up"], whole["trade_count"], whole["fill_count"]) == (
        1,
        1,
        2,
        4,
    )


def test_of_a_symbol_or_a_tag_it_is_what_was_realised(world: World) -> None:
    strategy = traded(world)
    program = world.program()
    first = program.get("/api/trades").get_json()["items"][-1]
    program.send("PUT", f"/api/trades/{first['id']}/remarks", {"tags": ["fomc"]})
    of_symbol = asked(program, f"symbol={first['symbol'].lower()}&strategy_id={strategy}")
    tagged = asked(program, "tag=fomc")
    assert asked(program, "symbol=NQM2026")["calendar_data"] == []
    assert (of_symbol["basis"], of_symbol["calendar_data"][0]["pnl"]) == ("realised", "200")
    (day,) = tagged["calendar_data"]
    assert (day["pnl"], day["trade_count"], day["fill_count"], day["open_change"]) == (
        "500",
        1,
        None,
        None,
    )
    assert asked(program, "tag=other")["calendar_data"] == []


@pytest.mark.parametrize("way", [".csv?", "?format=csv&", "accept"])
def test_the_days_are_there_as_csv(world: World, way: str) -> None:
    traded(world)
    program = world.program()
    program.send("PUT", "/api/dashboard/days/2026-03-04", {"note": "=HYPERLINK(1)"})
    if way == "accept":
        answer = program.get(CALENDAR, accept="text/csv")
    else:
        answer = program.get(f"{CALENDAR}{way}start_date=2026-03-01")
    assert answer.content_type == "text/csv; charset=utf-8"
    (row,) = csv.DictReader(io.StringIO(answer.get_data(as_text=True)))
    assert (row["date"], row["pnl"], row["note"]) == ("2026-03-04", "200", "'=HYPERLINK(1)")


def test_who_has_the_calendar_already_is_told_so(world: World) -> None:
    strategy = traded(world)
    program = world.program()
    first = program.get(CALENDAR)
    again = world.app.test_client().get(
        CALENDAR, headers={**program.headers, "If-None-Match": first.headers["ETag"]}
    )
    assert (again.status_code, again.get_data()) == (304, b"")
    other = world.app.test_client().get(
        f"{CALENDAR}?strategy_id={strategy}",
        headers={**program.headers, "If-None-Match": first.headers["ETag"]},
    )
    assert other.status_code == 200


def test_a_note_is_kept_on_a_day_and_taken_away(world: World) -> None:
    program, account = world.program(), world.account_id()
    path = "/api/dashboard/days/2026-03-02"
    kept = program.send("PUT", path, {"note": " Calm "})
    assert kept.get_json() == {"date": "2026-03-02", "account_id": None, "note": "Calm"}
    program.send("PUT", path, {"note": "Here", "account_id": account})
    assert program.get(path).get_json()["note"] == "Calm"
    assert program.get(f"{path}?account_id={account}").get_json()["note"] == "Here"
    (day,) = asked(program)["calendar_data"]
    assert (day["note"], day["pnl"], day["fill_count"]) == ("Calm", "0", 0)
    program.send("PUT", path, {"note": ""})
    assert asked(program)["calendar_data"] == []


def test_a_note_is_its_writers_alone(world: World) -> None:
    world.user("bob")
    path = "/api/dashboard/days/2026-03-02"
    body = {"note": "mine", "account_id": world.account_id()}
    assert world.program("bob").send("PUT", path, body).status_code == 404
    world.program().send("PUT", path, {"note": "mine"})
    assert world.program("bob").get(path).get_json()["note"] == ""


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("/api/dashboard/days/yesterday", {"note": "x"}, "date"),
        ("/api/dashboard/days/0001-01-01", {"note": "x"}, "date"),
        ("/api/dashboard/days/2026-03-02", {"note": "x" * 2001}, "note"),
        ("/api/dashboard/days/2026-03-02", {"note": None}, "note"),
        ("/api/dashboard/days/2026-03-02", {"text": "x"}, "text"),
    ],
)
def test_a_wrong_note_is_refused_beside_its_field(
    still_world: World, path: str, body: dict[str, object], field: str
) -> None:
    answer = still_world.program().send("PUT", path, body)
    assert answer.status_code == 422
    assert [each["field"] for each in answer.get_json()["fields"]] == [field]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("start_date=2026-03-02&end_date=2026-03-01", "end_date"),
        ("start_date=2010-03-02", "start_date"),
        ("start_date=0001-01-01&end_date=2026-03-01", "start_date"),
        ("end_date=9999-12-31", "end_date"),
        ("end_date=0001-01-05", "end_date"),
        ("format=xml", "format"),
        ("strategy=one", "strategy"),
    ],
)
def test_a_wrong_question_is_refused_beside_its_field(
    still_world: World, query: str, field: str
) -> None:
    answer = still_world.program().get(f"{CALENDAR}?{query}")
    assert answer.status_code == 422
    assert field in [each["field"] for each in answer.get_json()["fields"]]


@pytest.mark.parametrize("query", ["strategy_id=none", "account_id=none"])
def test_what_is_not_there_is_not_found(still_world: World, query: str) -> None:
    for path in (CALENDAR, "/api/dashboard/days/2026-03-02"):
        assert still_world.program().get(f"{path}?{query}").status_code == 404


def test_another_roll_moves_what_was_booked_to_other_days(world: World) -> None:
    traded(world)
    program, account = world.program(), world.account_id()
    # At 15:00 UTC on Wednesday Tokyo's Thursday has begun.
    program.send("PUT", f"/api/accounts/{account}", {"settings": {}, "roll": "00:00 Asia/Tokyo"})
    (day,) = asked(program)["calendar_data"]
    assert (day["date"], Decimal(day["pnl"]), day["trade_count"]) == (
        "2026-03-05",
        Decimal(200),
        2,
    )
