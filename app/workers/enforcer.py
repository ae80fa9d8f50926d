"""The worker that enforces the rules of funded accounts."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from app.services.funded.enforcing import Enforcer

#: How often every account is looked at, in seconds; a breach is looked at without waiting.
ENFORCE_EVERY: Final = 1.0


class EnforceWorker:
    """Lets the enforcer take a step."""

    def __init__(self, enforcer: Enforcer) -> None:
        self._enforcer = enforcer

    def step(self, now: datetime) -> bool:
        """Do what the rules demand now; never more to do at once."""
        return self._enforcer.step(now)
