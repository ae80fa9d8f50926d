"""How far each open round trip went, second by second, in memory; written when it moved."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import islice
from typing import Final

from app.domain.events import Fact, FactKind
from app.domain.excursions import Excursion
from app.domain.instruments import resolve
from app.domain.journal import Trip
from app.domain.money import CONTEXT, ZERO, exact
from app.domain.remarks import TripId
from app.services.ports import BookKey, Quotes, Store

#: Known seconds that may pass before their count is written though nothing moved.
UNWRITTEN_S: Final = 60
#: Round trips under way that are written in one second; others wait, those longest first.
MOST_WRITTEN: Final = 250

Found = Mapping[TripId, Excursion]


@dataclass(slots=True)
class _Open:
    """A round trip under way, worth ``paid`` + ``units`` times the price; ``kept`` is stored."""

    id: TripId
    symbol: str
    paid: Decimal
    units: Decimal
    found: Excursion | None
    kept: Excursion | None

    def due(self) -> bool:
        """Whether it has to be written."""
        if self.found is None or self.kept is None:
            return self.found is not None
        reached, before = (self.found.worst, self.found.best), (self.kept.worst, self.kept.best)
        return reached != before or self.found.seconds - self.kept.seconds >= UNWRITTEN_S


class ExcursionBook:
    """Every round trip under way with its worst and best P&L; kept true by facts and ticks.

    Only the recorder's tick may ``observe`` and write.
    """

    def __init__(self, store: Store, quotes: Quotes) -> None:
        self._store = store
        self._quotes = quotes
        self._noting = threading.Lock()
        self._changed: set[BookKey] = set()
        self._everything = True
        self._multipliers: dict[str, Decimal] = {}
        self._open: dict[BookKey, _Open] = {}
        self._ended: dict[TripId, Excursion] = {}

    def follow(self, facts: Sequence[Fact]) -> None:
        """Listen to the bus: remember which books have to be read again."""
        changed = {
            BookKey(fact.strategy_id or "", fact.account_id or "", str(fact.data["symbol"]))
            for fact in facts
            if fact.kind is FactKind.POSITION_CHANGED
        }
        with self._noting:
            self._changed |= changed

    def forget(self) -> None:
        """Know nothing more, so that everything is read anew: another server traded meanwhile."""
        with self._noting:
            self._everything = True

    def observe(self, now: datetime) -> None:
        """Value every open round trip at the marks of this second; unknown prices are left out."""
        self._refresh(now)
        marks: dict[str, Decimal | None] = {}
        for each in self._open.values():
            if each.symbol not in marks:
                quote = self._quotes.fresh(each.symbol, now)
                marks[each.symbol] = None if quote is None else quote.mark
        self._value(marks, now)

    def moved(self) -> Found:
        """What is to be written now: round trips that ended, and extremes that moved.

        In a market that moves every extreme each second it is a part of them, and the rest later:
        what is in memory is true meanwhile, and a crash loses no more than those few seconds.
        """
        due = (each for each in self._open.values() if each.due())
        picked = islice(due, MOST_WRITTEN)
        open_ones = {each.id: each.found for each in picked if each.found is not None}
        return self._ended | open_ones

    def wrote(self, found: Found) -> None:
        """Hear that ``found`` is kept."""
        for trip_id in found:
            self._ended.pop(trip_id, None)
        for key, each in [*self._open.items()]:
            if each.id in found:
                each.kept = found[each.id]
                # The last to be written next time.
                self._open[key] = self._open.pop(key)

    @exact
    def _value(self, marks: Mapping[str, Decimal | None], now: datetime) -> None:
        for each in self._open.values():
            mark = marks[each.symbol]
            if mark is None:
                continue
            value = each.paid + each.units * mark
            found = each.found
            each.found = found.after(value, now) if found else Excursion.begun(value, now)

    def _refresh(self, now: datetime) -> None:
        """Read what changed; what could not be read stays noted."""
        with self._noting:
            everything, self._everything = self._everything, False
            changed, self._changed = self._changed, set()
        if not everything and not changed:
            return
        try:
            self._read(changed, now, everything=everything)
        except BaseException:
            with self._noting:
                self._everything |= everything
                self._changed |= changed
            raise

    def _read(self, changed: set[BookKey], now: datetime, *, everything: bool) -> None:
        with self._store.read() as uow:
            if everything:
                self._open, self._ended = {}, {}
                books: dict[BookKey, Trip | None] = {**uow.positions.under_way()}
            else:
                books = {key: uow.positions.get(key).trip for key in changed}
            begun = {_id(key, trip) for key, trip in books.items() if trip is not None}
            stored = uow.excursions.of(begun - {each.id for each in self._open.values()})
        for key, trip in books.items():
            self._turn(key, None if trip is None else _id(key, trip))
            if trip is not None:
                self._place(key, trip, stored, now)

    def _turn(self, key: BookKey, now_open: TripId | None) -> None:
        """Let go of the book's round trip when another one, or none, is under way."""
        before = self._open.get(key)
        if before is None or before.id == now_open:
            return
        del self._open[key]
        if before.found is not None and before.found != before.kept:
            self._ended[before.id] = before.found

    def _place(self, key: BookKey, trip: Trip, stored: Found, now: datetime) -> None:
        multiplier = self._multiplier(trip.symbol, now)
        paid = trip.value(ZERO, multiplier)
        units = CONTEXT.multiply(trip.quantity, multiplier)
        known = self._open.get(key)
        if known is not None:
            known.paid, known.units = paid, units
            return
        name = _id(key, trip)
        found = stored.get(name)
        self._open[key] = _Open(name, trip.symbol, paid, units, found, found)

    def _multiplier(self, symbol: str, now: datetime) -> Decimal:
        if symbol not in self._multipliers:
            self._multipliers[symbol] = resolve(symbol, now.date()).instrument.multiplier
        return self._multipliers[symbol]


def _id(key: BookKey, trip: Trip) -> TripId:
    return TripId(key.account_id, trip.opening_fill_id)
