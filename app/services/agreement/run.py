"""One run through every book and every total; what differs is handed on as it is found."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from app.domain.safety.agreement import Difference, Kept, Place
from app.services.agreement.book import BookCheck
from app.services.agreement.totals import Checked, DayReads, Rest, Shown, TotalsCheck
from app.services.ports import BookKey, Clock, Shelf, Store

#: For rows of an account that is gone, which no foreign key allows.
_UTC: Final = "00:00 UTC"
#: Names of books that are read at a time.
_NAMES: Final = 50

Keep = Callable[[Sequence[Difference], int], None]
"""Takes what differs of one book or of the totals, and how much differs in all."""


@dataclass
class Comparison:
    """The run as far as it is: ``books`` and ``fills`` were compared, ``skipped`` totals were not.

    ``shown`` is what the pages are told, None where nobody is told anything.
    """

    store: Store
    reads: DayReads
    clock: Clock
    shown: Shown | None
    keep: Keep
    books: int = 0
    fills: int = 0
    skipped: int = 0
    _owners: Mapping[str, str | None] = field(default_factory=dict)
    _crowded: set[BookKey] = field(default_factory=set)
    _unjudged: set[Place] = field(default_factory=set)

    def pieces(self) -> Iterator[Rest]:
        """Compare everything, a few milliseconds at a time."""
        with self.store.read() as uow:
            self._owners = {each.id: each.user_id for each in uow.strategies.list(archived=True)}
        yield True
        checked: dict[BookKey, Checked] = {}
        for key in (yield from self._keys()):
            check = yield from self._checked(key)
            if check.whole:
                checked[key] = Checked(check.position, check.booked_at)
        totals = TotalsCheck(self.store, self.reads, self.shown, checked, self._owners)
        yield from totals.pieces()
        self.skipped, self._unjudged = totals.skipped, totals.unjudged
        if totals.found:
            self.keep(totals.found, len(totals.found))

    def judged(self, place: Place) -> bool:
        """Whether the run, now at its end, would have found a difference there."""
        if place.kept is Kept.SHOWN and self.shown is None:
            return False
        if place.strategy_id and place.account_id and place.symbol:
            book = BookKey(place.strategy_id, place.account_id, place.symbol)
            return book not in self._crowded
        return place not in self._unjudged

    def _keys(self) -> Generator[Rest, None, Sequence[BookKey]]:
        """Every book that has a row of any kind, also one whose fills or position are gone."""
        found: dict[BookKey, None] = {}
        for shelf in Shelf:
            named = self._names(shelf, None)
            while named:
                found.update(dict.fromkeys(named))
                yield True
                named = self._names(shelf, named[-1])
        return list(found)

    def _names(self, shelf: Shelf, last: BookKey | None) -> Sequence[BookKey]:
        names: list[BookKey] = []
        with self.store.read() as uow:
            while len(names) < _NAMES and (last := uow.stored.next_book(shelf, last)) is not None:
                names.append(last)
        return names

    def _checked(self, key: BookKey) -> Generator[Rest, None, BookCheck]:
        """Compare one book; what differs is looked at a second time before it is believed."""
        check = yield from self._look(key)
        self.books += 1
        self.fills += check.fills
        if check.found:
            yield False
            again = yield from self._look(key)
            places = {each.place for each in check.found}
            found = [each for each in again.found if each.place in places]
            if found:
                self.keep(found, len(found) + again.differing - len(again.found))
            if again.differing > len(again.found):
                self._crowded.add(key)
        return check

    def _look(self, key: BookKey) -> Generator[Rest, None, BookCheck]:
        """Read the book and its fills in one state of the database, however long that takes."""
        with self.store.read() as uow:
            account = uow.accounts.get(key.account_id)
            check = BookCheck(
                stored=uow.stored,
                key=key,
                user_id=self._owners.get(key.strategy_id),
                roll=_UTC if account is None else account.roll,
                today=self.clock.now().date(),
            )
            for _ in check.pieces():
                yield True
        yield True
        return check
