"""Drift: a difference between our books and what a venue holds, shown and never mended silently."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Final

from app.domain.money import ZERO, exact, plain, wire

#: A difference is believed when two looks at least this far apart saw it.
GRACE: Final = timedelta(seconds=10)
#: Fills and orders under way hold a difference back for so long; then it is believed all the same.
LONGEST_GRACE: Final = timedelta(minutes=1)


class DriftState(StrEnum):
    """Suspected within the grace period, then open until it is resolved."""

    SUSPECTED = "suspected"
    OPEN = "open"
    RESOLVED = "resolved"


class DriftCause(StrEnum):
    """What most likely made the difference."""

    MANUAL_TRADE = "manual_trade"
    MISSED_FILL = "missed_fill"
    LATE_FILL = "late_fill"
    UNKNOWN = "unknown"


class Resolution(StrEnum):
    """How a drift ended: by itself, by importing what explains it, or by a person's word."""

    VANISHED = "vanished"
    IMPORTED = "imported"
    ACCEPTED = "accepted"
    FLATTENED = "flattened"


@dataclass(frozen=True, slots=True)
class Difference:
    """What we say and what the venue says about a symbol, or with ``order_id`` about that order.

    Both are signed quantities, negative if short.  ``theirs`` is None when the venue lists no such
    thing, which proves nothing.
    """

    symbol: str
    ours: Decimal
    theirs: Decimal | None
    cause: DriftCause
    detail: str
    order_id: str | None = None

    @property
    def about(self) -> tuple[str, str | None]:
        """What it is about: no two differences of one look are about the same."""
        return self.symbol, self.order_id


@dataclass(frozen=True, slots=True)
class Drift:
    """One difference on an account.

    ``ours`` and ``theirs`` are signed quantities of the symbol, negative if short; ``theirs`` is
    None when the venue lists no such position, which is no proof that it is flat.  With an
    ``order_id`` the difference is about that order.  ``resolved_by`` is the user who decided.
    """

    id: str
    account_id: str
    symbol: str
    state: DriftState
    cause: DriftCause
    ours: Decimal
    theirs: Decimal | None
    detail: str
    found_at: datetime
    seen_at: datetime
    order_id: str | None = None
    resolution: Resolution | None = None
    resolved_at: datetime | None = None
    resolved_by: str | None = None

    @property
    def about(self) -> tuple[str, str | None]:
        """What it is about: an account has one unresolved drift at most about the same."""
        return self.symbol, self.order_id

    @property
    @exact
    def gap(self) -> Decimal:
        """The signed quantity that our books lack to say what the venue says."""
        return plain((self.theirs or ZERO) - self.ours)

    def seen(self, difference: Difference, now: datetime, *, calm: bool) -> Drift:
        """Return the drift after another look that found ``difference``.

        It opens when the same gap was there long enough; ``calm`` says that nothing of the symbol
        filled a moment ago and no order is under way.  Another gap is suspected anew.
        """
        after = replace(
            self,
            ours=difference.ours,
            theirs=difference.theirs,
            cause=difference.cause,
            detail=difference.detail,
            seen_at=now,
        )
        if self.state is DriftState.OPEN:
            return after
        if after.gap != self.gap or (after.theirs is None) != (self.theirs is None):
            return replace(after, found_at=now)
        lasted = abs(now - self.found_at) >= (GRACE if calm else LONGEST_GRACE)
        return replace(after, state=DriftState.OPEN) if lasted else after

    def resolved(self, how: Resolution, now: datetime, by: str | None = None) -> Drift:
        """Return the drift at its end; ``by`` is the user who decided, None when nobody did."""
        return replace(
            self, state=DriftState.RESOLVED, resolution=how, resolved_at=now, resolved_by=by
        )


def suspected(drift_id: str, account_id: str, difference: Difference, now: datetime) -> Drift:
    """Return the drift of a difference that is seen for the first time."""
    return Drift(
        id=drift_id,
        account_id=account_id,
        symbol=difference.symbol,
        state=DriftState.SUSPECTED,
        cause=difference.cause,
        ours=difference.ours,
        theirs=difference.theirs,
        detail=difference.detail,
        found_at=now,
        seen_at=now,
        order_id=difference.order_id,
    )


def position_words(account: str, symbol: str, ours: Decimal, theirs: Decimal | None) -> str:
    """Return the difference of a position as sentences."""
    if theirs is None:
        return (
            f"The broker lists no {symbol} on {account}, and our books say {wire(ours)}. An empty"
            " list is no proof that the position is gone."
        )
    gap = _gap(ours, theirs)
    way = "bought" if gap > 0 else "sold"
    return (
        f"The broker holds {wire(theirs)} {symbol} on {account}, and our books say {wire(ours)}:"
        f" {wire(abs(gap))} more {way} than we know of."
    )


@exact
def _gap(ours: Decimal, theirs: Decimal) -> Decimal:
    return plain(theirs - ours)
