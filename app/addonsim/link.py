"""One account's way to the server: what is sent, sent again, waited for and given up.  Pure."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field
from enum import Enum, auto
from http import HTTPStatus
from typing import Any, Final

from app.addonsim.script import Json
from app.addonsim.sheet import Message

#: What is held for sending again: messages, and seconds.
RING_MESSAGES: Final = 500
RING_S: Final = 600.0
_LONGEST_WAIT_S: Final = 30.0
_LONGEST_RETRY_AFTER_S: Final = 300.0
#: So often the same number is sent again for the asking; then a snapshot has to do.
_PATIENCE: Final = 3


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server said; ``retry_after`` in seconds, None where it named no time."""

    status: int
    content: Json = field(default_factory=dict)
    retry_after: float | None = None

    @property
    def words(self) -> str:
        """The answer in words: its status, its code and its sentence."""
        said = [
            str(self.content[name]) for name in ("error_code", "detail") if self.content.get(name)
        ]
        return ": ".join([str(self.status), *said])

    def number(self, name: str) -> int | None:
        """A whole number of the answer, None where it says none."""
        value: Any = self.content.get(name)
        return value if isinstance(value, int) and not isinstance(value, bool) else None


class Verdict(Enum):
    """What an answer means for the message."""

    TAKEN = auto()
    MALFORMED = auto()
    LATER = auto()
    STOP = auto()


_MALFORMED: Final = frozenset(
    {HTTPStatus.BAD_REQUEST, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.UNPROCESSABLE_ENTITY}
)


def verdict(answer: Answer | None) -> Verdict:
    """Return what the answer means; None is an answer that never came."""
    if answer is None or answer.status == HTTPStatus.TOO_MANY_REQUESTS:
        return Verdict.LATER
    if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return Verdict.LATER
    if answer.status == HTTPStatus.OK:
        return Verdict.TAKEN
    return Verdict.MALFORMED if answer.status in _MALFORMED else Verdict.STOP


def wait_s(attempt: int, chance: random.Random) -> float:
    """Return the seconds before attempt 1, 2, 3 ...: 1, 2, 4 ... 30, and up to a quarter more."""
    seconds = min(_LONGEST_WAIT_S, 2.0 ** min(attempt - 1, 10))
    return seconds * (1 + chance.random() / 4)


class Link:
    """The messages of one account, strictly in order, one under way."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._queue: list[Message] = []
        self._ring: dict[tuple[str, int], Message] = {}
        self._withheld: list[Message] = []
        self._open: dict[tuple[str, int], Message] = {}
        self._covered: set[tuple[str, int]] = set()
        self._sessions: dict[str, int] = {}
        self._asked: Counter[tuple[str, int]] = Counter()
        self._attempts = 0
        self.not_before = 0.0
        self.wants_snapshot = False
        self.stopped: Answer | None = None
        self.tally: Counter[str] = Counter()

    @property
    def waiting(self) -> int:
        """How many messages are to be sent."""
        return len(self._queue)

    @property
    def unacked(self) -> int:
        """How many messages the server has not acknowledged, by their number or a later one."""
        return len(set(self._open) - self._covered)

    def put(self, *messages: Message) -> None:
        """Send these messages after those that wait."""
        for message in messages:
            self._note(message)
            self._queue.append(message)
        if self._queue:
            self._bound()

    def withhold(self, message: Message) -> None:
        """Keep the message back until the server asks for it or ``flush`` sends it."""
        self._note(message)
        self.tally["withheld"] += 1
        self._withheld.append(message)
        self._keep(message)

    def flush(self) -> None:
        """Send again whatever was not acknowledged, and what was withheld."""
        again = {message.key: message for message in [*self._withheld, *self._open.values()]}
        self._withheld.clear()
        self._again(list(again.values()))

    def restart(self) -> None:
        """Forget what only memory held; what was not acknowledged is read from the disk again."""
        self._ring.clear()
        self._asked.clear()
        self.stopped = None
        self.wants_snapshot = False
        self.flush()

    def due(self, at: float) -> Message | None:
        """Return the message that is to be sent now, None when none is."""
        ready = self._queue and self.stopped is None and at >= self.not_before
        return self._queue[0] if ready else None

    def heard(self, message: Message, answer: Answer | None, at: float) -> None:
        """Note what became of a message that was sent."""
        self.tally["sent"] += 1
        meaning = verdict(answer)
        if meaning is Verdict.LATER:
            self._later(answer, at)
            return
        self._attempts = 0
        if answer is None or meaning is Verdict.STOP:
            self.stopped = answer
            self.tally["refused"] += 1
            return
        self._queue.remove(message)
        if meaning is Verdict.MALFORMED:
            self.tally["malformed"] += 1
            del self._open[message.key]
            return
        self._keep(message)
        self._taken(message, answer)

    def _note(self, message: Message) -> None:
        self.tally["messages"] += 1
        self._open[message.key] = message
        self._sessions.setdefault(message.session_id, len(self._sessions))

    def _later(self, answer: Answer | None, at: float) -> None:
        self._attempts += 1
        self.tally["limited" if answer is not None and answer.status < 500 else "failed"] += 1
        seconds = wait_s(self._attempts, self._chance)
        if answer is not None and answer.retry_after is not None:
            seconds = min(max(answer.retry_after, 0.0), _LONGEST_RETRY_AFTER_S)
        self.not_before = at + seconds

    def _taken(self, message: Message, answer: Answer) -> None:
        session, ack = message.session_id, answer.number("ack_seq")
        doubled = answer.content.get("status") == "duplicate"
        needed = answer.content.get("need") == "snapshot" and message.kind != "snapshot"
        wanted = answer.number("resend_from")
        self.tally["duplicates"] += doubled
        if doubled or (ack is not None and ack >= message.seq and not needed):
            self._open.pop(message.key, None)
            self.tally["acked"] += 1
        known = [key for key in self._open if key[0] == session]
        # A later number covers what a snapshot leapt over; ``flush`` sends it all the same.
        self._covered.update(key for key in known if ack is not None and key[1] <= ack)
        self.wants_snapshot |= needed
        if wanted is not None:
            self._resend(session, wanted)

    def _resend(self, session: str, seq: int) -> None:
        """Send again from a number; where it is gone, or was asked too often, a snapshot."""
        key = (session, seq)
        self._asked[key] += 1
        if key in self._held() and self._asked[key] <= _PATIENCE:
            self._again(
                [m for m in self._ring.values() if m.session_id == session and m.seq >= seq]
            )
        elif self._asked[key] <= _PATIENCE + 1:
            self._asked[key] = _PATIENCE + 1
            self.wants_snapshot = True

    def _held(self) -> set[tuple[str, int]]:
        return set(self._ring) | {message.key for message in self._queue}

    def _again(self, messages: list[Message]) -> None:
        """Put messages back, in their order, before what waits of their session."""
        waiting = {message.key: message for message in self._queue}
        fresh = [message for message in messages if message.key not in waiting]
        self.tally["resent"] += len(fresh)
        self._queue = sorted(
            [*fresh, *self._queue], key=lambda m: (self._sessions[m.session_id], m.seq)
        )
        resent = {message.key for message in fresh}
        self._withheld = [message for message in self._withheld if message.key not in resent]

    def _keep(self, message: Message) -> None:
        """Hold a message that was sent, and let the oldest go."""
        self._ring[message.key] = message
        while len(self._ring) > RING_MESSAGES:
            del self._ring[next(iter(self._ring))]
        old = [key for key, kept in self._ring.items() if message.made_at - kept.made_at > RING_S]
        for key in old:
            del self._ring[key]

    def _bound(self) -> None:
        """When too much waits, drop it: a snapshot with the day's executions says the same."""
        age = self._queue[-1].made_at - self._queue[0].made_at
        if len(self._queue) <= RING_MESSAGES and age <= RING_S:
            return
        for message in self._queue:
            self._open.pop(message.key, None)
        self.tally["dropped"] += len(self._queue)
        self._queue.clear()
        self.wants_snapshot = True
