"""Accounts at a venue."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Final

from app.domain.money import ZERO, exact

#: The venue of accounts that an add-on tells of: they are watched, never traded from here.
WATCHED: Final = "ninjatrader"


class Mode(StrEnum):
    """Whether real money is at stake."""

    PAPER = "paper"
    LIVE = "live"


@dataclass(frozen=True, slots=True)
class Account:
    """A trading account at a venue.

    ``deposited`` is what its cash flows add up to, negative when more was paid out than in.

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
    deposited: Decimal = ZERO

    @property
    def watched(self) -> bool:
        """Whether no order goes there from here, and its books hold nothing."""
        return self.venue == WATCHED

    @property
    @exact
    def capital(self) -> Decimal:
        """The money that its owner has put in: the starting cash and all deposits less payouts.

        Equity is this and all P&L, so that money put in or taken out is neither profit nor loss.
        """
        return self.starting_cash + self.deposited


class FlowKind(StrEnum):
    """Why money came into an account or left it without a trade."""

    DEPOSIT = "deposit"
    PAYOUT = "payout"
    ADJUSTMENT = "adjustment"


@dataclass(frozen=True, slots=True)
class AccountFlow:
    """Money that came into an account (positive) or left it (negative) at the instant ``at``.

    ``made_by`` is the user who wrote it down at ``made_at``, None on the command line.
    """

    id: str
    account_id: str
    at: datetime
    amount: Decimal
    kind: FlowKind
    note: str
    made_at: datetime
    made_by: str | None = None
