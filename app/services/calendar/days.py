"""The days of the calendar, and what weeks, months, years and a whole range add up to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum

from app.domain.equity import BookDay
from app.domain.money import CONTEXT, ZERO, exact


class Basis(StrEnum):
    """What the P&L of a day is made of."""

    TOTAL = "total"
    REALISED = "realised"


@dataclass(frozen=True, slots=True)
class CalendarDay:
    """One trading day in money, negative if lost; what is unknown is None.

    ``pnl`` is ``gross`` - ``fees`` + ``open_change``, and None while the price of something that
    was held at the day's begin or end is unknown; on the basis of what was realised there is no
    ``open_change``.  ``fills`` counts executions, None where round trips are picked, and ``trades``
    the round trips that ended: ``wins`` of them earned, ``losses`` lost, ``best`` and ``worst`` are
    two of them, after fees.  ``high``, ``low`` and ``max_drawdown`` are those of the day's curve.
    """

    day: date
    gross: Decimal
    fees: Decimal
    fills: int | None
    trades: int
    wins: int = 0
    losses: int = 0
    best: Decimal | None = None
    worst: Decimal | None = None
    open_change: Decimal | None = None
    basis: Basis = Basis.TOTAL
    high: Decimal | None = None
    low: Decimal | None = None
    max_drawdown: Decimal | None = None
    note: str = ""

    @property
    def realised(self) -> Decimal:
        """Money realised after fees."""
        return CONTEXT.subtract(self.gross, self.fees)

    @property
    def pnl(self) -> Decimal | None:
        """Realised after fees plus the change of the open P&L; None when that is unknown."""
        if self.basis is Basis.REALISED:
            return self.realised
        return None if self.open_change is None else CONTEXT.add(self.realised, self.open_change)

    @property
    def active(self) -> bool:
        """Whether anything happened: an execution, a round trip's end, a move of what was held."""
        if self.fills or self.trades:
            return True
        moved = self.open_change is None or bool(self.open_change)
        return moved and self.basis is Basis.TOTAL


@exact
def merged(one: BookDay, other: BookDay) -> BookDay:
    """Return two books' day as one; the day is that of ``one``."""
    return BookDay(
        day=one.day,
        gross=one.gross + other.gross,
        fees=one.fees + other.fees,
        fills=one.fills + other.fills,
        trades=one.trades + other.trades,
        wins=one.wins + other.wins,
        losses=one.losses + other.losses,
        net=one.net + other.net,
        best=_of(max, one.best, other.best),
        worst=_of(min, one.worst, other.worst),
    )


@dataclass(frozen=True, slots=True)
class Total:
    """What the days of a stretch add up to, exactly.

    ``first`` and ``last`` are the stretch, both in it, as far as it was asked for.  ``pnl`` is None
    when the P&L of one of its days is: ``unknown`` names those, and ``known_pnl`` is the sum of all
    others.  ``up`` and ``down`` count days with a gain and with a loss; ``fills`` is None where
    round trips are picked.
    """

    name: str
    first: date
    last: date
    days: int
    up: int
    down: int
    known_pnl: Decimal
    unknown: tuple[date, ...]
    gross: Decimal
    fees: Decimal
    fills: int | None
    trades: int
    wins: int
    losses: int
    best: Decimal | None
    worst: Decimal | None

    @property
    def pnl(self) -> Decimal | None:
        """The sum of the days' P&L; None when one of them is unknown."""
        return None if self.unknown else self.known_pnl

    @property
    def realised(self) -> Decimal:
        """Money realised after fees."""
        return CONTEXT.subtract(self.gross, self.fees)


@dataclass(frozen=True, slots=True)
class Calendar:
    """The days from ``first`` to ``last`` on which something happened, oldest first, and totals."""

    first: date
    last: date
    today: date
    days: Sequence[CalendarDay]

    @property
    def total(self) -> Total:
        """What the whole range adds up to."""
        return total("range", self.first, self.last, self.days)

    @property
    def weeks(self) -> Sequence[Total]:
        """The totals of the ISO weeks, from Monday to Sunday, oldest first: "2026-W10"."""
        return self._by(_week)

    @property
    def months(self) -> Sequence[Total]:
        """The totals of the months, oldest first: "2026-03"."""
        return self._by(_month)

    @property
    def years(self) -> Sequence[Total]:
        """The totals of the years, oldest first: "2026"."""
        return self._by(_year)

    def _by(self, stretch: Callable[[date], Stretch]) -> Sequence[Total]:
        found: list[tuple[Stretch, list[CalendarDay]]] = []
        for day in self.days:
            if not found or found[-1][0][2] < day.day:
                found.append((stretch(day.day), []))
            found[-1][1].append(day)
        return [
            total(name, max(first, self.first), min(last, self.last), days)
            for (name, first, last), days in found
        ]


Stretch = tuple[str, date, date]
"""The name of a stretch, its first and its last day."""


@exact
def total(name: str, first: date, last: date, days: Sequence[CalendarDay]) -> Total:
    """Return what ``days``, all from ``first`` to ``last``, add up to."""
    pnls = [day.pnl for day in days]
    known = [pnl for pnl in pnls if pnl is not None]
    fills = [day.fills for day in days if day.fills is not None]
    return Total(
        name=name,
        first=first,
        last=last,
        days=sum(day.active for day in days),
        up=sum(pnl > 0 for pnl in known),
        down=sum(pnl < 0 for pnl in known),
        known_pnl=sum(known, ZERO),
        unknown=tuple(day.day for day, pnl in zip(days, pnls, strict=True) if pnl is None),
        gross=sum((day.gross for day in days), ZERO),
        fees=sum((day.fees for day in days), ZERO),
        fills=sum(fills) if len(fills) == len(days) else None,
        trades=sum(day.trades for day in days),
        wins=sum(day.wins for day in days),
        losses=sum(day.losses for day in days),
        best=_of(max, *(day.best for day in days)),
        worst=_of(min, *(day.worst for day in days)),
    )


def _of(choose: Callable[[Iterable[Decimal]], Decimal], *values: Decimal | None) -> Decimal | None:
    known = [each for each in values if each is not None]
    return choose(known) if known else None


def _week(day: date) -> Stretch:
    year, week, weekday = day.isocalendar()
    monday = day - timedelta(days=weekday - 1)
    return f"{year}-W{week:02d}", monday, monday + timedelta(days=6)


def _month(day: date) -> Stretch:
    first = day.replace(day=1)
    following = (first + timedelta(days=31)).replace(day=1)
    return f"{day:%Y-%m}", first, following - timedelta(days=1)


def _year(day: date) -> Stretch:
    return f"{day:%Y}", day.replace(month=1, day=1), day.replace(month=12, day=31)
