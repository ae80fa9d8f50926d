"""Identifiers that sort by time, so that the order of ids is the order of arrival."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from datetime import datetime
from typing import Final

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_RANDOM_BITS = 62


_PAIRS: Final = tuple(first + second for first in _ALPHABET for second in _ALPHABET)


def _encode(number: int, length: int) -> str:
    """Return ``length`` characters, an even number of them, two at a time."""
    pairs = []
    for _ in range(length // 2):
        number, rest = divmod(number, 1024)
        pairs.append(_PAIRS[rest])
    return "".join(reversed(pairs))


class TimeOrderedIds:
    """Makes 23-character ids: 48 bits of milliseconds, then random bits that count up within one.

    The layout follows ULID's monotonic mode; Crockford's alphabet keeps text order = time order.
    """

    def __init__(self, now: Callable[[], datetime], chance: random.Random) -> None:
        self._now = now
        self._chance = chance
        self._lock = threading.Lock()
        self._millisecond = 0
        self._tail = 0

    def __call__(self) -> str:
        """Return the next id; it sorts after every id that this maker returned before."""
        with self._lock:
            millisecond = int(self._now().timestamp() * 1000)
            if millisecond > self._millisecond:
                self._millisecond = millisecond
                self._tail = self._chance.getrandbits(_RANDOM_BITS)
            else:
                self._tail += 1
            return _encode(self._millisecond, 10) + _encode(self._tail, 14)[1:]
