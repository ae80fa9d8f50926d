"""Which fault happens next: those that were scripted come first, then chance."""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from app.brokers.chaos.faults import EVENT, ORDER, REQUEST, STREAM, Fault
from app.domain.errors import InvalidInput

#: How long a fault lasts that has a length, in seconds, unless it says so itself.
LASTS_S: Final = 3.0
LONGEST_S: Final = 120.0
_ALL_VERBS: Final = frozenset(
    {"submit", "replace", "cancel", "order", "orders", "fills", "positions", "account", "open"}
)


@dataclass(frozen=True, slots=True)
class Scripted:
    """A fault that happens at the next requests of a verb (of any verb when it names none).

    The first ``skip`` of them are spared, then ``times`` of them meet it.  ``seconds`` is how long
    it lasts, or what Retry-After says.
    """

    fault: Fault
    verb: str | None = None
    times: int = 1
    skip: int = 0
    seconds: float | None = None
    account_id: str | None = None

    @staticmethod
    def read(data: object) -> Scripted:
        """Read one entry of ``next``; raises InvalidInput."""
        if not isinstance(data, Mapping):
            raise InvalidInput("Each entry of next must be an object.")
        unknown = set(data) - set(Scripted.__dataclass_fields__)
        verb = data.get("verb")
        if unknown or (verb is not None and verb not in _ALL_VERBS):
            raise InvalidInput(
                f"There is no such field or verb: {', '.join(sorted(unknown)) or verb}."
            )
        try:
            seconds = data.get("seconds")
            return Scripted(
                Fault(str(data.get("fault"))),
                verb,
                int(data.get("times", 1)),
                int(data.get("skip", 0)),
                None if seconds is None else min(max(float(seconds), 0.0), LONGEST_S),
                data.get("account_id"),
            )
        except (TypeError, ValueError) as error:
            raise InvalidInput(f"The fault cannot be read: {error}.") from error


@dataclass(frozen=True, slots=True)
class Drawn:
    """The faults that one request meets, at most one of each kind."""

    request: Scripted | None = None
    order: Scripted | None = None
    event: Scripted | None = None
    stream: Scripted | None = None

    @property
    def names(self) -> str | None:
        """The faults by name, as the log has them; None when there is none."""
        drawn = (self.request, self.order, self.event, self.stream)
        return " ".join(each.fault for each in drawn if each is not None) or None


class Plan:
    """The faults of every account; ``drawn`` counts what happened."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._next: list[Scripted] = []
        self._chances: dict[str, tuple[dict[Fault, float], random.Random]] = {}
        self._counts: Counter[str] = Counter()

    @property
    def counts(self) -> Mapping[str, int]:
        """How often each fault was drawn so far."""
        return dict(self._counts)

    def script(self, faults: Iterable[Scripted]) -> None:
        """Add scripted faults behind those that wait."""
        with self._lock:
            self._next.extend(faults)

    def clear(self) -> None:
        """Forget what is scripted."""
        with self._lock:
            self._next.clear()

    @property
    def waiting(self) -> int:
        """How many scripted faults have not happened yet."""
        return len(self._next)

    def chances(self, account_id: str, chances: Mapping[Fault, float], seed: int) -> None:
        """Let faults of the account happen with these probabilities, 0 to 1, from now on."""
        chance = random.Random(f"{seed}|{account_id}")  # noqa: S311  no secret
        with self._lock:
            self._chances[account_id] = (dict(chances), chance)

    def draw(self, account_id: str, verb: str) -> Drawn:
        """Return what the next request of the account meets."""
        with self._lock:
            kinds = (REQUEST, ORDER, EVENT, STREAM) if verb == "submit" else (REQUEST, STREAM)
            found = {id(kind): self._of(kind, account_id, verb) for kind in kinds}
        drawn = Drawn(*(found.get(id(kind)) for kind in (REQUEST, ORDER, EVENT, STREAM)))
        self._counts.update((drawn.names or "").split())
        return drawn

    def _of(self, kind: Mapping[Fault, str], account_id: str, verb: str) -> Scripted | None:
        return self._scripted(kind, account_id, verb) or self._by_chance(kind, account_id)

    def _scripted(self, kind: Mapping[Fault, str], account_id: str, verb: str) -> Scripted | None:
        for index, each in enumerate(self._next):
            meant = each.fault in kind and each.account_id in {None, account_id}
            if not meant or each.verb not in {None, verb}:
                continue
            if each.skip:
                self._next[index] = replace(each, skip=each.skip - 1)
                return None
            if each.times > 1:
                self._next[index] = replace(each, times=each.times - 1)
            else:
                del self._next[index]
            return each
        return None

    def _by_chance(self, kind: Mapping[Fault, str], account_id: str) -> Scripted | None:
        chances, chance = self._chances.get(account_id, ({}, None))
        if chance is None:
            return None
        for fault in kind:
            probability = chances.get(fault, 0.0)
            if probability and chance.random() < probability:
                return Scripted(fault)
        return None


def chances_in(data: Mapping[str, Any]) -> dict[Fault, float]:
    """Read fault -> probability; raises InvalidInput."""
    try:
        chances = {Fault(name): float(value) for name, value in data.items()}
    except (TypeError, ValueError) as error:
        raise InvalidInput(f"The faults cannot be read: {error}.") from error
    if not all(0 <= value <= 1 for value in chances.values()):
        raise InvalidInput("Each probability must be from 0 to 1.")
    return chances
