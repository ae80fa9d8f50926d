"""The comparison of everything that is stored with the fills: one run at a time, piece by piece."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby
from threading import Lock
from typing import Final

from app.domain.errors import Conflict, InvariantBroken, NotFound, SignalboxError, StoreUnavailable
from app.domain.safety.agreement import (
    Asked,
    Difference,
    Disagreement,
    Place,
    Run,
    RunState,
)
from app.services.agreement.run import Comparison
from app.services.agreement.totals import DayReads, Rest, Shown
from app.services.agreement.words import alarm, relief
from app.services.ports import Clock, Ids, Store

#: Runs and disagreements that a list shows.
MOST_RUNS: Final = 20
MOST_SHOWN: Final = 200
#: Differences of one run that are kept and told; the others are counted.
MOST_KEPT: Final = 500
#: How often a run says how far it is, in milliseconds.
_TELL_MS: Final = 1000

_LEFT: Final = "The server stopped, or lost the right to trade, during this run."


@dataclass(frozen=True, slots=True)
class Standing:
    """How things stand for one user: runs, the user's disagreements, and how many are open.

    ``names`` are those of the user's strategies and accounts, by id.
    """

    runs: Sequence[Run]
    disagreements: Sequence[Disagreement]
    open: int
    names: Mapping[str, str]


class Agreement:
    """Runs the comparison, keeps what differs and tells it; it never changes what it compares.

    ``reads`` gives what the calendar adds up, ``shown`` what the pages are told, None where nobody
    is told anything.
    """

    def __init__(
        self, store: Store, reads: DayReads, clock: Clock, ids: Ids, shown: Shown | None
    ) -> None:
        self._store = store
        self._reads = reads
        self._clock = clock
        self._ids = ids
        self._shown = shown
        self._lock = Lock()
        self._run: Run | None = None
        self._going: Iterator[Rest] | None = None
        self._began = 0.0
        self._told = 0
        self._known: dict[Place, str] = {}
        self._seen: set[Place] = set()

    @property
    def going(self) -> bool:
        """Whether a run of this process is under way."""
        return self._going is not None

    def begin(self, asked: Asked, user_id: str | None = None) -> Run:
        """Start a run, which ``step`` carries on; raises Conflict while one is under way."""
        now = self._clock.now()
        run = Run(self._ids(), RunState.RUNNING, asked, now, now, user_id=user_id)
        with self._lock:
            self._start(run)
        return run

    def _start(self, run: Run) -> None:
        now = run.began_at
        with self._store.write() as uow:
            other = uow.agreements.running()
            if other is not None and (self.going or not other.left_behind(now)):
                raise Conflict("The books are being compared already: wait until that has ended.")
            if other is not None:
                uow.agreements.save_run(other.broken(_LEFT, now))
            uow.agreements.begin(run)
            self._known = {each.place: each.id for each in uow.agreements.unresolved()}
        self._seen, self._run = set(), run
        self._began, self._told = self._clock.monotonic(), 0
        self._going = self._pieces(
            Comparison(self._store, self._reads, self._clock, self._shown, self._keep)
        )

    def step(self) -> bool:
        """Do one piece, a few milliseconds; returns whether to go on at once.

        A run that cannot go on ends as broken, and what stopped it is raised.
        """
        with self._lock:
            if self._going is None:
                return False
            try:
                more = next(self._going, None)
            except SignalboxError as error:
                self._break(error.detail)
                raise
            if more is None:
                self._going = None
            return bool(more)

    def finish(self, rest: Callable[[], object]) -> Run:
        """Carry the run on to its end, and return it; ``rest`` lets a second pass."""
        while self.going:
            if not self.step() and self.going:
                rest()
        return self._current()

    def abandon(self) -> None:
        """Let go of the run, if there is one: another server goes on, or none."""
        with self._lock:
            if self._going is not None:
                self._break(_LEFT)

    def last(self) -> Run | None:
        """The newest run; None before the first."""
        with self._store.read() as uow:
            return next(iter(uow.agreements.runs(1)), None)

    def standing(self, user_id: str) -> Standing:
        """Return the newest runs and the user's disagreements."""
        with self._store.read() as uow:
            strategies = uow.strategies.list(user_id, archived=True)
            names = {each.id: each.name for each in strategies}
            return Standing(
                names=names | {each.id: each.name for each in uow.accounts.list(user_id)},
                runs=uow.agreements.runs(MOST_RUNS),
                disagreements=uow.agreements.latest(user_id, MOST_SHOWN),
                open=uow.agreements.count_open(user_id),
            )

    def count_open(self, user_id: str) -> int:
        """Return how many of the user's disagreements are neither over nor acknowledged."""
        with self._store.read() as uow:
            return uow.agreements.count_open(user_id)

    def found_by(self, run_id: str) -> Sequence[Disagreement]:
        """Return everybody's disagreements that the run saw: for the command line."""
        with self._store.read() as uow:
            return [each for each in uow.agreements.unresolved() if each.run_id == run_id]

    def acknowledge(self, user_id: str, disagreement_id: str) -> Disagreement:
        """Note that the user has seen a disagreement: it is told no more unless it changes.

        Raises NotFound for another user's, Conflict for one that is over.
        """
        with self._store.write() as uow:
            found = uow.agreements.get(disagreement_id)
            if found is None or found.user_id != user_id:
                raise NotFound("There is no such disagreement.")
            if found.resolved_at is not None:
                raise Conflict("This is over: a later comparison agreed.")
            seen = replace(found, acknowledged_at=self._clock.now(), acknowledged_by=user_id)
            uow.agreements.save(seen)
        return seen

    def _pieces(self, going: Comparison) -> Iterator[Rest]:
        for rest in going.pieces():
            self._tell_progress(going)
            yield rest
        self._end(going)

    def _tell_progress(self, going: Comparison) -> None:
        took = self._took()
        if took - self._told < _TELL_MS:
            return
        self._told = took
        with self._store.record() as uow:
            uow.agreements.save_run(self._so_far(going))

    def _so_far(self, going: Comparison) -> Run:
        self._run = replace(
            self._current(),
            seen_at=self._clock.now(),
            books=going.books,
            fills=going.fills,
            skipped=going.skipped,
            milliseconds=self._took(),
        )
        return self._run

    def _keep(self, found: Sequence[Difference], count: int) -> None:
        """Keep what differs, and raise an alarm about each book or total of which it is news."""
        run, now = self._current(), self._clock.now()
        self._run = replace(run, differences=run.differences + count)
        news: list[Difference] = []
        with self._store.write() as uow:
            for each in found[: MOST_KEPT - len(self._seen)]:
                known = self._known.get(each.place)
                before = None if known is None else uow.agreements.get(known)
                after = self._noted(each, before, now)
                uow.agreements.save(after)
                self._known[each.place] = after.id
                self._seen.add(each.place)
                if before is None or (before.stored, before.derived) != (each.stored, each.derived):
                    news.append(each)
            for _, group in groupby(news, key=lambda each: _book(each.place)):
                uow.facts.append(alarm(uow, self._clock, list(group)))

    def _noted(self, found: Difference, before: Disagreement | None, now: datetime) -> Disagreement:
        run_id, place = self._current().id, found.place
        if before is not None:
            return before.seen(found, run_id, now)
        return Disagreement(
            id=self._ids(),
            run_id=run_id,
            kept=place.kept,
            field=place.field,
            item=place.item,
            stored=found.stored,
            derived=found.derived,
            found_at=now,
            seen_at=now,
            user_id=place.user_id,
            strategy_id=place.strategy_id,
            account_id=place.account_id,
            symbol=place.symbol,
        )

    def _end(self, going: Comparison) -> None:
        """Give the verdict; what this run would have found and did not is over."""
        now = self._clock.now()
        self._run = self._so_far(going).ended(now)
        with self._store.write() as uow:
            uow.agreements.save_run(self._run)
            if len(self._seen) >= MOST_KEPT:
                return
            over = [each for each in uow.agreements.unresolved() if each.place not in self._seen]
            over = [each for each in over if going.judged(each.place)]
            for each in over:
                uow.agreements.save(replace(each, resolved_at=now))
            for _, group in groupby(over, key=lambda each: _book(each.place)):
                uow.facts.append(relief(uow, self._clock, next(group).place))

    def _break(self, problem: str) -> None:
        """End the run without a verdict; a database that does not take it hears of it next time."""
        run = self._current().broken(problem, self._clock.now())
        self._run, self._going = run, None
        with suppress(StoreUnavailable), self._store.write() as uow:
            uow.agreements.save_run(run)

    def _current(self) -> Run:
        if self._run is None:
            raise InvariantBroken("A comparison goes on that was never begun.")
        return self._run

    def _took(self) -> int:
        return int(1000 * (self._clock.monotonic() - self._began))


def _book(place: Place) -> tuple[object, ...]:
    """What one alarm is about: a book, or one kind of total of one scope."""
    total = None if place.symbol else place.kept
    return place.user_id, place.strategy_id, place.account_id, place.symbol, total
