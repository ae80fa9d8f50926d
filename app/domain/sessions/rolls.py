"""When a trading day begins and ends."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from app.domain.errors import InvalidInput
from app.domain.sessions.exchanges import Exchange, exchange
from app.domain.sessions.reading import on_the_wall, read_clock, read_zone, unreadable

_NOON: Final = time(12)
_DAY: Final = timedelta(days=1)
_SATURDAY: Final = 5
_ROLL_TEXT: Final = re.compile(r"(\S+) (\S+)(?:( weekdays)| holidays (\S+))?")
_CLOSE_TEXT: Final = re.compile(r"close (\S+)")


@dataclass(frozen=True, slots=True)
class Roll:
    """When a trading day begins: local ``at`` in ``zone``.

    A roll from noon on opens the next date's day (16:00 in Chicago on Sunday is Monday), an earlier
    one that of its own date (00:00 UTC is the UTC date).  With ``roll_weekend`` what would be
    Saturday's or Sunday's day belongs to Monday's, and with an ``exchange`` what would be the day
    of one of its holidays belongs to the next day that is none.  With ``at_close`` a day begins
    when that exchange closes, on half days earlier than ``at``.
    """

    at: time
    zone: ZoneInfo
    roll_weekend: bool = False
    exchange: Exchange | None = None
    at_close: bool = False

    @staticmethod
    def parse(text: str) -> Roll:
        """Read a roll: of every date, of weekdays, without an exchange's holidays, or its close.

        "16:00 America/Chicago", "16:00 America/Chicago weekdays", "16:00 America/Chicago holidays
        CMES", "close XNYS".  Raises InvalidInput when the time, zone or exchange is none.
        """
        text = text.strip()
        at_close = _CLOSE_TEXT.fullmatch(text)
        if at_close is not None:
            of = exchange(at_close[1])
            return Roll(of.close, of.zone, roll_weekend=True, exchange=of, at_close=True)
        match = _ROLL_TEXT.fullmatch(text)
        if match is None:
            raise unreadable("roll", text, "16:00 America/Chicago")
        without = None if match[4] is None else exchange(match[4])
        weekdays = match[3] is not None or without is not None
        return Roll(
            read_clock(match[1]), read_zone(match[2]), roll_weekend=weekdays, exchange=without
        )

    def __str__(self) -> str:
        """Return the text that ``parse`` reads."""
        if self.exchange is not None and self.at_close:
            return f"close {self.exchange.name}"
        days = " weekdays" if self.roll_weekend else ""
        if self.exchange is not None:
            days = f" holidays {self.exchange.name}"
        return f"{self.at:%H:%M} {self.zone.key}{days}"

    def opens(self, day: date) -> datetime:
        """Return the UTC instant at which the day of the date ``day`` would begin."""
        start = day - _DAY if self.at >= _NOON else day
        of = self.exchange if self.at_close else None
        at = self.at if of is None else of.closes(start)
        return datetime.combine(start, at, self.zone).astimezone(UTC)

    def is_trading_day(self, day: date) -> bool:
        """True when ``day`` is a trading day; raises InvalidInput where holidays are not known."""
        if self.roll_weekend and day.weekday() >= _SATURDAY:
            return False
        return self.exchange is None or not self.exchange.closed_on(day)


def trading_day(at: datetime, roll: Roll) -> date:
    """Return the trading day of the instant ``at``; exactly at the roll it is the new day.

    Raises InvalidInput where the holidays of the roll's exchange are not known.
    """
    day = on_the_wall(at, roll.zone).date() + _DAY
    while at < roll.opens(day):
        day -= _DAY
    while not roll.is_trading_day(day):
        day += _DAY
    return day


def trading_days(first: date, last: date, roll: Roll) -> Iterator[date]:
    """Yield each trading day from ``first`` to ``last``, both in it."""
    day = first
    while day <= last:
        if roll.is_trading_day(day):
            yield day
        day += _DAY


def day_bounds(day: date, roll: Roll) -> tuple[datetime, datetime]:
    """Return the UTC instants at which the trading day begins (in it) and ends (not in it).

    Raises InvalidInput for a weekend or a holiday of a roll that has no such days.
    """
    if not roll.is_trading_day(day):
        weekend = day.weekday() >= _SATURDAY
        why = "its weeks run from Monday to Friday" if weekend else "its exchange is closed"
        raise InvalidInput(f"{day} is no trading day: {why}.")
    first = day
    while not roll.is_trading_day(first - _DAY):
        first -= _DAY
    return roll.opens(first), roll.opens(day + _DAY)


def next_roll(at: datetime, roll: Roll) -> datetime:
    """Return the UTC instant at which the trading day of ``at`` ends; always later than ``at``."""
    return day_bounds(trading_day(at, roll), roll)[1]
