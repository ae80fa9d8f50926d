"""Where alerts come from: who has fallen silent, who is about to be stopped, whose heart stopped.

What is usual is learned from the last alerts.  The time in which nobody watched (the server was
down, or another one traded) counts against no source: it begins anew when the watch does.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from app.domain.events import Fact, FactKind, Level
from app.domain.inbox import Arrival
from app.domain.instruments import resolve
from app.domain.safety import sources as rules
from app.domain.safety.switches import Scope, Switch, TradingState
from app.domain.sessions import Window
from app.domain.strategies import Strategy, StrategyKind, StrategyState
from app.services.ports import Clock, Store, UnitOfWork
from app.services.trading import switches

#: How often all sources are judged.
JUDGED_EVERY: Final = timedelta(minutes=1)
#: A pause of the watch longer than this means that nobody watched meanwhile.
_UNWATCHED: Final = timedelta(minutes=3)
#: Arrivals that are read at once at most, and how long one may take to become visible.
_MOST: Final = 5000
_LATE: Final = timedelta(seconds=10)
#: Sources that are learnt in one step at most: each takes a few milliseconds.
_NEW_AT_ONCE: Final = 5
_FLAG: Final = "sources"
_HEARTBEAT_LOST: Final = "HEARTBEAT_LOST"


@dataclass(frozen=True, slots=True)
class Note:
    """What is to be said of a strategy's source: a code, since when, and sentences."""

    code: str
    since: datetime
    detail: str


@dataclass(slots=True)
class _Source:
    """One strategy's source: its last arrivals, and the gaps between them in open time."""

    strategy: Strategy
    hours: tuple[Window, ...]
    windows: tuple[Window, ...]
    arrivals: deque[Arrival] = field(default_factory=lambda: deque(maxlen=rules.REMEMBERED))
    gaps: deque[timedelta] = field(default_factory=lambda: deque(maxlen=rules.REMEMBERED - 1))

    def hear(self, arrival: Arrival) -> None:
        if self.arrivals:
            self.gaps.append(self.open_since(self.arrivals[-1].at, arrival.at))
        self.arrivals.append(arrival)

    def open_since(self, start: datetime, now: datetime) -> timedelta:
        return rules.open_time(start, now, self.hours, self.windows)

    @property
    def last(self) -> datetime | None:
        return self.arrivals[-1].at if self.arrivals else None

    @property
    def last_readable(self) -> datetime | None:
        return next((each.at for each in reversed(self.arrivals) if each.readable), None)


@dataclass(slots=True)
class _Changes:
    """What one step found, to be written in one transaction."""

    facts: list[Fact] = field(default_factory=list)
    pause: list[Switch] = field(default_factory=list)
    resume: list[str] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.facts or self.pause or self.resume)


class Sources:
    """Watches the sources of all strategies; ``step`` is called every few seconds."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._sources: dict[str, _Source] = {}
        self._silent: dict[str, Note] = {}
        self._busy: dict[str, Note] = {}
        self._lost: set[str] = set()
        self._seen: deque[Arrival] = deque()
        self._cursor = ""
        self._stepped: datetime | None = None
        self._since = clock.now()
        self._judged: datetime | None = None
        self._changes = _Changes()

    def notes(self, strategy_id: str) -> list[Note]:
        """Return what is to be said of the strategy's source now, the worst first."""
        found = (self._silent.get(strategy_id), self._busy.get(strategy_id))
        return [note for note in found if note is not None]

    def step(self, now: datetime) -> bool:
        """Hear what arrived, and judge all sources once a minute.

        Returns whether to go on at once: the sources that are new are learnt a few at a time.
        """
        before, self._stepped = self._stepped, now
        begins = before is None or not timedelta(0) <= now - before <= _UNWATCHED
        due = begins or self._judged is None or now - self._judged >= JUDGED_EVERY
        with self._store.read() as uow:
            if begins:
                self._begin(uow, now)
            more = due and self._learn(uow)
            self._hear(uow, now)
            if due and not more:
                self._judge(uow, now)
                self._judged = now
        if self._changes:
            self._write(self._changes)
            self._changes = _Changes()
        return more

    # --- reading ----------------------------------------------------------------------------------

    def _begin(self, uow: UnitOfWork, now: datetime) -> None:
        """Begin the watch: what was kept of the last one goes on, and nobody is late yet."""
        self._since, self._sources, self._judged = now, {}, None
        self._cursor, self._seen = uow.alerts.newest(), deque()
        kept = json.loads(uow.flags.get(_FLAG) or "{}")
        self._silent = _notes(kept.get("silent", {}))
        self._busy = _notes(kept.get("busy", {}))
        self._lost = {switch.subject_id for switch in uow.switches.all() if _pauses(switch)}

    def _learn(self, uow: UnitOfWork) -> bool:
        """Take the strategies as they are set now; a new one brings its last arrivals along.

        Returns whether some are left, for the next step.
        """
        known, self._sources, new, more = self._sources, {}, 0, False
        for strategy in uow.strategies.list():
            if strategy.kind is not StrategyKind.WEBHOOK:
                continue
            found = _source(strategy)
            old = known.get(strategy.id)
            if old is not None and (old.hours, old.windows) == (found.hours, found.windows):
                found.arrivals, found.gaps = old.arrivals, old.gaps
            elif new == _NEW_AT_ONCE:
                more = True
                continue
            else:
                new += 1
                last = old.arrivals if old is not None else self._earlier(uow, strategy.id)
                for arrival in last:
                    found.hear(arrival)
            self._sources[strategy.id] = found
        return more

    def _earlier(self, uow: UnitOfWork, strategy_id: str) -> Sequence[Arrival]:
        """The last arrivals of a strategy that was not watched, noted as heard."""
        last = uow.alerts.last_arrivals(strategy_id, rules.REMEMBERED)
        seen = {each.id for each in self._seen}
        new = [each for each in last if each.id > self._cursor and each.id not in seen]
        self._seen = deque(sorted([*self._seen, *new], key=lambda each: each.id))
        return last

    def _hear(self, uow: UnitOfWork, now: datetime) -> None:
        """Take what arrived since; ids are made before the commit, so some show up late."""
        while self._seen and self._seen[0].at < now - _LATE:
            self._cursor = max(self._cursor, self._seen.popleft().id)
        seen = {arrival.id for arrival in self._seen}
        for arrival in uow.alerts.arrived(self._cursor, _MOST):
            source = self._sources.get(arrival.strategy_id)
            if arrival.id in seen:
                continue
            self._seen.append(arrival)
            if source is None:
                self._judged = None  # a strategy that was made since: learnt with the next step
            else:
                source.hear(arrival)
            if arrival.readable:
                self._lost.discard(arrival.strategy_id)
        for source in self._sources.values():
            self._greet(source)
            self._count(source, now)

    # --- judging ----------------------------------------------------------------------------------

    def _greet(self, source: _Source) -> None:
        """End the episode of a source that was silent and has sent something."""
        own, last = source.strategy.id, source.last
        note = self._silent.get(own)
        if note is None or last is None or last <= note.since:
            return
        del self._silent[own]
        words = f"alerts come again, after {rules.in_words(last - note.since)} without one."
        self._tell(source, FactKind.SOURCE_HEARD, last, words)

    def _count(self, source: _Source, now: datetime) -> None:
        """Warn, once, of a sender whose alert TradingView is about to stop."""
        count = rules.busy([arrival.at for arrival in source.arrivals], now)
        own = source.strategy.id
        if own in self._busy and count < rules.CALM_COUNT:
            del self._busy[own]
            self._tell(source, FactKind.SOURCE_HEARD, now, "alerts come more slowly again.")
        elif own not in self._busy and count >= rules.BUSY_COUNT:
            words = (
                f"{count} alerts came within 3 minutes. TradingView stops an alert that triggers"
                " more than 15 times in 3 minutes, and does not start it again by itself. Set the"
                " alert to trigger once per bar close, or split it into several."
            )
            self._busy[own] = Note("SOURCE_BUSY", now, words)
            self._tell(source, FactKind.SOURCE_BUSY, now, words, "SOURCE_BUSY")

    def _judge(self, uow: UnitOfWork, now: datetime) -> None:
        paused = {switch.subject_id for switch in uow.switches.all() if _pauses(switch)}
        for source in self._sources.values():
            own, limit = source.strategy.id, source.strategy.settings.heartbeat_minutes
            off = source.strategy.state is StrategyState.OFF
            if off or limit is not None:
                self._silent.pop(own, None)
            else:
                self._listen(source, now)
            if limit is not None and not off:
                self._feel(source, timedelta(minutes=limit), now)
            if limit is None and own in paused:
                self._changes.resume.append(own)
        gone = (self._silent.keys() | self._busy.keys()) - self._sources.keys()
        for own in gone:
            self._silent.pop(own, None)
            self._busy.pop(own, None)

    def _listen(self, source: _Source, now: datetime) -> None:
        """Raise the alarm, once, for a source that is silent for much longer than usual."""
        usual, last, own = rules.usual_gap(source.gaps), source.last, source.strategy.id
        if usual is None or last is None or own in self._silent:
            return
        silent = source.open_since(max(last, self._since), now)
        if silent <= rules.silent_after(usual):
            return
        words = (
            f"no alert for {rules.in_words(silent)} of its market's hours, and usually one comes"
            f" within {rules.in_words(usual)}. See at the sender that the alert still runs."
            f"{self._unwatched(last)}"
        )
        self._silent[own] = Note("SOURCE_SILENT", last, _sentence(words))
        self._tell(source, FactKind.SOURCE_SILENT, now, words, "SOURCE_SILENT")

    def _feel(self, source: _Source, limit: timedelta, now: datetime) -> None:
        """Pause the entries, once, of a strategy whose heart has not beaten for the limit."""
        strategy, last = source.strategy, source.last_readable
        since = max(last or self._since, self._since, strategy.updated_at)
        if strategy.id in self._lost or source.open_since(since, now) <= limit:
            return
        self._lost.add(strategy.id)
        heard = f"The last alert came at {_instant(last)}." if last else "No alert ever came."
        words = (
            f"No heartbeat came for {rules.in_words(limit)}. {heard}{self._unwatched(last)} The"
            " next heartbeat resumes the strategy; or resume it by hand."
        )
        switch = Switch(
            Scope.STRATEGY, strategy.id, TradingState.REDUCING, now, _HEARTBEAT_LOST, words
        )
        self._changes.pause.append(switch)

    def _tell(
        self, source: _Source, kind: FactKind, at: datetime, words: str, code: str | None = None
    ) -> None:
        strategy = source.strategy
        self._changes.facts.append(
            Fact(
                kind=kind,
                at=at,
                message=f"{strategy.name}: {words}",
                level=Level.INFO if code is None else Level.WARNING,
                code=code,
                user_id=strategy.user_id,
                strategy_id=strategy.id,
            )
        )

    def _unwatched(self, last: datetime | None) -> str:
        """Say it where the time before the watch is not known."""
        if last is not None and last >= self._since:
            return ""
        return (
            f" This server watches since {_instant(self._since)}; what was sent before is not known"
            " to it."
        )

    def _write(self, changes: _Changes) -> None:
        with self._store.write() as uow:
            for fact in changes.facts:
                uow.facts.append(fact)
            for switch in changes.pause:
                switches.tighten(uow, switch)
            for own in changes.resume:
                now = self._clock.now()
                switches.resume(uow, Scope.STRATEGY, own, now, only=_HEARTBEAT_LOST)
            kept = {"silent": _kept(self._silent), "busy": _kept(self._busy)}
            uow.flags.set(_FLAG, json.dumps(kept), self._clock.now())


def _source(strategy: Strategy) -> _Source:
    contract = resolve(strategy.symbol, strategy.created_at.date())
    windows = tuple(Window.parse(text) for text in strategy.settings.windows)
    return _Source(strategy, rules.market_hours(contract.instrument.kind), windows)


def _pauses(switch: Switch) -> bool:
    return switch.code == _HEARTBEAT_LOST and switch.state is not TradingState.ACTIVE


def _kept(notes: Mapping[str, Note]) -> dict[str, list[str]]:
    return {own: [note.code, note.since.isoformat(), note.detail] for own, note in notes.items()}


def _notes(kept: Mapping[str, list[str]]) -> dict[str, Note]:
    return {
        own: Note(code, datetime.fromisoformat(since), detail)
        for own, (code, since, detail) in kept.items()
    }


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:]


def _instant(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"
