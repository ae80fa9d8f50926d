"""A round trip as the metrics see it: whose it is, and what was at risk when it was entered."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from app.domain.journal import Direction, RoundTrip
from app.domain.money import divide, exact


@dataclass(frozen=True, slots=True)
class Trade:
    """A round trip with its book, and ``risk``: the money (above zero) that its first stop risked.

    ``risk`` is None when no stop was known at entry.
    """

    trip: RoundTrip
    strategy_id: str
    strategy_name: str
    account_id: str
    account_name: str
    risk: Decimal | None = None

    @property
    def r(self) -> Decimal | None:
        """Net in multiples of what was at risk, negative if lost; None without a stop."""
        return None if self.risk is None else divide(self.trip.net, self.risk)


class Entered(Protocol):
    """What was entered: which way, how much (unsigned), at which average price."""

    @property
    def direction(self) -> Direction:
        """Which way it bets."""
        ...

    @property
    def quantity(self) -> Decimal:
        """All that was entered."""
        ...

    @property
    def average_entry(self) -> Decimal:
        """The average price of it."""
        ...


@exact
def initial_risk(
    trip: Entered, stop: Decimal | None, trail: Decimal | None, multiplier: Decimal
) -> Decimal | None:
    """Return the money lost, before costs, if all that was entered left at the first stop.

    ``stop`` is that order's price, ``trail`` the distance of a trailing one.  None without a stop,
    and for one that did not lie on the losing side of the average entry.
    """
    distance = trail
    if stop is not None:
        distance = (trip.average_entry - stop) * trip.direction.sign
    if distance is None or distance <= 0:
        return None
    return distance * trip.quantity * multiplier
