"""Storms: runs that prove that no alert is lost and none doubled, and their reports."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

from app.domain.errors import InvalidInput

#: The exchange's own test symbols: a storm on an account trades these, and moves no real price.
TEST_SYMBOLS: Final = ("ZVZZT", "ZWZZT", "ZXZZT", "ZJZZT")
MOST_ALERTS: Final = 2000
MOST_SENDERS: Final = 32


class StormState(StrEnum):
    """How a storm stands: broken means that it could not be judged."""

    RUNNING = "running"
    PASSED = "passed"
    FAILED = "failed"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Storm:
    """One storm: what was asked for (``settings``) and what came out (``report``), as JSON."""

    id: str
    state: StormState
    started_at: datetime
    settings: Mapping[str, object] = field(default_factory=dict)
    report: Mapping[str, object] = field(default_factory=dict)
    ended_at: datetime | None = None
    user_id: str | None = None
    account_id: str | None = None


@dataclass(frozen=True, slots=True)
class Wish:
    """A storm on an account, as asked for; ``resend`` is the share that is sent more than once.

    The same ``seed`` makes the same alerts.  Raises InvalidInput with the fields that are wrong.
    """

    alerts: int = 200
    senders: int = 8
    resend: float = 0.3
    seed: int = 1

    def __post_init__(self) -> None:
        wrong = {
            name: f"must be from {low} to {high}"
            for name, low, high in (
                ("alerts", 1, MOST_ALERTS),
                ("senders", 1, MOST_SENDERS),
                ("resend", 0, 1),
                ("seed", 0, 2**31 - 1),
            )
            if not low <= getattr(self, name) <= high
        }
        if wrong:
            raise InvalidInput("There can be no such storm.", fields=wrong)

    def to_json(self) -> dict[str, object]:
        """Return it as JSON."""
        return asdict(self)
