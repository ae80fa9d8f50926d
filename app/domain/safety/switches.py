"""Trading switches: what stops new orders on the whole server, an account or a strategy."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class TradingState(StrEnum):
    """Whether new orders may go out: all, only those that reduce exposure, or none but exits."""

    ACTIVE = "active"
    REDUCING = "reducing"
    HALTED = "halted"


class Scope(StrEnum):
    """How much a switch stops."""

    SERVER = "server"
    ACCOUNT = "account"
    STRATEGY = "strategy"


@dataclass(frozen=True, slots=True)
class Switch:
    """Where a switch stands, since when, and why.

    ``subject_id`` is the account's or strategy's id, empty for the server; ``thrown_by`` the user
    who did it, None when the server did it itself.
    """

    scope: Scope
    subject_id: str
    state: TradingState
    at: datetime
    code: str | None = None
    detail: str | None = None
    thrown_by: str | None = None
