"""Statements over HTTP: sent as a file, compared with what was traded here, and taken away."""

from __future__ import annotations

import io
from decimal import Decimal
from typing import Any

import pytest
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse, encode_multipart

from app.domain.statements import MOST_BYTES
from tests.support.world import Program, World

HEAD = "Fill ID,Order ID,Timestamp,B/S,Quantity,Price,Contract,commission\n"
#: What the world trades from 15:00:00 UTC on: a win of 500 before fees.
LINES = (
    "1,11,03/02/2026 09:00:00, Buy,1,4990,ESH6,2.25\n"
    "2,12,03/04/2026 09:00:00, Buy,2,5000.25,ESH6,4.50\n"
    "3,13,03/04/2026 09:00:20, Sell,2,5005,ESH6,4.50\n"
)


def send(program: Program, text: str | bytes, name: str = "Fills.csv", **more: str) -> TestResponse:
    data = text if isinstance(text, bytes) else text.encode()
    boundary, body = encode_multipart({"file": FileStorage(io.BytesIO(data), name), **more})
    return program.client.post(
        "/api/statements",
        data=body,
        headers=program.headers,
        content_type=f"multipart/form-data; boundary={boundary}",
    )


def imported(world: World, text: str = HEAD + LINES, **more: str) -> dict[str, Any]:
    answer = send(world.program(), text, account_id=world.account_id(), **more)
    assert answer.status_code == 201, answer.text
    told: dict[str, Any] = answer.get_json()
    return told


def traded(world: World) -> None:
    _, key = world.strategy()
    world.fill(key, "buy", "2", "5000")
    world.fill(key, "exit", "2", "5005")


def read(world: World, path: str, name: str = "ann") -> dict[str, Any]:
    answer = world.program(name).get(f"/api/statements{path}")
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.get_json()
    return told


def test_a_statement_is_compared_with_what_was_traded_here(world: World) -> None:
    traded(world)
    before = world.program().get("/api/fills").get_json()
    made = imported(world)
    assert (made["format"], made["executions"], made["again"]) == ("tradovate_fills", 3, False)
    assert made["zone"] == "America/Chicago"
    found = read(world, f"/{made['id']}")
    sums = {name: Decimal(value) for name, value in found["totals"].items() if name != "outcomes"}
    parts = ("ours", "missed", "ours_only", "price", "fees", "untold")
    assert sums["statement"] == sum(sums[name] for name in parts)
    assert (sums["missed"], sums["slippage"]) == (Decimal("-249502.25"), Decimal(25))
    counts = {name: each["rows"] for name, each in found["totals"]["outcomes"].items()}
    assert (counts["missed"], counts["slipped"], counts["late"]) == (1, 1, 1)
    (missed,) = read(world, f"/{made['id']}/rows?outcome=missed")["items"]
    assert (missed["lines"], missed["our_price"], missed["slippage"]) == ("2", None, None)
    (slipped,) = read(world, f"/{made['id']}/rows?outcome=slipped")["items"]
    assert (slipped["statement_price"], slipped["our_price"]) == ("5000.25", "5000")
    assert slipped["alert_id"] in world.program().get("/api/alerts").text
    assert world.program().get("/api/fills").get_json() == before


def test_rows_are_paged_sorted_and_come_as_csv(world: World) -> None:
    traded(world)
    path = f"/{imported(world)['id']}/rows"
    page = read(world, f"{path}?page_size=2&page=2")
    assert (len(page["items"]), page["total_items"], page["total_pages"]) == (1, 3, 2)
    rows = read(world, f"{path}?sort=slippage&order=desc")["items"]
    assert rows[0]["slippage"] == "25"
    assert [row["symbol"] for row in read(world, f"{path}?symbol=NQH2026")["items"]] == []
    text = world.program().get(f"/api/statements{path}.csv").text.splitlines()
    assert len(text) == 4
    assert text[0].startswith("outcomes,at,symbol,side,quantity,statement_price,our_price")
    assert world.program().get(f"/api/statements{path}?sort=colour").status_code == 422
    assert world.program().get(f"/api/statements{path}?outcome=odd").status_code == 422


def test_the_same_file_leads_to_the_first_import(world: World) -> None:
    made = imported(world)
    answer = send(world.program(), HEAD + LINES, "again.csv", account_id=world.account_id())
    told = answer.get_json()
    assert (answer.status_code, told["again"], told["id"]) == (200, True, made["id"])
    assert "imported before" in told["message"]
    assert read(world, "")["total_items"] == 1


def test_overlapping_files_double_nothing_and_one_goes_without_the_other(world: World) -> None:
    first = imported(world)
    later = imported(
        world, HEAD + LINES.split("\n", 1)[1] + "4,14,03/05/2026 09:00:00,Buy,1,5000,ESH6,\n"
    )
    assert (first["known"], later["known"], later["executions"]) == (0, 2, 3)
    assert "2 of them were known" in later["message"]
    answer = world.program().send("DELETE", f"/api/statements/{first['id']}")
    assert answer.status_code == 204
    assert [each["id"] for each in read(world, "")["items"]] == [later["id"]]
    assert read(world, f"/{later['id']}/rows")["total_items"] == 3
    assert imported(world)["executions"] == 3


@pytest.mark.parametrize(
    ("text", "more", "field"),
    [
        (HEAD + LINES + "5,15,03/04/2026 09:00:00,Buy,x,1,ESH6,\n", {}, "file"),
        ("a,b\n1,2\n", {}, "file"),
        (b"\xff\xfe\xfd", {}, "file"),
        (HEAD + LINES, {"zone": "Mars/Olympus"}, "zone"),
        (HEAD + LINES, {"symbol": "????"}, "symbol"),
        (HEAD + LINES, {"account_id": ""}, "account_id"),
        ("Trade #,Type,Date/Time,Price,Contracts\n", {}, "strategy_id"),
    ],
)
def test_what_cannot_be_imported_is_told_by_its_field_and_keeps_nothing(
    world: World, text: str | bytes, more: dict[str, str], field: str
) -> None:
    fields = {"account_id": world.account_id(), **more}
    answer = send(world.program(), text, **fields)
    assert answer.status_code == 422, answer.text
    assert [each["field"] for each in answer.get_json()["fields"]] == [field]
    assert read(world, "")["total_items"] == 0


def test_the_place_of_the_first_fault_is_told(world: World) -> None:
    text = HEAD + LINES + "5,15,03/04/2026 09:00:00,Buy,x,1,ESH6,\n"
    told = send(world.program(), text, account_id=world.account_id()).get_json()
    assert told["fields"] == [{"field": "file", "problem": "line 5, column 5 (Quantity)"}]
    assert told["detail"].startswith("Line 5, column 5 (Quantity): 'x' is not a number.")


def test_a_file_is_needed_and_one_that_is_too_large_is_refused(world: World) -> None:
    program = world.program()
    answer = program.client.post("/api/statements", data={}, headers=program.headers)
    assert answer.status_code == 422
    large = send(program, b"x" * (MOST_BYTES + 100_000), account_id=world.account_id())
    assert large.status_code == 413
    edge = send(program, b"x" * (MOST_BYTES + 1), account_id=world.account_id())
    assert edge.status_code == 422


def test_a_list_of_trades_is_compared_with_the_strategy_that_it_is_about(world: World) -> None:
    strategy, key = world.strategy()
    world.fill(key, "buy", "2", "5000.25")
    world.fill(key, "exit", "2", "5005")
    _, other = world.strategy(title="Other")
    world.fill(other, "buy", "1", "5001")
    text = (
        "Trade number,Type,Date and time,Signal,Price USD,Size (qty),Net PnL USD\n"
        "1,Exit long,2026-03-04 09:00,Stop,5005,2,500\n"
        "1,Entry long,2026-03-04 09:00,Long,5000,2,500\n"
        "2,Entry long,2026-03-04 09:10,Long,5006,1,50\n"
        "2,Exit long,2026-03-04 09:15,Stop,5007,1,50\n"
    )
    made = imported(world, text, strategy_id=strategy.id)
    assert (made["strategy_name"], made["symbol"], made["simulated"]) == ("Breakout", "ES", True)
    sums = read(world, f"/{made['id']}")["totals"]
    assert (sums["slippage"], sums["missed"], sums["ours_only"]) == ("25", "50", "0")
    assert sums["statement"] == "550"
    pages = world.client().get(f"/statements/{made['id']}").text
    assert "Entry long #2 Long" in pages


def test_a_statement_belongs_to_its_user(world: World) -> None:
    made = imported(world)
    bob = world.program("bob")
    for path in ("", "/rows"):
        assert bob.get(f"/api/statements/{made['id']}{path}").status_code == 404
    assert bob.send("DELETE", f"/api/statements/{made['id']}").status_code == 404
    assert read(world, "", "bob")["total_items"] == 0
    assert send(bob, HEAD, account_id=world.account_id()).status_code == 404
    strategy, _ = world.strategy()
    mine = world.account_id("bob")
    assert send(bob, HEAD, account_id=mine, strategy_id=strategy.id).status_code == 404


def test_the_pages_show_imports_and_rows_by_outcome(world: World) -> None:
    browser = world.client()
    assert "No statement yet" in browser.get("/statements").text
    traded(world)
    made = imported(world)
    assert "Fills.csv" in browser.get("/statements").text
    page = browser.get(f"/statements/{made['id']}").text
    assert "Tradovate fills" in page
    assert page.count("<tr>") == 4
    assert browser.get(f"/statements/{made['id']}?outcome=missed").text.count("<tr>") == 2
    assert browser.get(f"/statements/{made['id']}?outcome=odd&page=x&sort=y").status_code == 200
    assert browser.get(f"/statements/{made['id']}?page=9").status_code == 200
    assert browser.get("/statements/nothing").status_code == 404


def test_a_browser_sends_its_file_with_the_token_of_its_page(world: World) -> None:
    browser = world.client()
    browser.get("/statements")
    form = {"file": (io.BytesIO((HEAD + LINES).encode()), "Temp/Fills.csv")}
    answer = browser.client.post(
        "/api/statements",
        data={**form, "account_id": world.account_id()},
        headers={"X-CSRFToken": browser.token, "Accept": "application/json"},
        content_type="multipart/form-data",
    )
    assert (answer.status_code, answer.get_json()["file_name"]) == (201, "Fills.csv")
