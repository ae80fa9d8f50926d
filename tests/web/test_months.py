"""The month's grid has a cell for each day that it must show, with what the day is made of."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from app.services.calendar import CalendarDay
from app.web.months import month_grid, year_grid
from app.web.vendor import MINUS

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


def traded(day: int, gross: str, change: str | None, fall: str | None = None) -> CalendarDay:
    return CalendarDay(
        date(2026, 11, day),
        Decimal(gross),
        Decimal("2.25"),
        2,
        1,
        open_change=None if change is None else Decimal(change),
        max_drawdown=None if fall is None else Decimal(fall),
    )


def test_a_day_says_what_it_is_made_of() -> None:
    grid: dict[str, Any] = month_grid(
        FIRST, [traded(3, "130", "0", "25"), traded(4, "-10", "0")], date(2026, 11, 20)
    )
    words = [day["words"] for day in grid["weeks"][0]["days"]]
    assert words == [
        "",
        "Gross +$130.00, fees $2.25, 1 trade, max drawdown $25.00",
        f"Gross {MINUS}$10.00, fees $2.25, 1 trade",
        "",
        "",
    ]


def test_a_day_of_unknown_price_is_shown_and_counted_and_in_no_total() -> None:
    known, unknown = traded(3, "130", "0"), traded(4, "50", None)
    grid: dict[str, Any] = month_grid(FIRST, [known, unknown], date(2026, 11, 20))
    assert (grid["total"], grid["unknown"], grid["traded"]) == (Decimal("127.75"), 1, 2)
    assert [day["unknown"] for day in grid["weeks"][0]["days"]] == [
        False,
        False,
        True,
        False,
        False,
    ]
    assert year_grid(date(2026, 1, 1), [known, unknown], date(2026, 11, 20))["unknown"] == 1
