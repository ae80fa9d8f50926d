"""A script is replayed: lines come due, messages are made, sent, and sent again until taken."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final, Protocol

from app.addonsim.link import Link
from app.addonsim.script import Line, instant
from app.addonsim.sheet import Message, Sheet
from app.addonsim.troubles import Post, Shuffle, Trouble, troubled
from app.domain.errors import InvalidInput

HEARTBEAT_S: Final = 5.0
SNAPSHOT_S: Final = 60.0
#: How long the stand-in sleeps at most, in real seconds, so that it can be interrupted.
_NAP_S: Final = 0.5
_SHORTEST_NAP_S: Final = 0.001


class Clock(Protocol):
    """The time of day, and seconds that never run backwards."""

    def now(self) -> datetime:
        """The current instant, aware UTC."""

    def monotonic(self) -> float:
        """Seconds, for durations."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How a script is replayed.

    A second of the script lasts 1/``speed`` seconds, and so does every wait.  ``start`` is the
    instant at which a script with relative times begins, None for now.  ``heartbeats`` says whether
    quiet accounts are heard of too, ``hold`` for how many seconds of the script after its end.
    ``patience`` is how many real seconds are given, at the end, to what is not taken yet.
    """

    trouble: Trouble = field(default_factory=Trouble)
    speed: float = 1.0
    start: datetime | None = None
    heartbeats: bool = True
    hold: float = 0.0
    patience: float = 60.0

    def __post_init__(self) -> None:
        """Raise InvalidInput for what cannot be."""
        if self.speed <= 0:
            raise InvalidInput("speed is above 0: 1 is as written, 10 ten times as fast.")
        if self.hold < 0 or self.patience < 0:
            raise InvalidInput("hold and patience are seconds, not below 0.")


@dataclass(frozen=True, slots=True)
class Summary:
    """What came of a replay; ``stopped`` says by account why the server would not have it."""

    counts: Mapping[str, int]
    unacked: int
    stopped: Mapping[str, str]

    @property
    def complete(self) -> bool:
        """Whether the server acknowledged everything."""
        return not self.unacked and not self.stopped


@dataclass
class _Account:
    sheet: Sheet
    link: Link
    shuffle: Shuffle
    heard_at: float = 0.0
    snapshot_at: float = 0.0


class Replay:
    """One run of a script; ``wait`` sleeps for real seconds."""

    def __init__(
        self,
        script: Sequence[Line],
        post: Post,
        plan: Plan,
        *,
        clock: Clock,
        wait: Callable[[float], None],
        chance: random.Random,
        new_session: Callable[[], str],
        installation_id: str,
    ) -> None:
        self._lines = list(script)
        self._plan = plan
        self._post = troubled(post, plan.trouble, chance)
        self._clock = clock
        self._wait = wait
        self._chance = chance
        self._new_session = new_session
        self._installation_id = installation_id
        self._accounts: dict[str, _Account] = {}
        self._withheld = self._gaps()
        self._begun = clock.monotonic()
        self._start = plan.start or clock.now()
        self._next = 0

    def run(self) -> Summary:
        """Replay the whole script, then send whatever was not taken once more."""
        while self._next < len(self._lines):
            self._turn()
        until = self._at() + self._plan.hold
        while self._at() < until:
            self._turn()
        for account in self._accounts.values():
            account.link.put(*account.shuffle.rest())
        self._settle()
        for account in self._accounts.values():
            account.link.flush()
        self._settle()
        return self._summary()

    def _at(self) -> float:
        """Return the seconds of the script since its start."""
        return (self._clock.monotonic() - self._begun) * self._plan.speed

    def _turn(self) -> None:
        """Do all that is due now, then sleep until something is."""
        at = self._at()
        while self._next < len(self._lines) and self._lines[self._next].at <= at:
            self._say(self._lines[self._next], at)
            self._next += 1
        if self._plan.heartbeats:
            self._beat(at)
        self._send()
        self._sleep(self._next_at())

    def _settle(self) -> None:
        """Send what waits until nothing does, or patience ends."""
        until = self._clock.monotonic() + self._plan.patience
        self._send()
        while any(self._waiting()) and self._clock.monotonic() < until:
            self._sleep(min(account.link.not_before for account in self._waiting()))
            self._send()

    def _waiting(self) -> Iterator[_Account]:
        return (account for account in self._going() if account.link.waiting)

    def _going(self) -> Iterator[_Account]:
        return (account for account in self._accounts.values() if account.link.stopped is None)

    def _next_at(self) -> float:
        """Return when something is due next, in seconds of the script."""
        times = [account.link.not_before for account in self._waiting()]
        if self._next < len(self._lines):
            times.append(self._lines[self._next].at)
        if self._plan.heartbeats:
            times += [account.heard_at + HEARTBEAT_S for account in self._going()]
        return min(times, default=self._at() + 1)

    def _sleep(self, until: float) -> None:
        seconds = (until - self._at()) / self._plan.speed
        if seconds > 0:
            self._wait(min(max(seconds, _SHORTEST_NAP_S), _NAP_S))

    def _say(self, line: Line, at: float) -> None:
        every = self._plan.trouble.restart
        if every and self._next and self._next % every == 0:
            self._restart(at)
        account = self._account(line.name)
        account.sheet.take(line)
        if not account.sheet.begun:
            line = replace(line, kind="snapshot")
            account.snapshot_at = at
        account.heard_at = at
        message = account.sheet.told(line, at, self._event_time(line))
        if self._next in self._withheld:
            account.link.withhold(message)
        else:
            account.link.put(*account.shuffle.put(message))

    def _account(self, name: str) -> _Account:
        if name not in self._accounts:
            sheet = Sheet(name, self._installation_id, self._new_session)
            shuffle = Shuffle(self._plan.trouble.reorder, self._chance)
            self._accounts[name] = _Account(sheet, Link(self._chance), shuffle)
        return self._accounts[name]

    def _restart(self, at: float) -> None:
        """Load the add-on again: what was not taken goes first, then a snapshot of each account."""
        for account in self._accounts.values():
            account.link.put(*account.shuffle.rest())
            account.sheet.restart()
            account.link.restart()
            self._everything(account, at, self._instant(at))

    def _beat(self, at: float) -> None:
        """Say that the accounts are there which have been quiet, and everything each minute."""
        for account in self._going():
            if at - account.heard_at < HEARTBEAT_S:
                continue
            account.heard_at = at
            if at - account.snapshot_at >= SNAPSHOT_S:
                account.snapshot_at = at
                account.link.put(account.sheet.snapshot(at, self._instant(at)))
            else:
                account.link.put(account.sheet.heartbeat(at, self._instant(at)))

    def _everything(self, account: _Account, at: float, event_time: datetime) -> None:
        account.snapshot_at = at
        account.link.put(*account.sheet.everything(at, event_time))

    def _send(self) -> None:
        """Send whatever may go now, one message of one account after the other."""
        accounts = list(self._accounts.values())
        while accounts:
            accounts = [account for account in accounts if self._one(account)]

    def _one(self, account: _Account) -> bool:
        link = account.link
        message = link.due(self._at())
        if message is None:
            return False
        link.heard(message, self._post(self._body(message)), self._at())
        if link.wants_snapshot:
            link.wants_snapshot = False
            at = self._at()
            self._everything(account, at, self._instant(at))
        return True

    def _body(self, message: Message) -> dict[str, object]:
        sent_at = self._clock.now() + timedelta(seconds=self._plan.trouble.skew)
        return {**message.body, "sent_at": instant(sent_at)}

    def _event_time(self, line: Line) -> datetime:
        skew = timedelta(seconds=self._plan.trouble.skew)
        return line.event_time + skew if line.event_time else self._instant(line.at)

    def _instant(self, at: float) -> datetime:
        """Return the instant of a second of the script, as the machine's clock has it."""
        first = self._lines[0].event_time
        begin = self._start if first is None else first
        ahead = at if first or self._plan.start else at / self._plan.speed
        return begin + timedelta(seconds=ahead + self._plan.trouble.skew)

    def _gaps(self) -> frozenset[int]:
        """Return the places of the lines whose messages are held back; never an account's first."""
        names = [line.name for line in self._lines]
        first = {names.index(name) for name in set(names)}
        free = [place for place in range(len(names)) if place not in first]
        return frozenset(self._chance.sample(free, min(self._plan.trouble.gap, len(free))))

    def _summary(self) -> Summary:
        counts: Counter[str] = Counter()
        for account in self._accounts.values():
            counts.update(account.link.tally)
        stopped = {
            name: account.link.stopped.words
            for name, account in self._accounts.items()
            if account.link.stopped is not None
        }
        return Summary(
            counts, sum(account.link.unacked for account in self._accounts.values()), stopped
        )
