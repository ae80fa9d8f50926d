"""Storms: runs that prove that no alert is lost and none doubled, and their reports."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


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
