"""The month's grid has a cell for each day that it must show."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from app.web.months import month_grid

FIRST = date(2026, 11, 1)


def days(today: date) -> list[Any]:
    grid: dict[str, Any] = month_grid(FIRST, [], today)
    return [day for week in grid["weeks"] for day in week["days"] if not day["out"]]


@pytest.mark.parametrize(
    ("today", "count"),
    [(date(2026, 11, 20), 21), (date(2026, 11, 21), 30), (date(2026, 12, 5), 21)],
)
def test_a_month_shows_its_weekends_only_when_today_is_one_of_them(today: date, count: int) -> None:
    assert len(days(today)) == count


def test_today_always_has_a_cell() -> None:
    for number in range(1, 31):
        today = date(2026, 11, number)
        assert [day["date"] for day in days(today) if day["today"]] == [today.isoformat()]
