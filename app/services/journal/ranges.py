"""Ranges by name: today, week, month, year, everything, or from one day to another."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

from app.domain.errors import InvalidInput
from app.services.calendar.ranges import check_range

_DAY: Final = timedelta(days=1)


class RangeName(StrEnum):
    """Which days, as a person says it; each ends with the trading day of now."""

    TODAY = "today"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"
    ALL = "all"
    CUSTOM = "custom"


#: What is meant when nothing is said: it stays small, however long there has been trading.
DEFAULT_RANGE: Final = RangeName.MONTH


@dataclass(frozen=True, slots=True)
class Days:
    """Trading days from ``first`` to ``last``, both included; ``first`` None is the beginning."""

    first: date | None
    last: date


def days_of(
    name: RangeName | None, today: date, start: date | None = None, end: date | None = None
) -> Days:
    """Return the days that are meant; ``today`` is the trading day of now.

    Without a name and days it is the month.  Weeks begin on Monday.  Days may be named only for a
    custom range, which is also meant when days are given without a name; it ends today when
    ``end`` is None.  Raises InvalidInput with the field that is wrong.
    """
    if name is None:
        name = DEFAULT_RANGE if start is None and end is None else RangeName.CUSTOM
    if name is RangeName.CUSTOM:
        return _custom(today, start, end)
    for field, given in (("start_date", start), ("end_date", end)):
        if given is not None:
            raise InvalidInput(
                f"The range {name} has its own days; ask for the range custom to name them.",
                fields={field: "only with the range custom"},
            )
    return Days(_first(name, today), today)


def _custom(today: date, start: date | None, end: date | None) -> Days:
    if start is None:
        raise InvalidInput(
            "A custom range needs the day that it starts on.",
            fields={"start_date": "must be given"},
        )
    last = max(today, start) if end is None else end
    check_range(start, last)
    return Days(start, last)


def _first(name: RangeName, today: date) -> date | None:
    firsts = {
        RangeName.TODAY: today,
        RangeName.WEEK: today - today.weekday() * _DAY,
        RangeName.MONTH: today.replace(day=1),
        RangeName.YEAR: today.replace(month=1, day=1),
    }
    return firsts.get(name)
