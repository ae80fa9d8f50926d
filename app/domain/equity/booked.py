"""What one book did on each of its account's trading days, fill by fill as they are booked."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Final

from app.domain.errors import InvalidInput
from app.domain.money import ZERO, exact
from app.domain.sessions import Roll, day_bounds, trading_day

#: Before the first instant and after the last: no day is found yet.
_NOWHEN: Final = (datetime.max.replace(tzinfo=UTC), datetime.min.replace(tzinfo=UTC))


@dataclass(frozen=True, slots=True)
class BookDay:
    """A book's trading day in the quote currency: what its fills realised, what round trips earned.

    ``gross`` is before and ``fees`` the cost of the ``fills`` of the day.  ``trades`` ended on it:
    ``wins`` earned and ``losses`` lost money after commission, ``net`` is what all of them came to
    and ``best`` and ``worst`` two of them; both None without one.
    """

    day: date
    gross: Decimal = ZERO
    fees: Decimal = ZERO
    fills: int = 0
    trades: int = 0
    wins: int = 0
    losses: int = 0
    net: Decimal = ZERO
    best: Decimal | None = None
    worst: Decimal | None = None

    @property
    @exact
    def realised(self) -> Decimal:
        """Money realised after fees; negative if lost."""
        return self.gross - self.fees

    @exact
    def with_fill(self, gross: Decimal, fees: Decimal) -> BookDay:
        """Return the day with a fill that realised ``gross`` and cost ``fees``."""
        return replace(self, gross=self.gross + gross, fees=self.fees + fees, fills=self.fills + 1)

    @exact
    def with_trade(self, net: Decimal) -> BookDay:
        """Return the day with a round trip that ended on it and earned ``net``."""
        return replace(
            self,
            trades=self.trades + 1,
            wins=self.wins + (net > 0),
            losses=self.losses + (net < 0),
            net=self.net + net,
            best=net if self.best is None else max(self.best, net),
            worst=net if self.worst is None else min(self.worst, net),
        )


class DayFinder:
    """Finds the trading days of one roll; fast where one instant lies near the one before.

    An instant outside the years whose holidays are known counts by weekdays: what a venue filled is
    booked, whenever it says that it was.
    """

    def __init__(self, roll: Roll) -> None:
        self._roll = roll
        self._found = (*_NOWHEN, date.min)

    def day_of(self, at: datetime) -> date:
        """Return the trading day of the instant ``at``; exactly at the roll it is the new day."""
        begins, ends, day = self._found
        if begins <= at < ends:
            return day
        try:
            day = trading_day(at, self._roll)
            self._found = (*day_bounds(day, self._roll), day)
        except InvalidInput:
            return trading_day(at, replace(self._roll, exchange=None, at_close=False))
        return day


@dataclass(frozen=True, slots=True)
class BookedMoney:
    """What one fill did to the money: gross realised (negative if lost) and its fees (+ cost)."""

    at: datetime
    gross: Decimal
    fees: Decimal


@dataclass(frozen=True, slots=True)
class Ended:
    """When a round trip ended, and what it earned after commission."""

    at: datetime
    net: Decimal


@exact
def booked_days(
    money: Iterable[BookedMoney], trips: Iterable[Ended], days: DayFinder
) -> tuple[BookDay, ...]:
    """Return the days that all fills and round trips of one book make, oldest first."""
    sums: dict[date, tuple[Decimal, Decimal, int]] = {}
    for each in money:
        day = days.day_of(each.at)
        gross, fees, fills = sums.get(day, (ZERO, ZERO, 0))
        sums[day] = gross + each.gross, fees + each.fees, fills + 1
    found = {day: BookDay(day, *made) for day, made in sums.items()}
    for trip in trips:
        day = days.day_of(trip.at)
        found[day] = found.get(day, BookDay(day)).with_trade(trip.net)
    return tuple(found[day] for day in sorted(found))
