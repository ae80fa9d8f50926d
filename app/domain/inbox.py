"""An alert as it is kept: what arrived, what became of it, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final


class AlertSource(StrEnum):
    """Where an alert came from."""

    WEBHOOK = "webhook"
    MANUAL = "manual"
    COMMAND_LINE = "command_line"


class AlertState(StrEnum):
    """Where an alert stands; every alert ends in exactly one terminal state."""

    RECEIVED = "received"
    CLAIMED = "claimed"
    EXECUTED = "executed"
    NO_ACTION = "no_action"
    REFUSED = "refused"
    EXPIRED = "expired"
    FAILED = "failed"
    INVALID = "invalid"
    DUPLICATE = "duplicate"
    CONFLICT = "conflict"

    @property
    def terminal(self) -> bool:
        """Whether nothing more will happen to the alert."""
        return self not in OPEN_STATES


OPEN_STATES: Final = frozenset({AlertState.RECEIVED, AlertState.CLAIMED})


@dataclass(frozen=True, slots=True)
class Arrival:
    """That a strategy's sender delivered something, and when; resends are no arrivals.

    ``readable`` is False for a message that could not be used.
    """

    id: str
    strategy_id: str
    at: datetime
    readable: bool


@dataclass(frozen=True, slots=True)
class Alert:
    """One request with a valid key, kept whole, whatever became of it.

    ``dedupe_key`` is None for rows that must not block a resend (invalid, duplicate, conflict).
    ``code`` and ``detail`` say in one word and one sentence what became of it.
    """

    id: str
    strategy_id: str
    received_at: datetime
    body: bytes
    body_hash: str
    state: AlertState
    source: AlertSource = AlertSource.WEBHOOK
    content_type: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    source_address: str | None = None
    key_id: str | None = None
    dedupe_key: str | None = None
    dedupe_rule: str | None = None
    code: str | None = None
    detail: str | None = None
    duplicate_of: str | None = None
    claimed_by: str | None = None
    claimed_at: datetime | None = None
    lease_until: datetime | None = None
    finished_at: datetime | None = None
