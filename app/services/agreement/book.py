"""One book: folded again from its fills, piece by piece, and held against every stored number."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final

from app.domain import journal, positions
from app.domain.equity import BookDay, DayFinder
from app.domain.errors import InvalidInput, InvariantBroken
from app.domain.instruments import resolve
from app.domain.journal import RoundTrip, Trip
from app.domain.money import wire
from app.domain.positions import FLAT, Position, Step
from app.domain.safety.agreement import Difference, Kept, Place
from app.domain.sessions import Roll
from app.services.ports import BookKey, StoredBooks, StoredFill, StoredTrip

#: Fills that are folded and compared at a time: a few milliseconds.
PIECE: Final = 32
#: Differences of one book that are kept and told; the others are counted.
MOST: Final = 50
#: Ids of round trips that are looked through at a time.
_SHELF: Final = 500

_POSITION: Final = tuple(each.name for each in fields(Position))
_TRIP: Final = tuple(each.name for each in fields(Trip) if each.compare)
_ROUND_TRIP: Final = tuple(each.name for each in fields(RoundTrip) if each.compare)
_DAY: Final = tuple(each.name for each in fields(BookDay) if each.name != "day")


@dataclass
class BookCheck:
    """A look at one book within one state of the database; ``pieces`` does the work.

    ``found`` holds the first of the ``differing`` numbers, ``position`` is what the fills say that
    the book holds, and ``booked_at`` when we booked its newest fill, None without one.  It is not
    ``whole`` when something in it cannot be folded at all.
    """

    stored: StoredBooks
    key: BookKey
    user_id: str | None
    roll: str
    today: date
    found: list[Difference] = field(default_factory=list)
    differing: int = 0
    fills: int = 0
    whole: bool = True
    position: Position = FLAT
    booked_at: datetime | None = None
    _trip: Trip | None = None
    _days: dict[date, BookDay] = field(default_factory=dict)
    _openings: set[str] = field(default_factory=set)

    def pieces(self) -> Iterator[None]:
        """Go through the fills, then what they lead to; after each piece others may have a turn."""
        try:
            multiplier = resolve(self.key.symbol, self.today).instrument.multiplier
        except InvalidInput:
            self.whole = False
            self._differs(Kept.POSITION, "", "symbol", self.key.symbol, None)
            return
        finder, last = DayFinder(Roll.parse(self.roll)), None
        while rows := self.stored.fills(self.key, last, PIECE):
            try:
                closed = [each for row in rows for each in self._fold(row, multiplier, finder)]
            except InvariantBroken:
                self.whole = False
                return
            self._compare_trips(closed)
            last = rows[-1].fill
            yield
        self._compare_book()
        yield
        self._compare_days()
        yield
        yield from self._find_strangers()

    def _fold(self, row: StoredFill, multiplier: Decimal, days: DayFinder) -> Sequence[RoundTrip]:
        """Take in one fill; raises InvariantBroken, after noting it, when it books nothing."""
        fill = row.fill
        self.fills += 1
        self.booked_at = max(self.booked_at or row.booked_at, row.booked_at)
        try:
            step = Step(fill, self.position, positions.apply(self.position, fill, multiplier))
        except InvariantBroken:
            self._differs(Kept.FILL, fill.venue_fill_id, "quantity", fill.quantity, None)
            raise
        progress = journal.advance(self._trip, fill, multiplier)
        self.position, self._trip = step.after, progress.open
        if row.realised != step.realised_gross:
            name, derived = fill.venue_fill_id, step.realised_gross
            self._differs(Kept.FILL, name, "realised", row.realised, derived)
        day = days.day_of(fill.at)
        sofar = self._days.get(day, BookDay(day)).with_fill(step.realised_gross, step.commission)
        if progress.closed is None:
            self._days[day] = sofar
            return ()
        self._days[day] = sofar.with_trade(progress.closed.net)
        return (progress.closed,)

    def _compare_trips(self, closed: Sequence[RoundTrip]) -> None:
        if not closed:
            return
        ids = [trip.opening_fill_id for trip in closed]
        self._openings.update(ids)
        found = {each.trip.opening_fill_id: each for each in self.stored.trips(self.key, ids)}
        for trip in closed:
            self._compare_trip(found.get(trip.opening_fill_id), trip)

    def _compare_trip(self, stored: StoredTrip | None, derived: RoundTrip) -> None:
        item = derived.opening_fill_id
        if stored is None:
            self._differs(Kept.TRADE, item, "net", None, derived.net)
            return
        self._compare(Kept.TRADE, item, _ROUND_TRIP, stored.trip, derived)
        if stored.net != derived.net:
            self._differs(Kept.TRADE, item, "net", stored.net, derived.net)

    def _compare_book(self) -> None:
        book = self.stored.book(self.key)
        if book is None:
            if self.fills:
                earned = self.position.realised_gross
                self._differs(Kept.POSITION, "", "realised_gross", None, earned)
            return
        self._compare(Kept.POSITION, "", _POSITION, book.position, self.position)
        if book.trip is not None and self._trip is not None:
            self._compare(Kept.OPEN_TRADE, "", _TRIP, book.trip, self._trip)
        elif book.trip is not self._trip:
            stored, derived = _quantity(book.trip), _quantity(self._trip)
            self._differs(Kept.OPEN_TRADE, "", "quantity", stored, derived)

    def _compare_days(self) -> None:
        stored = {each.day: each for each in self.stored.days(self.key)}
        for day in sorted(stored.keys() | self._days.keys()):
            ours, derived = stored.get(day), self._days.get(day)
            if ours is not None and derived is not None:
                self._compare(Kept.DAY, day.isoformat(), _DAY, ours, derived)
            else:
                self._differs(Kept.DAY, day.isoformat(), "gross", _gross(ours), _gross(derived))

    def _find_strangers(self) -> Iterator[None]:
        """Find stored round trips that no fill opened."""
        after = ""
        while ids := self.stored.openings(self.key, after, _SHELF):
            strange = [each for each in ids if each not in self._openings]
            for row in self.stored.trips(self.key, strange) if strange else ():
                self._differs(Kept.TRADE, row.trip.opening_fill_id, "net", row.net, None)
            after = ids[-1]
            yield

    def _compare(
        self, kept: Kept, item: str, names: Sequence[str], stored: object, derived: object
    ) -> None:
        for name in names:
            ours, theirs = getattr(stored, name), getattr(derived, name)
            if ours != theirs:
                self._differs(kept, item, name, ours, theirs)

    def _differs(self, kept: Kept, item: str, name: str, stored: Any, derived: Any) -> None:  # noqa: ANN401
        self.differing += 1
        if len(self.found) >= MOST:
            return
        key = self.key
        place = Place(kept, name, item, self.user_id, key.strategy_id, key.account_id, key.symbol)
        self.found.append(Difference(place, text_of(stored), text_of(derived)))


def _quantity(trip: Trip | None) -> Decimal | None:
    return None if trip is None else trip.quantity


def _gross(day: BookDay | None) -> Decimal | None:
    return None if day is None else day.gross


def text_of(value: Any) -> str | None:  # noqa: ANN401  any field of a record
    """Return a stored value as it is shown: money as decimal text, instants as ISO 8601 UTC."""
    if value is None:
        return None
    if isinstance(value, Decimal):
        return wire(value)
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    return value.value if isinstance(value, StrEnum) else str(value)
