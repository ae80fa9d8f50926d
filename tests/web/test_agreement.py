"""Agreement as an API and as a page: what differs is shown to whom it belongs, to nobody else."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from tests.support.world import World


def compared(world: World) -> None:
    """Carry the run on to its end."""
    world.core.agreement.finish(lambda: world.clock.advance(1))


@pytest.fixture
def damaged(world: World) -> World:
    """A server on which a position of ann's is stored as 5, while its fills say 2."""
    _, key = world.strategy()
    world.fill(key, "buy", "2", "5000")
    file = world.core.settings.database_file
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("UPDATE positions SET quantity = '5'")
    assert world.program().post("/api/agreement").status_code == 202
    compared(world)
    return world


def test_before_the_first_comparison_there_is_nothing_to_see(world: World) -> None:
    told = world.program().get("/api/agreement").get_json()
    assert told == {"running": False, "open": 0, "differences": [], "runs": []}
    assert "Nothing was compared yet" in world.client().get("/agreement").text


def test_a_comparison_is_begun_followed_and_reported(world: World) -> None:
    _, key = world.strategy()
    world.fill(key, "buy", "2", "5000")
    ann = world.program()
    answer = ann.post("/api/agreement")
    assert (answer.status_code, answer.get_json()["state"]) == (202, "running")
    assert ann.get("/api/agreement").get_json()["running"] is True
    again = ann.post("/api/agreement")
    assert (again.status_code, again.get_json()["error_code"]) == (409, "CONFLICT")
    assert "Comparing now" in world.client().get("/agreement").text
    compared(world)
    told = ann.get("/api/agreement").get_json()
    (run,) = told["runs"]
    assert (told["running"], run["state"], run["books"], run["fills"]) == (False, "agreed", 1, 1)
    assert "Your numbers agree with your fills" in world.client().get("/agreement").text


def test_one_user_may_not_have_it_compared_all_the_time(world: World) -> None:
    ann = world.program()
    for _ in range(12):
        assert ann.post("/api/agreement").status_code == 202
        compared(world)
    answer = ann.post("/api/agreement")
    assert (answer.status_code, answer.get_json()["error_code"]) == (429, "RATE_LIMITED")
    assert int(answer.headers["Retry-After"]) > 60
    assert world.program("bob").post("/api/agreement").status_code == 202


def test_a_difference_is_shown_with_both_numbers_on_every_page(damaged: World) -> None:
    told = damaged.program().get("/api/agreement").get_json()
    assert told["open"] == 1
    (found,) = told["differences"]
    assert (found["stored"], found["derived"], found["symbol"]) == ("5", "2", "ESH2026")
    assert (found["strategy_name"], found["number"]) == ("Breakout", "The position's quantity")
    page = damaged.client().get("/agreement").text
    assert "1 number of yours differs from the fills" in page
    assert "Breakout, paper, ESH2026" in page
    assert "1 stored number differs" in damaged.client().get("/about").text
    line = damaged.program().get("/api/log?limit=1").get_json()["items"][0]
    assert (line["type"], line["code"], line["level"]) == (
        "BooksDisagree",
        "BOOKS_DISAGREE",
        "error",
    )


def test_nobody_sees_the_differences_of_somebody_else(damaged: World) -> None:
    bob = damaged.program("bob")
    told = bob.get("/api/agreement").get_json()
    assert (told["open"], told["differences"]) == (0, [])
    (found,) = damaged.program().get("/api/agreement").get_json()["differences"]
    path = f"/api/agreement/differences/{found['id']}/acknowledge"
    assert bob.post(path).status_code == 404
    assert "differs from your fills" not in damaged.client("bob").get("/about").text


def test_what_was_seen_is_told_no_more_and_stays_on_the_page(damaged: World) -> None:
    ann = damaged.program()
    (found,) = ann.get("/api/agreement").get_json()["differences"]
    seen = ann.post(f"/api/agreement/differences/{found['id']}/acknowledge")
    assert (seen.status_code, seen.get_json()["strategy_name"]) == (200, "Breakout")
    assert seen.get_json()["acknowledged_at"] is not None
    assert ann.get("/api/agreement").get_json()["open"] == 0
    assert "differs from your fills" not in damaged.client().get("/about").text
    assert "The position&#39;s quantity" in damaged.client().get("/agreement").text
