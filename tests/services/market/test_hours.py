"""Who says whether the market is open: a venue while it answers, else the calendar."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest

from app.clock import VirtualClock
from app.domain.errors import BrokerUnavailable
from app.domain.quotes import MarketHours
from app.services.market import HoursBook, Standing
from app.services.market.hours import GOOD_S, LAPSED_S, SOON_S
from tests.support.data_house import DataHouse

#: A Wednesday, 11:00 in New York; the market closes at 21:00 UTC.
NOON = datetime(2026, 3, 4, 16, 0, tzinfo=UTC)
CLOSE = datetime(2026, 3, 4, 21, 0, tzinfo=UTC)
NEXT_OPEN = datetime(2026, 3, 5, 14, 30, tzinfo=UTC)


class Stage:
    """A book of hours, its clock, the venue, and the contradictions that it told."""

    def __init__(self, at: datetime = NOON, *, connected: bool = True) -> None:
        self.clock = VirtualClock(at)
        self.house = DataHouse(connected=connected)
        self.house.says = self.answer()
        self.told: list[str] = []
        self.book = HoursBook(self.house, self.clock, self.told.append)

    def answer(self, *, is_open: bool = True) -> MarketHours:
        return MarketHours(self.clock.now(), is_open, NEXT_OPEN, CLOSE)

    @property
    def questions(self) -> int:
        return len(self.house.asked)


def brief(found: Standing) -> tuple[bool, str, str]:
    return found.shares.is_open, found.shares.phase.value, found.source.value


def test_without_a_venue_the_calendar_answers_and_nobody_is_asked() -> None:
    stage = Stage(connected=False)
    found = stage.book.standing()
    assert brief(found) == (True, "regular", "calendar")
    assert (found.as_of, found.problem) == (NOON, None)
    assert [state.market.name for state in found.markets] == ["us_stocks", "cme_futures", "crypto"]
    assert stage.questions == 0


def test_a_venue_is_asked_and_its_word_counts() -> None:
    stage = Stage()
    early = CLOSE - timedelta(hours=3)
    stage.house.says = MarketHours(NOON, is_open=True, next_open=NEXT_OPEN, next_close=early)
    found = stage.book.standing()
    assert brief(found) == (True, "regular", "venue")
    assert found.shares.next_close == early


def test_an_answer_is_good_for_a_while() -> None:
    stage = Stage()
    stage.book.standing()
    stage.clock.advance(GOOD_S - 1)
    found = stage.book.standing()
    assert stage.questions == 1
    assert found.as_of == NOON
    stage.clock.advance(1)
    assert stage.book.standing().as_of == NOON + timedelta(seconds=GOOD_S)
    assert stage.questions == 2


def test_what_is_known_is_told_without_asking() -> None:
    stage = Stage()
    assert brief(stage.book.known()) == (True, "regular", "calendar")
    assert stage.questions == 0


def test_no_two_ask_at_once_and_the_second_gets_the_last_answer() -> None:
    stage = Stage()
    stage.book.standing()
    stage.clock.advance(GOOD_S)
    seen: list[Standing] = []

    def second() -> None:
        other = threading.Thread(target=lambda: seen.append(stage.book.standing()))
        other.start()
        other.join(5)

    stage.house.meanwhile = second
    assert stage.book.standing().as_of == stage.clock.now()
    assert stage.questions == 2
    assert [each.as_of for each in seen] == [NOON]


def test_a_venue_that_fails_leaves_its_last_answer_with_the_problem_for_a_while() -> None:
    stage = Stage()
    stage.book.standing()
    stage.house.trouble = BrokerUnavailable("The venue did not answer in time.")
    stage.clock.advance(GOOD_S)
    found = stage.book.standing()
    assert brief(found) == (True, "regular", "venue")
    assert found.problem == "The venue did not answer in time."
    stage.clock.advance(LAPSED_S)
    found = stage.book.standing()
    assert brief(found) == (True, "regular", "calendar")
    assert found.problem == "The venue did not answer in time."


def test_a_venue_that_fails_is_asked_again_soon_and_its_answer_ends_the_problem() -> None:
    stage = Stage()
    stage.house.trouble = BrokerUnavailable("The venue cannot be reached.")
    stage.book.standing()
    stage.clock.advance(SOON_S - 1)
    stage.book.standing()
    assert stage.questions == 1
    stage.clock.advance(1)
    stage.house.trouble = None
    found = stage.book.standing()
    assert (found.source.value, found.problem, stage.questions) == ("venue", None, 2)


def test_at_the_close_that_a_venue_announced_its_answer_is_over() -> None:
    stage = Stage(CLOSE - timedelta(seconds=10))
    stage.book.standing()
    stage.clock.advance(10)
    assert stage.book.due()
    assert brief(stage.book.known()) == (False, "post", "calendar")
    stage.house.says = MarketHours(CLOSE, False, NEXT_OPEN, CLOSE + timedelta(days=1))
    assert brief(stage.book.standing()) == (False, "post", "venue")


@pytest.mark.parametrize(
    ("at", "is_open", "phase", "words"),
    [
        (NOON, False, "closed", "is closed, and by the calendar of the exchange it is open"),
        (
            CLOSE - timedelta(days=4),
            True,
            "regular",
            "is open, and by the calendar of the exchange it is closed",
        ),
    ],
)
def test_a_contradiction_is_told_once_and_the_venue_counts(
    at: datetime, is_open: bool, phase: str, words: str
) -> None:
    stage = Stage(at)
    stage.house.says = stage.answer(is_open=is_open)
    assert brief(stage.book.standing()) == (is_open, phase, "venue")
    stage.clock.advance(GOOD_S)
    stage.book.standing()
    assert stage.questions == 2
    (told,) = stage.told
    assert words in told


def test_a_contradiction_that_ended_is_told_again_when_it_returns() -> None:
    stage = Stage()
    for is_open in (False, True, False):
        stage.house.says = stage.answer(is_open=is_open)
        stage.book.standing()
        stage.clock.advance(GOOD_S)
    assert len(stage.told) == 2


def test_clocks_that_differ_by_seconds_at_the_close_contradict_nothing() -> None:
    stage = Stage(CLOSE - timedelta(seconds=2))
    stage.house.says = MarketHours(CLOSE, False, NEXT_OPEN, CLOSE + timedelta(days=1))
    assert brief(stage.book.standing()) == (False, "closed", "venue")
    assert stage.told == []


def test_a_venue_that_was_disconnected_counts_no_more() -> None:
    stage = Stage()
    stage.house.says = stage.answer(is_open=False)
    stage.book.standing()
    stage.house.connected = False
    assert brief(stage.book.standing()) == (True, "regular", "calendar")
    assert not stage.book.due()
