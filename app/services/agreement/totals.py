"""Totals: what pages, curves and calendar say was realised, held against the sum of the fills."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Final, Protocol

from app.domain.equity import BookDay
from app.domain.money import ZERO, exact, to_step, wire
from app.domain.positions import FLAT, Position
from app.domain.safety.agreement import Difference, Kept, Place
from app.services.pnl.live import StrategyLine, Summary
from app.services.ports import BookKey, Series, Shelf, Store
from app.services.reads import Scope as Scoped

#: Books or curves that are read at a time.
_PIECE: Final = 10
#: How often totals are looked at before those that keep moving are left out.
_LOOKS: Final = 4
#: A sample holds the fills that were booked so long before it, whatever their commit took.
_SETTLED: Final = timedelta(seconds=5)
#: A curve keeps money to this step.
_STEP: Final = Decimal("1e-8")

Rest = bool
"""False asks for a rest of a second, True only for others to have a turn."""

Scope = tuple[str | None, str | None, str | None]
"""User (None: nobody's), strategy (None: all), account (None: all)."""


Telling = Generator[Rest, None, Mapping[Scope, Decimal]]
"""Reads what is told of each scope, in pieces."""


class DayReads(Protocol):
    """The days that the calendar adds up."""

    def book_days(
        self, scope: Scoped, first: date, last: date, symbol: str | None = None
    ) -> Sequence[BookDay]:
        """The days from ``first`` to ``last`` of each book of the scope, oldest first."""
        ...


class Shown(Protocol):
    """What the pages are told was realised."""

    def summary(self, user_id: str | None, account_id: str | None = None) -> Summary:
        """The figures of one user now, for all accounts or one."""
        ...

    def strategy_lines(self, user_id: str) -> Sequence[StrategyLine]:
        """The figures of each of the user's strategies now."""
        ...


@dataclass(frozen=True, slots=True)
class Checked:
    """What the fills of a book say that it holds, and when we booked the newest of them."""

    position: Position
    booked_at: datetime | None


@dataclass
class Total:
    """What the fills of a scope realised, net; ``moving`` says that others came meanwhile.

    ``booked_at`` is when we booked the newest of them, None without one.
    """

    realised: Decimal = ZERO
    booked_at: datetime | None = None
    moving: bool = False

    @exact
    def add(self, realised: Decimal, booked_at: datetime | None, *, moving: bool) -> None:
        """Take in one book."""
        self.realised += realised
        self.moving |= moving
        known = [each for each in (self.booked_at, booked_at) if each is not None]
        self.booked_at = max(known, default=None)


@dataclass
class Look:
    """What one look at many totals saw.

    ``moving`` are those that changed meanwhile; ``silent`` those of which nothing was recorded
    since their newest fill.
    """

    differing: list[Difference] = field(default_factory=list)
    moving: set[Place] = field(default_factory=set)
    silent: set[Place] = field(default_factory=set)


@dataclass
class TotalsCheck:
    """Compares totals after every book was checked; ``owners`` gives the user of each strategy.

    ``found`` is what differs, ``skipped`` how many totals moved at each look, and ``unjudged`` are
    all that nothing can be said about.
    """

    store: Store
    reads: DayReads
    shown: Shown | None
    checks: Mapping[BookKey, Checked]
    owners: Mapping[str, str | None]
    found: list[Difference] = field(default_factory=list)
    skipped: int = 0
    unjudged: set[Place] = field(default_factory=set)

    def pieces(self) -> Iterator[Rest]:
        """Compare what is shown, what was recorded last, and what the calendar adds up."""
        scopes = {(self.owners.get(key.strategy_id), key.account_id) for key in self.checks}
        owned = sorted((user, account) for user, account in scopes if user is not None)
        if self.shown is not None:
            pages = partial(told_by_pages, self.shown, owned)
            yield from self._compare(partial(self._look_at, Kept.SHOWN, pages))
        yield from self._compare(self._look_at_samples)
        calendar = partial(told_by_calendar, self.reads, owned)
        yield from self._compare(partial(self._look_at, Kept.CALENDAR, calendar))

    def _compare(self, look: Callable[[], Generator[Rest, None, Look]]) -> Iterator[Rest]:
        """Look again until nothing moves; a difference counts that two looks running have seen."""
        suspected: set[Place] = set()
        told: set[Place] = set()
        seen = Look()
        for _ in range(_LOOKS):
            seen = yield from look()
            again = [each for each in seen.differing if each.place in suspected - told]
            self.found += again
            told |= {each.place for each in again}
            suspected = {each.place for each in seen.differing}
            if not seen.moving and suspected <= told:
                break
            yield False
        self.skipped += len(seen.moving)
        self.unjudged |= seen.moving | seen.silent

    def _look_at(self, kept: Kept, tell: Callable[[], Telling]) -> Generator[Rest, None, Look]:
        """Compare what is told; what changed between two readings of it is not judged."""
        before = yield from tell()
        totals = yield from self._totals()
        after = yield from tell()
        look = Look()
        for scope, stored in after.items():
            derived = totals.get(scope, Total()).realised
            if before.get(scope) != stored:
                look.moving.add(_place(kept, scope))
            elif derived != stored:
                look.differing.append(_difference(kept, scope, stored, derived))
        return look

    def _look_at_samples(self) -> Generator[Rest, None, Look]:
        """A curve that was recorded last before its newest fill says nothing about that fill."""
        totals = yield from self._totals()
        with self.store.read() as uow:
            curves = [each for each in uow.history.series() if _scope(each) in totals]
        yield True
        look = Look()
        for start in range(0, len(curves), _PIECE):
            with self.store.read() as uow:
                for curve in curves[start : start + _PIECE]:
                    sample = uow.stored.last_sample(curve.id)
                    _judge(look, _scope(curve), sample, totals[_scope(curve)])
            yield True
        return look

    def _totals(self) -> Generator[Rest, None, Mapping[Scope, Total]]:
        """Add up every book in one state of the database.

        A book is worth what its fills say, or what is stored when others came since it was checked.
        """
        totals: dict[Scope, Total] = {}
        gone = dict(self.checks)
        with self.store.read() as uow:
            key, count = uow.stored.next_book(Shelf.POSITIONS, None), 0
            while key is not None:
                book = uow.stored.book(key)
                self._add(totals, key, FLAT if book is None else book.position)
                gone.pop(key, None)
                key, count = uow.stored.next_book(Shelf.POSITIONS, key), count + 1
                if not count % _PIECE:
                    yield True
        for key, check in gone.items():
            self._add(totals, key, check.position)
        return totals

    def _add(self, totals: dict[Scope, Total], key: BookKey, stored: Position) -> None:
        check, user = self.checks.get(key), self.owners.get(key.strategy_id)
        moving = check is None or stored.fills != check.position.fills
        realised = stored.realised_net if check is None or moving else check.position.realised_net
        booked_at = None if check is None else check.booked_at
        for strategy in (None, key.strategy_id):
            for account in (None, key.account_id):
                total = totals.setdefault((user, strategy, account), Total())
                total.add(realised, booked_at, moving=moving)


def _judge(look: Look, scope: Scope, sample: tuple[datetime, Decimal] | None, total: Total) -> None:
    place = _place(Kept.SAMPLE, scope)
    if sample is None or total.booked_at is None or sample[0] - total.booked_at < _SETTLED:
        look.silent.add(place)
    elif total.moving:
        look.moving.add(place)
    elif sample[1] != to_step(total.realised, _STEP):
        look.differing.append(_difference(Kept.SAMPLE, scope, sample[1], total.realised))


def told_by_pages(shown: Shown, owned: Sequence[tuple[str, str]]) -> Telling:
    """What the pages say was realised, by user, account and strategy."""
    told: dict[Scope, Decimal] = {}
    for user in sorted({user for user, _ in owned}):
        told[user, None, None] = shown.summary(user).realised
        yield True
        for line in shown.strategy_lines(user):
            told[user, line.strategy_id, None] = line.realised
        yield True
    for user, account in owned:
        told[user, None, account] = shown.summary(user, account).realised
        yield True
    return told


def told_by_calendar(reads: DayReads, owned: Sequence[tuple[str, str]]) -> Telling:
    """What all days of the calendar add up to, by account."""
    told: dict[Scope, Decimal] = {}
    for user, account in owned:
        days = reads.book_days(Scoped(user, None, account), date.min, date.max)
        told[user, None, account] = added_up(day.realised for day in days)
        yield True
    return told


@exact
def added_up(amounts: Iterable[Decimal]) -> Decimal:
    """Return the exact sum."""
    return sum(amounts, ZERO)


def _place(kept: Kept, scope: Scope) -> Place:
    user, strategy, account = scope
    return Place(kept, "realised", "", user, strategy, account)


def _difference(kept: Kept, scope: Scope, stored: Decimal, derived: Decimal) -> Difference:
    return Difference(_place(kept, scope), wire(stored), wire(derived))


def _scope(curve: Series) -> Scope:
    return curve.user_id, curve.strategy_id, curve.account_id
