"""When the stand-in's market is open: by the exchange's calendar, or as it was told."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from app.clock import SystemClock
from app.domain.sessions import exchange
from tests.venues.alpaca.words import Json

NEW_YORK: Final = ZoneInfo("America/New_York")
_OPEN, _EARLY, _LATE = time(9, 30), time(4), time(20)
_SATURDAY: Final = 5


class Session(StrEnum):
    """Which part of the day it is for stocks; crypto trades in all of them."""

    REGULAR = "open"
    EXTENDED = "extended"
    CLOSED = "closed"


class Hours:
    """The stand-in's clock, which may be set ahead, and its market hours, which may be forced."""

    def __init__(self) -> None:
        self._clock = SystemClock()
        self._ahead = timedelta(0)
        self._days = exchange("XNYS")
        self.forced: Session | None = None

    def now(self) -> datetime:
        """The present instant at the venue."""
        return self._clock.now() + self._ahead

    def advance(self, seconds: float) -> None:
        """Set the venue's clock ahead."""
        self._ahead += timedelta(seconds=seconds)

    @property
    def ahead_s(self) -> float:
        """By how much the venue's clock is ahead of the machine's."""
        return self._ahead.total_seconds()

    @property
    def session(self) -> Session:
        """The session of stocks now."""
        if self.forced is not None:
            return self.forced
        at = self.now().astimezone(NEW_YORK)
        bounds = self.bounds(at.date())
        if bounds is None:
            return Session.CLOSED
        if bounds[0] <= at < bounds[1]:
            return Session.REGULAR
        return Session.EXTENDED if _EARLY <= at.time() < _LATE else Session.CLOSED

    def bounds(self, day: date) -> tuple[datetime, datetime] | None:
        """When the regular session of a day begins and ends; None when there is none."""
        if day.weekday() >= _SATURDAY or self._days.closed_on(day):
            return None
        return (
            datetime.combine(day, _OPEN, NEW_YORK),
            datetime.combine(day, self._days.closes(day), NEW_YORK),
        )

    def regular(self, at: datetime) -> bool:
        """Whether the calendar has a regular session at an instant."""
        bounds = self.bounds(at.astimezone(NEW_YORK).date())
        return bounds is not None and bounds[0] <= at < bounds[1]

    def clock_json(self) -> Json:
        """What GET /v2/clock says."""
        at = self.now().astimezone(NEW_YORK)
        is_open = self.session is Session.REGULAR
        opens, closes = self._next(at, 0), self._next(at, 1)
        if is_open and opens < closes:
            closes = at.replace(microsecond=0) + timedelta(hours=1)
        return {
            "timestamp": at.isoformat(),
            "is_open": is_open,
            "next_open": opens.isoformat(),
            "next_close": closes.isoformat(),
        }

    def calendar_json(self, start: date, end: date) -> list[Json]:
        """What GET /v2/calendar says of the days from start to end, both in it."""
        days = (start + timedelta(days=n) for n in range((end - start).days + 1))
        found = ((day, self.bounds(day)) for day in days)
        return [
            {
                "date": day.isoformat(),
                "open": bounds[0].strftime("%H:%M"),
                "close": bounds[1].strftime("%H:%M"),
                "session_open": "0400",
                "session_close": "2000",
                "settlement_date": (day + timedelta(days=1)).isoformat(),
            }
            for day, bounds in found
            if bounds is not None
        ]

    def _next(self, at: datetime, which: int) -> datetime:
        for ahead in range(15):
            bounds = self.bounds(at.date() + timedelta(days=ahead))
            if bounds is not None and bounds[which] > at:
                return bounds[which]
        raise ValueError("The calendar has no session within two weeks.")
