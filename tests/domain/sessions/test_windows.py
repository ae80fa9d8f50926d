from __future__ import annotations

from datetime import UTC, datetime

import pytest

from app.domain.errors import InvalidInput, InvariantBroken
from app.domain.sessions import Window


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


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
