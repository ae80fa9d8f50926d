"""The rate limit: so many requests a minute for each account and API."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Final

_MINUTE: Final = 60


@dataclass(frozen=True)
class Allowance:
    """What is left of a minute; ``reset`` is when the next begins, in epoch seconds."""

    limit: int
    left: int
    reset: int
    allowed: bool

    @property
    def headers(self) -> dict[str, str]:
        """The headers that every answer carries; none where nothing is limited."""
        if not self.limit:
            return {}
        return {
            "X-Ratelimit-Limit": str(self.limit),
            "X-Ratelimit-Remaining": str(self.left),
            "X-Ratelimit-Reset": str(self.reset),
        }


class Limiter:
    """Counts requests in whole minutes."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: dict[tuple[str, str], tuple[int, int]] = {}

    def take(self, key: str, family: str, limit: int, at: float) -> Allowance:
        """Count one request at an epoch second; beyond the limit it is not allowed."""
        minute = int(at) // _MINUTE
        with self._lock:
            before, used = self._counts.get((key, family), (minute, 0))
            used = used + 1 if before == minute else 1
            self._counts[key, family] = (minute, used)
        allowed = not limit or used <= limit
        return Allowance(limit, max(limit - used, 0), (minute + 1) * _MINUTE, allowed)
