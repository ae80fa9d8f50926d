"""The accounts of a calendar, each with trading days of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from itertools import pairwise
from typing import Final, Protocol

from app.domain.money import ZERO, exact
from app.domain.sessions import Roll, day_bounds, trading_day, trading_days
from app.services.reads import Reads, Scope

_DAY: Final = timedelta(days=1)


class OpenBook(Protocol):
    """The recorder's curves, by (user, strategy, account); None stands for all."""

    def curve_id(
        self, user_id: str | None, strategy_id: str | None, account_id: str | None
    ) -> int | None:
        """The id of the recorded series; None when there is none yet."""
        ...

    def open_now(
        self, user_id: str | None, strategy_id: str | None, account_id: str | None
    ) -> Decimal | None:
        """The open P&L at this moment; None while a price is unknown."""
        ...


@dataclass(frozen=True, slots=True)
class Grid:
    """Trading days one after another, and the epoch seconds that they begin and end at.

    ``edges`` holds one more than ``days``: each ends where the next begins.
    """

    days: Sequence[date]
    edges: Sequence[int]


@lru_cache(maxsize=256)
def grid(first: date, last: date, roll: Roll) -> Grid:
    """Return the trading days from ``first`` to ``last``, both in it.

    Raises InvalidInput where the holidays of the roll's exchange are not known.
    """
    days = tuple(trading_days(first, last, roll))
    if not days:
        return Grid((), ())
    ends = (roll.opens(day + _DAY) for day in days)
    begins = day_bounds(days[0], roll)[0]
    return Grid(days, tuple(int(each.timestamp()) for each in (begins, *ends)))


@dataclass(frozen=True, slots=True)
class Part:
    """One account of a scope, and when its trading day begins."""

    scope: Scope
    roll: Roll

    def today(self, now: datetime) -> date:
        """Return the account's trading day of ``now``."""
        return trading_day(now, self.roll)

    def span(self, first: date, last: date) -> tuple[datetime, datetime] | None:
        """Return the instants of the account's days in the range; None when it has none there."""
        days = grid(first, last, self.roll).days
        return (
            (day_bounds(days[0], self.roll)[0], day_bounds(days[-1], self.roll)[1])
            if days
            else None
        )


class OpenChanges:
    """Tells how the open P&L of an account changed from day to day."""

    def __init__(self, reads: Reads, curves: OpenBook) -> None:
        self._reads = reads
        self._curves = curves

    def of(
        self, part: Part, first: date, last: date, now: datetime
    ) -> Mapping[date, Decimal | None]:
        """Return the change of the open P&L on each day on which it moved; None where unknown.

        A day that is still on has come as far as ``now``.
        """
        series_id = self._curves.curve_id(*_key(part.scope))
        found = grid(first, min(last, part.today(now)), part.roll)
        if series_id is None or not found.days:
            return {}
        marks = self._marks(series_id, part.scope, found.edges, int(now.timestamp()))
        changes = zip(found.days, pairwise(marks), strict=True)
        return {day: moved for day, pair in changes if (moved := _change(*pair)) != ZERO}

    def _marks(
        self, series_id: int, scope: Scope, edges: Sequence[int], now: int
    ) -> Sequence[Decimal | None]:
        """The open P&L just before each edge: what is realised at the edge is no longer open."""
        marks = self._reads.open_pnl(series_id, [min(edge - 1, now) for edge in edges])
        live = self._curves.open_now(*_key(scope)) if edges[-1] > now else None
        return marks if live is None else [*marks[:-1], live]


def _key(scope: Scope) -> tuple[str, str | None, str | None]:
    return scope.user_id, scope.strategy_id, scope.account_id


@exact
def _change(before: Decimal | None, after: Decimal | None) -> Decimal | None:
    return None if before is None or after is None else after - before
