"""Ranges of days that can be asked for."""

from __future__ import annotations

from datetime import date
from typing import Final

from app.domain.errors import InvalidInput

MOST_DAYS: Final = 3660
#: Years of days that can be asked for; others cannot be turned into instants everywhere.
YEARS: Final = range(1970, 2200)


def check_range(first: date, last: date) -> None:
    """Raise InvalidInput, with the field, unless the days run on, within ten years, from 1970."""
    for field, day in (("start_date", first), ("end_date", last)):
        check_day(day, field)
    if last < first:
        raise InvalidInput(
            "The end of the range lies before its start.",
            fields={"end_date": "must not be before start_date"},
        )
    if (last - first).days > MOST_DAYS:
        raise InvalidInput(
            "The range is longer than ten years.",
            fields={"start_date": "must lie within ten years of end_date"},
        )


def check_day(day: date, field: str) -> None:
    """Raise InvalidInput, with the field, for a day that is not of our time."""
    if day.year not in YEARS:
        raise InvalidInput("The date is not of our time.", fields={field: "1970 to 2199"})
