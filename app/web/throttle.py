"""Rate limits: how often one key, name or address may come back, and how long it has to wait."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

import limits
from limits.storage import Storage
from limits.strategies import FixedWindowRateLimiter

from app.domain.errors import ConfigError
from app.services.ports import Clock

#: Counters kept before the ended ones are swept out.
SWEEP_AT = 10_000


class ClockedMemory(Storage):
    """Counts in memory by the injected clock.

    The library's own memory storage starts a thread for nearly each request to drop what ended.
    """

    STORAGE_SCHEME = None

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._now = clock.monotonic
        self._counts: dict[str, tuple[int, float]] = {}

    @property
    def base_exceptions(self) -> type[Exception]:
        """No failure of its own."""
        return ValueError

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Add ``amount`` to the counter of ``key``, which ends ``expiry`` seconds later."""
        now = self._now()
        count, ends = self._counts.get(key, (0, 0.0))
        if ends <= now:
            count, ends = 0, now + expiry
            self._sweep(now)
        self._counts[key] = (count + amount, ends)
        return count + amount

    def _sweep(self, now: float) -> None:
        if len(self._counts) >= SWEEP_AT:
            self._counts = {key: kept for key, kept in self._counts.items() if kept[1] > now}

    def get(self, key: str) -> int:
        """Return the counter of ``key``, 0 when it ended."""
        count, ends = self._counts.get(key, (0, 0.0))
        return count if ends > self._now() else 0

    def get_expiry(self, key: str) -> float:
        """Return when the counter of ``key`` ends, on the clock's monotonic scale."""
        return self._counts.get(key, (0, self._now()))[1]

    def check(self) -> bool:
        """Memory is always there."""
        return True

    def reset(self) -> int:
        """Forget all counters and return how many there were."""
        count = len(self._counts)
        self._counts.clear()
        return count

    def clear(self, key: str) -> None:
        """Forget the counter of ``key``."""
        self._counts.pop(key, None)


@dataclass(frozen=True, slots=True)
class Wait:
    """Too often: whole seconds until the limit begins anew; ``first`` marks the first one told."""

    seconds: int
    first: bool


class Throttle:
    """One limit, such as "600/minute", counted for each key apart."""

    def __init__(self, limit: str, clock: Clock) -> None:
        try:
            self._limit = limits.parse(limit)
        except ValueError:
            raise ConfigError(
                f"{limit!r} is no rate limit; write a number and a period, such as 600/minute."
            ) from None
        self._clock = clock
        self._counts = ClockedMemory(clock)
        self._limiter = FixedWindowRateLimiter(self._counts)

    def wait(self, key: str) -> Wait | None:
        """Count one request of ``key``; None when it may pass, else how long it has to wait."""
        if self._limiter.hit(self._limit, key):
            return None
        name = self._limit.key_for(key)
        left = self._counts.get_expiry(name) - self._clock.monotonic()
        first = self._counts.get(name) == self._limit.amount + 1
        return Wait(max(1, ceil(left)), first)
