"""Exchanges: which weekdays have no session, and which end early."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, time
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo

from app.domain.errors import InvalidInput
from app.domain.sessions import dates
from app.domain.sessions.reading import read_clock, read_zone

_KNOWN: Final = {
    "CMES": (dates.CMES, "17:00", "12:00", "America/Chicago"),
    "XNYS": (dates.XNYS, "16:00", "13:00", "America/New_York"),
}


@dataclass(frozen=True, slots=True, eq=False)
class Exchange:
    """An exchange by its code: when it closes, usually and on half days, and its closed weekdays.

    Its days are known from the year ``first`` to the year ``last``, both in it.
    """

    name: str
    close: time
    half_close: time
    zone: ZoneInfo
    closed: frozenset[date]
    half_days: frozenset[date]
    first: int
    last: int

    def closed_on(self, day: date) -> bool:
        """True on a weekday without a session; raises InvalidInput where that is not known."""
        if not self.first <= day.year <= self.last:
            raise InvalidInput(
                f"The days of {self.name} are known from {self.first} to {self.last}, not {day}.",
                fields={"date": f"{self.first} to {self.last}"},
            )
        return day in self.closed

    def closes(self, day: date) -> time:
        """Return when the session of ``day`` ends, by the exchange's own clock."""
        return self.half_close if day in self.half_days else self.close


@cache
def exchange(name: str) -> Exchange:
    """Return the exchange of that code; raises InvalidInput when its days are not known."""
    if name not in _KNOWN:
        listed = " or ".join(sorted(_KNOWN))
        raise InvalidInput(
            f"The days of the exchange {name[:40]!r} are not known; write {listed}.",
            fields={"exchange": f"write {listed}"},
        )
    text, close, half_close, where = _KNOWN[name]
    years = [line.partition(" ") for line in text.splitlines()]
    closed = {day for year, _, days in years for day in _dates(year, days.partition("/")[0])}
    halves = {day for year, _, days in years for day in _dates(year, days.partition("/")[2])}
    return Exchange(
        name=name,
        close=read_clock(close),
        half_close=read_clock(half_close),
        zone=read_zone(where),
        closed=frozenset(closed),
        half_days=frozenset(halves),
        first=int(years[0][0]),
        last=int(years[-1][0]),
    )


def _dates(year: str, days: str) -> list[date]:
    return [date.fromisoformat(year + day) for day in days.split()]
