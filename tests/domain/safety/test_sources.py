"""What is usual for a source of alerts, counted in the time in which its market is open."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.instruments import InstrumentKind
from app.domain.safety.sources import (
    busy,
    in_words,
    market_hours,
    open_time,
    silent_after,
    stretches,
    usual_gap,
)
from app.domain.sessions import Window

FUTURES = market_hours(InstrumentKind.FUTURE)
STOCKS = market_hours(InstrumentKind.STOCK)
MORNING = [Window.parse("Mon-Fri 08:30-12:00 America/Chicago")]
HOUR = timedelta(hours=1)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("start", "end", "hours", "windows", "open_hours"),
    [
        # Friday 15:00 to Monday 10:00 in Chicago: an hour before the close, 17 from Sunday 17:00.
        ("2026-11-20 21:00", "2026-11-23 16:00", FUTURES, [], 1 + 17),
        # A day of futures has 23 hours.
        ("2026-11-16 16:00", "2026-11-17 16:00", FUTURES, [], 23),
        ("2026-11-20 21:00", "2026-11-23 16:00", STOCKS, [], 1.5),
        ("2026-11-20 21:00", "2026-11-23 16:00", market_hours(InstrumentKind.CRYPTO), [], 67),
        ("2026-11-16 16:00", "2026-11-17 16:00", FUTURES, MORNING, 2 + 1.5),
        # Over the change to summer time on 8 March 2026: a weekend has one hour less.
        ("2026-03-06 22:00", "2026-03-08 23:00", FUTURES, [], 1),
        ("2026-11-17 16:00", "2026-11-16 16:00", FUTURES, [], 0),
    ],
)
def test_only_time_counts_in_which_the_market_and_the_strategy_are_open(
    start: str, end: str, hours: tuple[Window, ...], windows: list[Window], open_hours: float
) -> None:
    assert open_time(at(start), at(end), hours, windows) == open_hours * HOUR


JANUARY = datetime(2026, 1, 1, tzinfo=UTC)
INSTANTS = st.integers(0, 24 * 24 * 3600).map(lambda each: JANUARY + timedelta(seconds=each))


@given(INSTANTS, INSTANTS, INSTANTS)
def test_open_time_adds_up(one: datetime, two: datetime, three: datetime) -> None:
    first, middle, last = sorted([one, two, three])
    parts = open_time(first, middle, FUTURES, MORNING) + open_time(middle, last, FUTURES, MORNING)
    assert open_time(first, last, FUTURES, MORNING) == parts


@given(INSTANTS, INSTANTS)
def test_an_instant_lies_in_a_stretch_when_a_window_contains_it(
    start: datetime, probe: datetime
) -> None:
    end = datetime(2026, 1, 26, tzinfo=UTC)
    inside = any(begin <= probe < stop for begin, stop in stretches(FUTURES, start, end))
    assert inside == (probe >= start and any(window.contains(probe) for window in FUTURES))


def test_the_usual_gap_is_the_one_that_nine_of_ten_are_at_most() -> None:
    gaps = [timedelta(minutes=minute) for minute in range(1, 21)]
    assert usual_gap(gaps) == timedelta(minutes=18)
    assert usual_gap(gaps[:9]) == timedelta(minutes=9)
    assert usual_gap(gaps[:8]) is None


def test_a_source_of_bursts_is_not_silent_after_seconds() -> None:
    assert silent_after(timedelta(seconds=1)) == timedelta(minutes=15)
    assert silent_after(HOUR) == 3 * HOUR


def test_arrivals_count_as_busy_for_three_minutes() -> None:
    now = at("2026-11-16 16:00")
    arrivals = [now - timedelta(seconds=each) for each in (0, 60, 179, 180, 181)]
    assert busy(arrivals, now) == 3


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (1, "1 second"),
        (45, "45 seconds"),
        (60, "1 minute"),
        (90, "90 seconds"),
        (600, "10 minutes"),
        (3600, "1 hour"),
        (9000, "2 hours"),
        (200_000, "2 days"),
    ],
)
def test_a_stretch_of_time_is_told_as_people_say_it(seconds: int, words: str) -> None:
    assert in_words(timedelta(seconds=seconds)) == words
