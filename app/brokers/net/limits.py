"""What one credential may ask of its venue: a rate, and one cool-down for all who share it."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Final

from app.domain.errors import BrokerLimited

#: The longest cool-down that a venue can ask for, in seconds.
LONGEST_S: Final = 900.0
#: The first rest after "too many requests" without a time; it doubles up to the longest.
_FIRST_S: Final = 1.0
_LONGEST_UNTIMED_S: Final = 30.0
#: The part of the rate that reads leave to orders.
_FOR_ORDERS: Final = 0.25


class Limits:
    """Says whether a request may go out; raises BrokerLimited, with the time to wait, if not.

    Orders may use the whole rate and reads three quarters of it, so that polling never keeps an
    order waiting.  ``chance`` spreads those who wait.
    """

    def __init__(
        self, monotonic: Callable[[], float], chance: random.Random, per_minute: int | None = None
    ) -> None:
        """``per_minute`` is how many requests the venue takes in a minute; None is no limit."""
        self._monotonic = monotonic
        self._chance = chance
        self._rate = None if per_minute is None else per_minute / 60
        self._most = float(per_minute or 0)
        self._left = self._most
        self._at = monotonic()
        self._until = 0.0
        self._refusals = 0
        self._lock = threading.Lock()

    def admit(self, *, order: bool) -> None:
        """Let one request out; raises BrokerLimited during a cool-down or above the rate."""
        with self._lock:
            now = self._monotonic()
            if now < self._until:
                raise BrokerLimited("The venue asked us to wait.", self._until - now)
            if self._rate is None:
                return
            self._refill(now)
            needed = 1.0 if order else 1.0 + self._most * _FOR_ORDERS
            if self._left < needed:
                wait = (needed - self._left) / self._rate
                raise BrokerLimited("The venue's limit of requests is reached.", wait)
            self._left -= 1.0

    def cool_down(self, said: str | None, now: datetime) -> float:
        """Let nobody ask for as long as the venue said (``Retry-After``); return the seconds."""
        asked = retry_after(said, now)
        with self._lock:
            if asked is None:
                asked = min(_FIRST_S * 2**self._refusals, _LONGEST_UNTIMED_S)
            self._refusals = min(self._refusals + 1, 10)
            wait = asked * (1 + self._chance.random() / 10)
            self._until = max(self._until, self._monotonic() + wait)
        return wait

    def went_well(self, left: str | None = None, of: str | None = None) -> None:
        """An answer came: the next refusal is a first one.

        ``left`` is how many more requests the venue says that it takes (``X-RateLimit-Remaining``):
        others may use the same credential.  ``of`` is how many it takes in a minute
        (``X-RateLimit-Limit``), which its plans may differ in.
        """
        with self._lock:
            self._refusals = 0
            if self._rate is None:
                return
            if of is not None and of.isdecimal() and int(of):
                self._take_rate(float(of))
            if left is not None and left.isdecimal():
                self._left = min(self._left, float(left))

    def _take_rate(self, most: float) -> None:
        """Go by another rate; of the minute's requests, as many are used as before."""
        self._refill(self._monotonic())
        self._left = max(self._left + most - self._most, 0.0)
        self._most, self._rate = most, most / 60

    @property
    def per_minute(self) -> int | None:
        """How many requests the venue takes in a minute; None is no limit."""
        return None if self._rate is None else int(self._most)

    @property
    def requests_left(self) -> int | None:
        """How many requests may go out at once now; None is no limit."""
        with self._lock:
            now = self._monotonic()
            if now < self._until:
                return 0
            if self._rate is None:
                return None
            self._refill(now)
            return int(self._left)

    def beside(self) -> Limits:
        """Limits of the same rate, for another interface of the venue that counts by itself."""
        return Limits(self._monotonic, self._chance, self.per_minute)

    def _refill(self, now: float) -> None:
        self._left = min(self._most, self._left + (now - self._at) * (self._rate or 0.0))
        self._at = now


def retry_after(said: str | None, now: datetime) -> float | None:
    """Return the seconds that a Retry-After header means, at most 900; None when it says nothing.

    The header holds seconds or an HTTP date.
    """
    if said is None:
        return None
    try:
        seconds = float(said)
    except ValueError:
        try:
            seconds = (parsedate_to_datetime(said) - now).total_seconds()
        except (ValueError, TypeError):
            return None
    return min(max(seconds, 0.0), LONGEST_S) if seconds == seconds else None  # noqa: PLR0124  NaN
