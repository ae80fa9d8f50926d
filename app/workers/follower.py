"""The follower: what another process wrote down (the command line) is heard here as well."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from app.domain.events import Fact
from app.services.ports import Publish, Store

#: How often it looks, in seconds, and how many facts it reads at once.
EVERY: Final = 0.5
_BATCH: Final = 500


class Follower:
    """Publishes the facts that this process did not commit itself; ``hear`` listens to the bus.

    It begins after the newest fact of its first step, since everything is read anew at a start.
    A strange fact is published when the next step finds it still strange: our own are published
    a moment after their commit, and must not be told twice.
    """

    def __init__(self, store: Store, publish: Publish) -> None:
        self._store = store
        self._publish = publish
        self._lock = threading.Lock()
        self._own: set[int] = set()
        self._strange: set[int] = set()
        self._told: int | None = None

    def hear(self, facts: Sequence[Fact]) -> None:
        """Remember what was published already."""
        with self._lock:
            self._own.update(fact.number for fact in facts)

    def step(self, now: datetime) -> bool:  # noqa: ARG002  facts carry their own time
        """Publish what is strange for the second time; never more to do at once."""
        if self._told is None:
            with self._store.read() as uow:
                self._told = uow.facts.newest()
            return False
        self._told = self._skip_own(self._told)
        with self._store.read() as uow:
            facts = uow.facts.after(self._told, _BATCH)
        ripe = self._sort(facts)
        if ripe:
            self._publish(ripe)
        return False

    def _skip_own(self, told: int) -> int:
        """Go past the facts that this process told itself, so that they are not read again."""
        with self._lock:
            while told + 1 in self._own:
                told += 1
            self._own = {number for number in self._own if number > told}
        return told

    def _sort(self, facts: Sequence[Fact]) -> list[Fact]:
        """Return the facts to publish now; what is strange for the first time is remembered."""
        with self._lock:
            foreign = [fact for fact in facts if fact.number not in self._own]
        ripe = [fact for fact in foreign if fact.number in self._strange]
        self._strange = {fact.number for fact in foreign} - self._strange
        if self._strange:
            self._told = min(self._strange) - 1
        elif facts:
            self._told = facts[-1].number
        return ripe
