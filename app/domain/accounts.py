"""Accounts at a venue."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum


class Mode(StrEnum):
    """Whether real money is at stake."""

    PAPER = "paper"
    LIVE = "live"


@dataclass(frozen=True, slots=True)
class Account:
    """A trading account at a venue.

    ``roll`` is the start of its trading day ("16:00 America/Chicago"); ``settings`` are the
    venue's own (for paper: costs, latency, liquidity).  ``user_id`` is None for what was made on
    the command line before the first user exists; the first user adopts it.
    """

    id: str
    name: str
    venue: str
    mode: Mode
    starting_cash: Decimal
    created_at: datetime
    roll: str = "16:00 America/Chicago"
    user_id: str | None = None
    settings: Mapping[str, object] = field(default_factory=dict)
