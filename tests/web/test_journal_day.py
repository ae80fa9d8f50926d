"""A trading day opened: the same figures as the calendar, its round trips and what is left over."""

from __future__ import annotations

import re
from datetime import date

import pytest

from app.services.reads import Scope
from tests.support.world import World

DAY = "2026-03-04"


def plain(text: str) -> str:
    """A page's words without its tags."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text)).replace("−", "-")  # noqa: RUF001


def traded(world: World) -> str:
    """A win of 500, a loss of 250, and one contract that stays short; the webhook's key."""
    _, key = world.strategy()
    world.fill(key, "buy", "2", "5000")
    world.fill(key, "exit", "2", "5005")
    world.fill(key, "buy", "1", "5005")
    world.fill(key, "exit", "1", "5000")
    world.fill(key, "sell", "1", "5000")
    return key


def test_a_day_shows_what_the_calendar_says_its_trips_and_what_is_left_open(world: World) -> None:
    traded(world)
    day = world.program().get(f"/api/dashboard/days/{DAY}").get_json()
    assert (day["gross"], day["trade_count"]) == ("250", 2)
    text = plain(world.client().get(f"/journal/day/{DAY}").text)
    assert "Wednesday, 4 March 2026" in text
    assert "+$250.00" in text
    assert "1 won, 1 lost" in text
    assert text.count("Long 2 ESH2026") == 1
    book = world.web.days.open(Scope(world.user().id), date.fromisoformat(DAY))
    assert [each.row.trip.gross for each in book.trips] == [500, -250]
    (loose,) = book.loose
    assert (loose.row.fill.side.value, str(loose.quantity)) == ("sell", "-1")
    assert book.after is None
    assert "Fills without an end" in text


def test_the_day_after_has_the_end_of_what_was_left(world: World) -> None:
    key = traded(world)
    world.clock.advance(24 * 3600)
    world.fill(key, "exit", "1", "4990")
    book = world.web.days.open(Scope(world.user().id), date(2026, 3, 5))
    assert [each.row.trip.gross for each in book.trips] == [500]
    assert book.loose == []
    before = world.web.days.open(Scope(world.user().id), date.fromisoformat(DAY))
    assert (before.after, book.before) == (book.day, before.day)


def test_a_note_of_the_day_is_kept_and_a_long_one_shown_again(world: World) -> None:
    browser = world.client()
    assert browser.post_form(f"/journal/day/{DAY}", {"note": "Calm <b>"}).status_code == 302
    assert "Calm &lt;b&gt;" in browser.get(f"/journal/day/{DAY}").text
    wrong = browser.post_form(f"/journal/day/{DAY}", {"note": "x" * 2001})
    assert wrong.status_code == 422
    assert "at most 2000 characters" in wrong.text


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/journal/day/yesterday", 422),
        ("/journal/day/1800-01-01", 422),
        (f"/journal/day/{DAY}?strategy_id=none", 404),
        (f"/journal/day/{DAY}?account_id=none", 404),
        ("/journal/day/2026-03-07", 200),
    ],
)
def test_a_day_that_is_none_says_so(still_world: World, path: str, status: int) -> None:
    assert still_world.client().get(path).status_code == status
