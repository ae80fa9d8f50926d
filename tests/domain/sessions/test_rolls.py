from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.errors import InvalidInput, InvariantBroken
from app.domain.sessions import Roll, day_bounds, next_roll, trading_day, trading_days

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
        Roll.parse("16:00 America/Chicago holidays CMES"),
        Roll.parse("00:00 UTC holidays XNYS"),
        Roll.parse("close XNYS"),
        Roll.parse("close CMES"),
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


@pytest.mark.parametrize(
    ("at", "roll", "expected"),
    [
        # The Friday before Labor Day 2026 after the roll, the weekend, the holiday: all Tuesday's.
        ("2026-09-04T20:59:59.999999", "16:00 America/Chicago holidays XNYS", "2026-09-04"),
        ("2026-09-04T21:00", "16:00 America/Chicago holidays XNYS", "2026-09-08"),
        ("2026-09-07T15:00", "16:00 America/Chicago holidays XNYS", "2026-09-08"),
        ("2026-09-08T20:59", "16:00 America/Chicago holidays XNYS", "2026-09-08"),
        ("2026-09-08T21:00", "16:00 America/Chicago holidays XNYS", "2026-09-09"),
        # The futures exchange has a session on Labor Day, and none on Good Friday.
        ("2026-09-07T15:00", "16:00 America/Chicago holidays CMES", "2026-09-07"),
        ("2026-04-03T15:00", "16:00 America/Chicago holidays CMES", "2026-04-06"),
        # Christmas and New Year: two holidays beside weekends.
        ("2025-12-24T22:00", "16:00 America/Chicago holidays CMES", "2025-12-26"),
        ("2025-12-31T22:00", "16:00 America/Chicago holidays CMES", "2026-01-02"),
        # New York closes at 16:00 in winter and summer, and at 13:00 after Thanksgiving.
        ("2026-01-06T20:59:59", "close XNYS", "2026-01-06"),
        ("2026-01-06T21:00", "close XNYS", "2026-01-07"),
        ("2026-07-07T19:59:59", "close XNYS", "2026-07-07"),
        ("2026-07-07T20:00", "close XNYS", "2026-07-08"),
        ("2026-11-27T17:59:59.999999", "close XNYS", "2026-11-27"),
        ("2026-11-27T18:00", "close XNYS", "2026-11-30"),
        ("2026-11-26T15:00", "close XNYS", "2026-11-27"),
        # Both changes of the clocks, on weekends, and a leap day.
        ("2026-03-08T12:00", "close XNYS", "2026-03-09"),
        ("2026-03-09T19:59:59", "close XNYS", "2026-03-09"),
        ("2026-11-01T12:00", "close XNYS", "2026-11-02"),
        ("2026-11-02T20:59:59", "close XNYS", "2026-11-02"),
        ("2028-02-29T20:59:59", "close XNYS", "2028-02-29"),
        ("2028-02-29T21:00", "close XNYS", "2028-03-01"),
    ],
)
def test_i6_a_session_on_a_holiday_belongs_to_the_next_trading_day(
    at: str, roll: str, expected: str
) -> None:
    assert trading_day(utc(at), Roll.parse(roll)) == date.fromisoformat(expected)


def test_the_day_after_a_half_day_begins_at_its_early_close() -> None:
    thanksgiving = Roll.parse("close XNYS")
    assert day_bounds(date(2026, 11, 27), thanksgiving) == (
        utc("2026-11-25T21:00"),
        utc("2026-11-27T18:00"),
    )
    assert day_bounds(date(2026, 11, 30), thanksgiving) == (
        utc("2026-11-27T18:00"),
        utc("2026-11-30T21:00"),
    )


def test_a_holiday_has_no_bounds() -> None:
    with pytest.raises(InvalidInput, match="its exchange is closed"):
        day_bounds(date(2026, 12, 25), Roll.parse("close XNYS"))


@pytest.mark.parametrize("year", [1999, 2051])
def test_a_year_without_known_holidays_is_refused_and_not_guessed(year: int) -> None:
    at = datetime(year, 6, 1, tzinfo=UTC)
    with pytest.raises(InvalidInput, match="are known from 2000 to 2050"):
        trading_day(at, Roll.parse("close XNYS"))
    assert trading_day(at, UTC_DAY) == at.date()


def test_the_trading_days_of_a_week_leave_out_its_weekend_and_its_holiday() -> None:
    first, last = date(2026, 11, 22), date(2026, 11, 29)
    assert [day.day for day in trading_days(first, last, Roll.parse("close XNYS"))] == [
        23,
        24,
        25,
        27,
    ]
    assert len(list(trading_days(first, last, CHICAGO))) == 8
    assert list(trading_days(last, first, CHICAGO)) == []


@given(instants, rolls)
def test_trading_days_follow_each_other_without_a_hole(at: datetime, roll: Roll) -> None:
    day = trading_day(at, roll)
    end = day_bounds(day, roll)[1]
    after = trading_day(end, roll)
    assert day_bounds(after, roll)[0] == end
    assert list(trading_days(day, after, roll)) == [day, after]


@given(instants, instants, rolls)
def test_of_two_instants_the_later_one_has_no_earlier_trading_day(
    one: datetime, other: datetime, roll: Roll
) -> None:
    early, late = sorted((one, other))
    assert trading_day(early, roll) <= trading_day(late, roll)


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
    "text",
    [
        "16:00 America/Chicago",
        "00:00 UTC",
        "16:00 America/Chicago weekdays",
        "16:00 America/Chicago holidays CMES",
        "close XNYS",
    ],
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
        "16:00 UTC weekdays holidays XNYS",
        "16:00 UTC holidays",
        "close",
        "close NEVER",
        "16:00 UTC holidays NEVER",
    ],
)
def test_an_unreadable_roll_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(InvalidInput, match=r"write (it like|CMES or XNYS)"):
        Roll.parse(text)
