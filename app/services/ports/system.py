"""Time, identifiers and secrets: what the use cases need from the machine."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """The only source of time."""

    def now(self) -> datetime:
        """The current instant, aware UTC."""

    def monotonic(self) -> float:
        """Seconds that never run backwards, for durations."""


Ids = Callable[[], str]
"""Makes a new identifier; later ones sort after earlier ones."""


class Vault(Protocol):
    """Makes, hashes and encrypts secrets."""

    def new_secret(self) -> str: ...

    def hash(self, secret: str) -> str: ...

    def same(self, one: str, other: str) -> bool: ...

    def encrypt(self, secret: str) -> str: ...

    def decrypt(self, token: str) -> str: ...
