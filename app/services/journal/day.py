"""One trading day of the journal: the round trips that ended on it, and what is left over."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Final

from app.domain.instruments import resolve
from app.domain.money import ZERO, exact
from app.domain.orders import Fill
from app.domain.positions import effect
from app.domain.sessions import Roll, day_bounds, trading_day
from app.services.journal.desk import JournalDesk, Told
from app.services.journal.shares import multiplier_of, shares
from app.services.ports import Clock, Store
from app.services.reads import FillRow, Paging, Reads, Scope, Signalled, Span
from app.services.views import Views

#: Round trips and fills of one account that a day shows at most.
MOST: Final = 500
_DAY: Final = timedelta(days=1)
#: No market is closed for longer.
_FARTHEST: Final = 15


@dataclass(frozen=True, slots=True)
class Loose:
    """A fill of the day, and the signed ``quantity`` of it that no round trip ended on that day."""

    row: FillRow
    quantity: Decimal


@dataclass(frozen=True, slots=True)
class DayBook:
    """The day ``day`` of each account by its own roll, from ``start`` (in it) to ``end`` (not).

    ``before`` and ``after`` are the trading days beside it, None in the future.  ``start`` and
    ``end`` are None on a day on which no account trades.  ``whole`` says that nothing was left out
    because there was too much; else there is nothing in ``loose``.
    """

    day: date
    before: date
    after: date | None
    start: datetime | None
    end: datetime | None
    trips: Sequence[Told]
    loose: Sequence[Loose]
    whole: bool


@dataclass(frozen=True, slots=True)
class _Part:
    scope: Scope
    roll: Roll


class DayDesk:
    """Opens trading days; nothing here changes anything."""

    def __init__(
        self, store: Store, reads: Reads, clock: Clock, views: Views, journal: JournalDesk
    ) -> None:
        self._store = store
        self._reads = reads
        self._clock = clock
        self._views = views
        self._journal = journal

    def open(self, scope: Scope, day: date) -> DayBook:
        """Return the day; raises NotFound for a strategy or account that is not the user's."""
        parts = self._parts(scope)
        spans = [(part, day_bounds(day, part.roll)) for part in parts if _trades(part, day)]
        trips, loose, whole = list[Told](), list[Loose](), True
        for part, bounds in spans:
            ended, left = self._of(part.scope, Span(*bounds))
            trips += ended
            loose += left or ()
            whole = whole and left is not None
        today = max((trading_day(self._clock.now(), each.roll) for each in parts), default=day)
        after = _beside(parts, day, 1)
        return DayBook(
            day=day,
            before=_beside(parts, day, -1),
            after=after if after <= today else None,
            start=min((start for _, (start, _) in spans), default=None),
            end=max((end for _, (_, end) in spans), default=None),
            trips=sorted(trips, key=lambda each: each.row.trip.closed_at),
            loose=sorted(loose, key=lambda each: each.row.fill.at) if whole else (),
            whole=whole,
        )

    def _parts(self, scope: Scope) -> list[_Part]:
        self._views.check(scope)
        with self._store.read() as uow:
            accounts = uow.accounts.list(scope.user_id)
        return [
            _Part(replace(scope, account_id=account.id), Roll.parse(account.roll))
            for account in accounts
            if scope.account_id in {None, account.id}
        ]

    def _of(self, scope: Scope, span: Span) -> tuple[Sequence[Told], list[Loose] | None]:
        """The account's round trips and what is left over; None when there is too much."""
        ended = self._journal.page(scope, Paging(page_size=MOST), span=span)
        fills = self._reads.fills(scope, Paging(page_size=MOST), span=span)
        if ended.total > MOST or fills.total > MOST:
            return ended.rows, None
        signals = self._reads.signals([each.row for each in ended.rows])
        parts = [(each, signals.get(each.row.id, ())) for each in ended.rows]
        return ended.rows, list(_left(fills.rows, _covered(parts)))


@exact
def _covered(trips: Iterable[tuple[Told, Sequence[Signalled]]]) -> dict[str, Decimal]:
    """The quantity of each fill that belongs to one of these round trips."""
    found: dict[str, Decimal] = {}
    for told, signals in trips:
        fills, trip = [each.fill for each in signals], told.row.trip
        for fill, part in zip(fills, shares(trip, fills, multiplier_of(trip)), strict=True):
            found[fill.venue_fill_id] = found.get(fill.venue_fill_id, ZERO) + part
    return found


@exact
def _left(rows: Iterable[FillRow], covered: dict[str, Decimal]) -> Iterator[Loose]:
    for row in rows:
        quantity = _quantity(row.fill) - covered.get(row.fill.venue_fill_id, ZERO)
        if quantity:
            yield Loose(row, quantity)


def _quantity(fill: Fill) -> Decimal:
    multiplier = resolve(fill.symbol, fill.at.date()).instrument.multiplier
    return effect(fill, multiplier).quantity


def _trades(part: _Part, day: date) -> bool:
    return part.roll.is_trading_day(day)


def _beside(parts: Sequence[_Part], day: date, step: int) -> date:
    """The next day, that way, on which one of the accounts trades."""
    for distance in range(1, _FARTHEST):
        there = day + distance * step * _DAY
        if any(_trades(part, there) for part in parts):
            return there
    return day + step * _DAY
