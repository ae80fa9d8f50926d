"""The outbox of one channel: what waits, how often it may be sent, and when it is too old."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from app.domain.notices.categories import Category
from app.domain.notices.notice import Notice

#: Messages that a channel gets within the period at most; what comes meanwhile goes into the next.
MOST: Final = 10
PERIOD: Final = timedelta(minutes=1)
#: Notices that wait in words; of later ones only the number is kept.
KEPT: Final = 50
#: What could not be delivered for so long is given up.
TOO_OLD: Final = timedelta(hours=1)
_FIRST_WAIT: Final = timedelta(seconds=10)
_LONGEST_WAIT: Final = timedelta(minutes=10)
#: Beyond this many failures the wait is the longest one anyway.
_DOUBLINGS: Final = 6


@dataclass(frozen=True, slots=True)
class Batch:
    """What is sent at once: notices in words, the number of the others, and of what is gone."""

    notices: tuple[Notice, ...]
    more: Mapping[Category, int]
    lost: int


@dataclass(slots=True)
class Outbox:
    """What waits for one channel; bounded, and deterministic by the instants that it is given.

    ``lost`` counts what was given up since the last delivery, ``failures`` the attempts in a row
    that failed.
    """

    waiting: deque[Notice] = field(default_factory=deque)
    more: Counter[Category] = field(default_factory=Counter)
    lost: int = 0
    failures: int = 0
    under_way: bool = False
    _sent: deque[datetime] = field(default_factory=lambda: deque(maxlen=MOST))
    _not_before: datetime | None = None
    _newest: datetime | None = None

    def add(self, notice: Notice) -> None:
        """Let the notice wait; when too many do, it is only counted."""
        self._newest = notice.at if self._newest is None else max(self._newest, notice.at)
        if len(self.waiting) < KEPT:
            self.waiting.append(notice)
        else:
            self.more[notice.category] += 1

    def due(self, now: datetime) -> bool:
        """Whether something waits that may be sent now."""
        if self.under_way or not (self.waiting or self.more):
            return False
        if self._not_before is not None and now < self._not_before:
            return False
        return len(self._sent) < MOST or now - self._sent[0] >= PERIOD

    def take(self, now: datetime) -> Batch:
        """Take everything that waits, to be sent now; ``delivered`` or ``failed`` must follow."""
        batch = Batch(tuple(self.waiting), dict(self.more), self.lost)
        self.waiting.clear()
        self.more.clear()
        self.under_way = True
        self._sent.append(now)
        return batch

    def delivered(self, batch: Batch) -> None:
        """Note that the batch arrived."""
        self.under_way = False
        self.failures = 0
        self.lost -= batch.lost
        self._not_before = None

    def failed(self, batch: Batch, now: datetime) -> None:
        """Put the batch back; it is tried again later, and later still each time."""
        self.under_way = False
        later = [*self.waiting]
        self.waiting.clear()
        self.more.update(batch.more)
        for notice in (*batch.notices, *later):
            self.add(notice)
        wait = _FIRST_WAIT * 2 ** min(self.failures, _DOUBLINGS)
        self.failures += 1
        self._not_before = now + min(wait, _LONGEST_WAIT)

    def hurry(self) -> None:
        """Wait no longer for another attempt: the channel was seen to work."""
        self._not_before = None

    def give_up(self, now: datetime) -> int:
        """Drop what has waited for too long; return how many notices that were."""
        gone = 0
        while self.waiting and now - self.waiting[0].at > TOO_OLD:
            self.waiting.popleft()
            gone += 1
        if self.more and self._newest is not None and now - self._newest > TOO_OLD:
            gone += self.more.total()
            self.more.clear()
        self.lost += gone
        return gone
