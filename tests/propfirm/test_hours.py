"""When an account may trade, and when it must be flat."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, time

import pytest

from app.domain.sessions import Window
from app.propfirm import News, RuleSet, in_hours, must_be_flat, news_at, next_flat
from tests.propfirm.making import STATIC, at

ROLL = replace(STATIC, flat_time=time(16))
NEVER = replace(STATIC, flat_time=None)
#: Flat before midnight, a session that ends after it.
NIGHT = replace(STATIC, flat_time=time(23, 50), session_end=time(0, 30))


@pytest.mark.parametrize(
    ("rules", "when", "flat"),
    [
        (STATIC, "2 15:09:59", False),
        (STATIC, "2 15:10", True),
        (STATIC, "2 15:59:59", True),
        (STATIC, "2 16:00", False),
        (ROLL, "2 15:59:59", False),
        (ROLL, "2 16:00", False),
        (NEVER, "2 15:30", False),
        (NIGHT, "3 00:10", True),
        (NIGHT, "3 00:30", False),
    ],
)
def test_nothing_is_held_from_the_flat_time_until_the_session_ends(
    rules: RuleSet, when: str, *, flat: bool
) -> None:
    assert must_be_flat(rules, at(when)) is flat


@pytest.mark.parametrize(
    ("rules", "when", "by"),
    [
        (STATIC, "2 10:00", "2 15:10"),
        (STATIC, "2 15:30", "2 15:30"),
        (STATIC, "2 16:00", "3 15:10"),
        # Friday evening belongs to Monday; the clocks go forward on Sunday, the 8th.
        (STATIC, "6 17:00", "9 15:10"),
        (ROLL, "2 15:00", "2 16:00"),
        (NIGHT, "2 10:00", "2 23:50"),
        (NEVER, "2 10:00", None),
    ],
)
def test_all_is_closed_by_the_next_flat_time(rules: RuleSet, when: str, by: str | None) -> None:
    assert next_flat(rules, at(when)) == (by and at(by))


def test_trading_hours_are_any_of_the_windows_or_always() -> None:
    day = replace(
        STATIC,
        allowed_hours=(
            Window.parse("Mon-Fri 08:30-11:00 America/Chicago"),
            Window.parse("Mon 13:00-15:00 America/Chicago"),
        ),
    )
    allowed = {"2 08:29": False, "2 08:30": True, "2 11:00": False, "2 13:00": True}
    assert {when: in_hours(day, at(when)) for when in allowed} == allowed
    assert in_hours(STATIC, at("2 03:00"))


def test_news_last_from_their_start_until_before_their_end() -> None:
    first = News("CPI", at("2 07:25"), at("2 07:40"))
    second = News("FOMC", at("2 12:55"), at("2 13:30"))

    def name(when: datetime) -> str | None:
        found = news_at([first, second], when)
        return None if found is None else found.name

    assert [name(at(when)) for when in ("2 07:24", "2 07:25", "2 07:40", "2 13:00")] == [
        None,
        "CPI",
        None,
        "FOMC",
    ]
