"""Time, identifiers and secrets: what the use cases need from the machine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """The only source of time."""

    def now(self) -> datetime:
        """The current instant, aware UTC."""

    def monotonic(self) -> float:
        """Seconds that never run backwards, for durations."""


@dataclass(frozen=True, slots=True)
class Holder:
    """The server that trades on a database: its host's name, its process, and since when."""

    host: str
    pid: int
    since: datetime


class Lease(Protocol):
    """The right to trade on a database, which one process at most has at any time.

    ``handover_s`` is for how many seconds nobody gets it after a holder that died.
    """

    @property
    def handover_s(self) -> float: ...

    def take(self, me: Holder) -> bool:
        """Get the right without waiting for it, or make sure that we still have it.

        Who had it and lost it is told False.  Raises ConfigError when there is no place to keep it,
        StoreUnavailable when there is nobody to ask.
        """
        ...

    def held(self) -> bool:
        """Whether we have the right at this moment; never True while another one may have it."""
        ...

    def holder(self) -> Holder | None:
        """Who has the right, or had it last and never gave it back; None when nobody is known."""
        ...

    def release(self) -> None:
        """Give the right back, for another one to take it at once."""


Ids = Callable[[], str]
"""Makes a new identifier; later ones sort after earlier ones."""


class Vault(Protocol):
    """Makes, hashes and encrypts secrets."""

    def new_secret(self) -> str: ...

    def hash(self, secret: str) -> str: ...

    def same(self, one: str, other: str) -> bool: ...

    def encrypt(self, secret: str) -> str: ...

    def decrypt(self, token: str) -> str: ...
