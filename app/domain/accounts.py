"""Accounts at a venue."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Final

from app.domain.catalogue import InstrumentKind
from app.domain.money import ZERO, exact

#: The venues that an account may be at.
PAPER: Final = "paper"
CHAOS: Final = "chaos"
ALPACA: Final = "alpaca"
#: Accounts that an add-on tells of: they are watched, never traded from here.
WATCHED: Final = "ninjatrader"


@dataclass(frozen=True, slots=True)
class Traits:
    """What is known of a venue without asking it.

    ``kinds`` are the instruments that it trades.  Where it ``reserves``, it holds back what working
    orders may still sell: a position has one exit at a time, or one pair of which either cancels
    the other.  ``stops`` are the kinds that a stop or a trailing stop may guard there, ``whole``
    those of which only whole units can be guarded.  Where it has ``keys``, an account is connected
    with credentials, and its money is the venue's to count.  Where it ``pays``, what is bought is
    paid with the account's cash; elsewhere it only takes margin.
    """

    title: str
    kinds: frozenset[InstrumentKind]
    reserves: bool = False
    keys: bool = False
    stops: frozenset[InstrumentKind] = frozenset(InstrumentKind)
    whole: frozenset[InstrumentKind] = frozenset()
    pays: bool = False


_EVERY_KIND: Final = frozenset(InstrumentKind)
_TRAITS: Final[Mapping[str, Traits]] = {
    PAPER: Traits("Paper", _EVERY_KIND),
    CHAOS: Traits("Chaos", _EVERY_KIND),
    ALPACA: Traits(
        "Alpaca",
        frozenset({InstrumentKind.STOCK, InstrumentKind.CRYPTO}),
        reserves=True,
        keys=True,
        stops=frozenset({InstrumentKind.STOCK}),
        whole=frozenset({InstrumentKind.STOCK}),
        pays=True,
    ),
    WATCHED: Traits("NinjaTrader", _EVERY_KIND),
}


def traits(venue: str) -> Traits:
    """Return what is known of a venue; one that tests name is like paper."""
    return _TRAITS.get(venue) or Traits(venue.capitalize(), _EVERY_KIND)


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

    ``max_order_value`` and ``max_daily_loss``, in its currency and above zero, and
    ``max_orders_a_day`` bound what is opened there; None is no bound, and no live account is
    without all three.  ``venue_number`` is what a venue with keys calls it; nobody connects
    the same one twice.
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
    max_order_value: Decimal | None = None
    max_daily_loss: Decimal | None = None
    max_orders_a_day: int | None = None
    venue_number: str | None = None

    @property
    def traits(self) -> Traits:
        """What is known of its venue without asking it."""
        return traits(self.venue)

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


@dataclass(frozen=True, slots=True)
class Credentials:
    """The keys to an account at its venue; they are shown to nobody.

    ``key_hint`` is what is shown of the key, its first two and last four characters;
    ``keys_encrypted`` is the key and the secret as JSON ``{"key": ..., "secret": ...}``, encrypted.
    """

    account_id: str
    key_hint: str
    keys_encrypted: str = field(repr=False)
    entered_at: datetime


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
