"""The calendar of a scope: the trading days of its accounts, added up by date."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Final

from app.domain.equity import BookDay, DayFinder
from app.domain.errors import InvalidInput
from app.domain.money import ZERO, exact
from app.domain.sessions import Roll, trading_day
from app.services.calendar.curves import DayCurve, DayCurves
from app.services.calendar.days import Basis, Calendar, CalendarDay, merged
from app.services.calendar.parts import OpenBook, OpenChanges, Part
from app.services.calendar.ranges import check_day, check_range
from app.services.ports import Clock, Store
from app.services.reads import Reads, Scope, Span, TaggedTrip
from app.services.views import Views

DEFAULT_DAYS: Final = 30
NOTE_LENGTH: Final = 2000
#: Days that are put together at a time: about 5 ms, after which others get their turn.
AT_ONCE: Final = 250

_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Ask:
    """Which days of what: a scope, its fills of one symbol, or its round trips with a tag.

    Without days it is the last 30.
    """

    scope: Scope
    start: date | None = None
    end: date | None = None
    symbol: str | None = None
    tag: str | None = None

    @property
    def basis(self) -> Basis:
        """What the P&L of a day is made of: nothing tells the open P&L of a symbol or a tag."""
        return Basis.TOTAL if self.symbol is None and self.tag is None else Basis.REALISED


class CalendarDesk:
    """Adds up trading days; ``views`` knows whose scope it is, ``curves`` what is open.

    ``pause`` is called between pieces of the work, so that others have their turn.
    """

    def __init__(
        self,
        store: Store,
        reads: Reads,
        clock: Clock,
        views: Views,
        curves: OpenBook,
        pause: Callable[[], None],
    ) -> None:
        self._store = store
        self._reads = reads
        self._clock = clock
        self._views = views
        self._pause = pause
        self._changes = OpenChanges(reads, curves)
        self._curves = DayCurves(reads, curves, pause)

    def today(self, scope: Scope) -> date:
        """Return the trading day of now, the latest of its accounts'; raises NotFound."""
        return self._today(self._parts(scope), scope, self._clock.now())

    def calendar(self, ask: Ask) -> Calendar:
        """Return the days that were asked for on which something happened, and their totals.

        Raises InvalidInput for a bad range, NotFound for a strategy or account that is not the
        user's.
        """
        now, parts = self._clock.now(), self._parts(ask.scope)
        today = self._today(parts, ask.scope, now)
        last = today if ask.end is None else ask.end
        check_day(last, "end_date")
        first = last - (DEFAULT_DAYS - 1) * _DAY if ask.start is None else ask.start
        check_range(first, last)
        days = self._days(ask, parts, (first, last), now)
        return Calendar(first, last, today, [days[each] for each in sorted(days)])

    def day(self, scope: Scope, day: date) -> CalendarDay:
        """Return one day, also one on which nothing happened; raises as ``calendar`` does."""
        found = self.calendar(Ask(scope, day, day)).days
        return found[0] if found else _nothing(day, Basis.TOTAL)

    def note(self, scope: Scope, day: date, note: str) -> str:
        """Keep what is written about the day, of the scope's account or of the user's whole.

        An empty note takes away what was.  Returns it as it is kept; raises InvalidInput, NotFound.
        """
        check_day(day, "date")
        kept = note.strip()
        if len(kept) > NOTE_LENGTH:
            raise InvalidInput(
                f"The note is longer than {NOTE_LENGTH} characters.",
                fields={"note": f"at most {NOTE_LENGTH} characters"},
            )
        self._views.check(scope)
        with self._store.write() as uow:
            uow.day_notes.save(scope.user_id, scope.account_id, day, kept, self._clock.now())
        return kept

    def _parts(self, scope: Scope) -> Sequence[Part]:
        """The accounts of the scope, each with its own days."""
        self._views.check(scope)
        with self._store.read() as uow:
            accounts = uow.accounts.list(scope.user_id)
        return [
            Part(replace(scope, account_id=account.id), Roll.parse(account.roll))
            for account in accounts
            if scope.account_id in {None, account.id}
        ]

    def _today(self, parts: Sequence[Part], scope: Scope, now: datetime) -> date:
        days = [part.today(now) for part in parts]
        return max(days) if days else trading_day(now, self._views.roll(scope))

    def _days(
        self, ask: Ask, parts: Sequence[Part], days: tuple[date, date], now: datetime
    ) -> dict[date, CalendarDay]:
        booked = self._booked(ask, parts, days)
        changes = self._open_changes(ask, parts, days, now)
        with self._store.read() as uow:
            notes = uow.day_notes.between(ask.scope.user_id, ask.scope.account_id, *days)
        shown = {*booked, *changes, *notes}
        curves = self._day_curves(ask, parts, shown, now)
        return {
            day: _shown(
                ask,
                booked.get(day, BookDay(day)),
                changes.get(day, ZERO),
                curves.get(day),
                notes.get(day, ""),
            )
            for day in self._in_turns(shown)
        }

    def _in_turns(self, days: Iterable[date]) -> Iterator[date]:
        for number, day in enumerate(days, 1):
            if not number % AT_ONCE:
                self._pause()
            yield day

    def _day_curves(
        self, ask: Ask, parts: Sequence[Part], days: Collection[date], now: datetime
    ) -> Mapping[date, DayCurve]:
        return self._curves.of(ask.scope, parts, days, now) if ask.basis is Basis.TOTAL else {}

    def _booked(
        self, ask: Ask, parts: Sequence[Part], days: tuple[date, date]
    ) -> Mapping[date, BookDay]:
        if ask.tag is None:
            return _added_up(self._reads.book_days(ask.scope, *days, ask.symbol))
        return _added_up(
            day for part in parts for day in self._tagged(part, ask.tag, ask.symbol, days)
        )

    def _tagged(
        self, part: Part, tag: str, symbol: str | None, days: tuple[date, date]
    ) -> Iterable[BookDay]:
        span = part.span(*days)
        if span is None:
            return ()
        finder = DayFinder(part.roll)
        trips = self._reads.tagged_trips(part.scope, tag, Span(*span), symbol)
        return (_ended(trip, finder) for trip in trips)

    def _open_changes(
        self, ask: Ask, parts: Sequence[Part], days: tuple[date, date], now: datetime
    ) -> Mapping[date, Decimal | None]:
        found: dict[date, Decimal | None] = {}
        for part in parts if ask.basis is Basis.TOTAL else ():
            self._pause()
            for day, change in self._changes.of(part, *days, now).items():
                found[day] = _sum(found.get(day, ZERO), change)
        return {day: change for day, change in found.items() if change != ZERO}


def _added_up(rows: Iterable[BookDay]) -> Mapping[date, BookDay]:
    days: dict[date, BookDay] = {}
    for row in rows:
        known = days.get(row.day)
        days[row.day] = row if known is None else merged(known, row)
    return days


def _ended(trip: TaggedTrip, finder: DayFinder) -> BookDay:
    """The day on which a round trip ended, with all that it made."""
    day = BookDay(finder.day_of(trip.at), gross=trip.gross, fees=trip.fees)
    return day.with_trade(trip.net)


def _shown(
    ask: Ask, booked: BookDay, change: Decimal | None, curve: DayCurve | None, note: str
) -> CalendarDay:
    realised = ask.basis is Basis.REALISED
    return CalendarDay(
        day=booked.day,
        gross=booked.gross,
        fees=booked.fees,
        fills=booked.fills if ask.tag is None else None,
        trades=booked.trades,
        wins=booked.wins,
        losses=booked.losses,
        best=booked.best,
        worst=booked.worst,
        open_change=None if realised else change,
        basis=ask.basis,
        high=curve.high if curve else None,
        low=curve.low if curve else None,
        max_drawdown=curve.max_drawdown if curve else None,
        note=note,
    )


def _nothing(day: date, basis: Basis) -> CalendarDay:
    return CalendarDay(day, ZERO, ZERO, 0, 0, open_change=ZERO, basis=basis)


@exact
def _sum(one: Decimal | None, other: Decimal | None) -> Decimal | None:
    return None if one is None or other is None else one + other
