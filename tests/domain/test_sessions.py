from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.errors import InvalidInput, InvariantBroken
from app.domain.sessions import Roll, Window, day_bounds, next_roll, trading_day

CHICAGO = Roll.parse("16:00 America/Chicago")
CME = Roll.parse("16:00 America/Chicago weekdays")
UTC_DAY = Roll.parse("00:00 UTC")
MICROSECOND = timedelta(microseconds=1)

instants = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
rolls = st.sampled_from(
    [
        CHICAGO,
        CME,
        UTC_DAY,
        Roll.parse("00:00 America/Sao_Paulo"),
        Roll.parse("02:30 America/New_York"),
        Roll.parse("01:30 America/New_York weekdays"),
        Roll.parse("17:00 Australia/Sydney"),
        Roll.parse("23:59 Asia/Kathmandu"),
    ]
)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("at", "roll", "expected"),
    [
        ("2026-01-06T21:59:59.999999", CHICAGO, "2026-01-06"),
        ("2026-01-06T22:00:00", CHICAGO, "2026-01-07"),
        ("2026-07-07T20:59:59.999999", CHICAGO, "2026-07-07"),
        ("2026-07-07T21:00:00", CHICAGO, "2026-07-08"),
        ("2026-03-08T20:59:59", CHICAGO, "2026-03-08"),
        ("2026-03-08T21:00:00", CHICAGO, "2026-03-09"),
        ("2013-10-06T22:38:01", CHICAGO, "2013-10-07"),
        ("2018-04-04T00:00:00", UTC_DAY, "2018-04-04"),
        ("2018-04-03T23:59:59.999999", UTC_DAY, "2018-04-03"),
        ("2026-03-02T12:00:00", Roll.parse("12:00 UTC"), "2026-03-03"),
        ("2026-03-02T11:59:00", Roll.parse("11:59 UTC"), "2026-03-02"),
        ("2026-03-06T22:00:00", CHICAGO, "2026-03-07"),
        ("2026-03-06T22:00:00", CME, "2026-03-09"),
        ("2026-03-07T12:00:00", CME, "2026-03-09"),
        ("2026-03-08T12:00:00", CME, "2026-03-09"),
        ("2026-03-06T21:59:59", CME, "2026-03-06"),
    ],
)
def test_an_instant_belongs_to_the_trading_day_that_the_roll_has_opened(
    at: str, roll: Roll, expected: str
) -> None:
    assert trading_day(utc(at), roll) == date.fromisoformat(expected)


def test_the_zone_of_the_instant_does_not_matter() -> None:
    tokyo = utc("2026-01-06T22:00:00").astimezone(ZoneInfo("Asia/Tokyo"))
    assert trading_day(tokyo, CHICAGO) == date(2026, 1, 7)


def test_an_instant_without_a_zone_is_never_guessed() -> None:
    with pytest.raises(InvariantBroken, match="no time zone"):
        trading_day(datetime(2026, 1, 6, 22), CHICAGO)  # noqa: DTZ001


@pytest.mark.parametrize(
    ("day", "roll", "start", "end"),
    [
        ("2026-01-07", CHICAGO, "2026-01-06T22:00", "2026-01-07T22:00"),
        ("2026-03-08", CHICAGO, "2026-03-07T22:00", "2026-03-08T21:00"),
        ("2026-11-01", CHICAGO, "2026-10-31T21:00", "2026-11-01T22:00"),
        ("2026-03-09", CME, "2026-03-06T22:00", "2026-03-09T21:00"),
        ("2026-03-06", CME, "2026-03-05T22:00", "2026-03-06T22:00"),
        ("2018-04-04", UTC_DAY, "2018-04-04T00:00", "2018-04-05T00:00"),
    ],
)
def test_a_trading_day_runs_from_roll_to_roll(day: str, roll: Roll, start: str, end: str) -> None:
    assert day_bounds(date.fromisoformat(day), roll) == (utc(start), utc(end))


@pytest.mark.parametrize("day", [date(2026, 3, 7), date(2026, 3, 8)])
def test_a_weekend_day_has_no_bounds_where_weekends_roll(day: date) -> None:
    with pytest.raises(InvalidInput, match="no trading day"):
        day_bounds(day, CME)


def test_the_next_roll_after_friday_is_over_the_weekend_where_weekends_roll() -> None:
    assert next_roll(utc("2026-03-06T22:00"), CME) == utc("2026-03-09T21:00")
    assert next_roll(utc("2026-03-06T22:00"), CHICAGO) == utc("2026-03-07T22:00")


@given(instants, rolls)
def test_every_instant_lies_within_the_bounds_of_its_own_trading_day(
    at: datetime, roll: Roll
) -> None:
    day = trading_day(at, roll)
    start, end = day_bounds(day, roll)
    assert start <= at < end == next_roll(at, roll)
    assert trading_day(start, roll) == trading_day(end - MICROSECOND, roll) == day
    assert trading_day(end, roll) > day


@pytest.mark.parametrize(
    "text", ["16:00 America/Chicago", "00:00 UTC", "16:00 America/Chicago weekdays"]
)
def test_a_roll_reads_back_what_it_writes(text: str) -> None:
    assert str(Roll.parse(text)) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "16:00",
        "25:00 UTC",
        "4pm America/Chicago",
        "16:00 Chicago",
        "16:00 America",
        "16:00 ../../etc/passwd",
        "16:00 UTC sometimes",
    ],
)
def test_an_unreadable_roll_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(InvalidInput, match="write it like"):
        Roll.parse(text)


@pytest.mark.parametrize(
    ("window", "at", "inside"),
    [
        ("Mon-Fri 09:30-16:00 America/New_York", "2026-03-02T14:30", True),
        ("Mon-Fri 09:30-16:00 America/New_York", "2026-03-02T14:29:59", False),
        ("Mon-Fri 09:30-16:00 America/New_York", "2026-03-02T20:59:59", True),
        ("Mon-Fri 09:30-16:00 America/New_York", "2026-03-02T21:00", False),
        ("Mon-Fri 09:30-16:00 America/New_York", "2026-03-09T13:30", True),
        ("Mon-Fri 09:30-16:00 America/New_York", "2026-03-01T15:00", False),
        ("Sun-Thu 18:00-09:00 America/New_York", "2026-03-01T23:00", True),
        ("Sun-Thu 18:00-09:00 America/New_York", "2026-03-01T22:59", False),
        ("Sun-Thu 18:00-09:00 America/New_York", "2026-03-02T13:59", True),
        ("Sun-Thu 18:00-09:00 America/New_York", "2026-03-02T14:00", False),
        ("Sun-Thu 18:00-09:00 America/New_York", "2026-03-06T13:00", True),
        ("Sun-Thu 18:00-09:00 America/New_York", "2026-03-07T00:00", False),
        ("Sun-Thu 18:00-09:00 America/New_York", "2026-03-01T13:00", False),
        ("Sun 22:00-02:00 UTC", "2026-03-02T01:00", True),
        ("Mon 22:00-02:00 UTC", "2026-03-02T01:00", False),
        ("Mon 00:00-00:00 UTC", "2026-03-02T23:59:59", True),
        ("Mon 00:00-00:00 UTC", "2026-03-03T00:00", False),
        ("Mon,Wed 10:00-11:00 UTC", "2026-03-04T10:00", True),
        ("Mon,Wed 10:00-11:00 UTC", "2026-03-03T10:00", False),
        ("Fri-Mon 10:00-11:00 UTC", "2026-03-01T10:30", True),
        ("Sun 01:30-01:45 America/New_York", "2026-11-01T05:35", True),
        ("Sun 01:30-01:45 America/New_York", "2026-11-01T06:35", True),
        ("Sun 02:30-03:30 America/New_York", "2026-03-08T07:00", True),
        ("Sun 02:30-03:30 America/New_York", "2026-03-08T06:59", False),
    ],
)
def test_a_window_follows_the_clock_on_the_wall(window: str, at: str, inside: bool) -> None:
    assert Window.parse(window).contains(utc(at)) is inside


def test_a_window_needs_an_instant_with_a_zone() -> None:
    with pytest.raises(InvariantBroken, match="no time zone"):
        Window.parse("Mon 10:00-11:00 UTC").contains(datetime(2026, 3, 2, 10))  # noqa: DTZ001


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("Mon-Fri 09:30-16:00 America/New_York", "Mon-Fri 09:30-16:00 America/New_York"),
        ("Mon,Wed 22:00-02:00 UTC", "Mon,Wed 22:00-02:00 UTC"),
        ("Fri-Mon 22:00-02:00 UTC", "Mon,Fri-Sun 22:00-02:00 UTC"),
    ],
)
def test_a_window_writes_what_it_reads_back(text: str, written: str) -> None:
    window = Window.parse(text)
    assert Window.parse(str(window)) == window
    assert str(window) == written


@pytest.mark.parametrize(
    "text",
    [
        "",
        "09:30-16:00 America/New_York",
        "Someday 09:30-16:00 UTC",
        "Mon-Sometime 09:30-16:00 UTC",
        "Mon- 09:30-16:00 UTC",
        "Mon 9.30-16:00 UTC",
        "Mon 09:30-24:30 UTC",
        "Mon 09:30-16:00 Nowhere/Land",
    ],
)
def test_an_unreadable_window_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(InvalidInput, match="write it like"):
        Window.parse(text)
