"""Counts of round trips and the money they made, counted by what each earned after fees."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from app.domain.journal import RoundTrip
from app.domain.money import ZERO, divide, exact


@dataclass(frozen=True, slots=True)
class Metrics:
    """Counts of round trips that won, lost or broke even, and the money that each kind made.

    ``gross_profit`` is the sum of the winners' net, ``gross_loss`` that of the losers as a positive
    amount, both in the quote currency.
    """

    wins: int
    losses: int
    scratches: int
    gross_profit: Decimal
    gross_loss: Decimal

    @property
    def round_trips(self) -> int:
        """How many round trips were counted."""
        return self.wins + self.losses + self.scratches

    @property
    @exact
    def net(self) -> Decimal:
        """Money earned by all round trips after commission; negative if lost."""
        return self.gross_profit - self.gross_loss

    @property
    def profit_factor(self) -> Decimal | None:
        """Gross profit over gross loss; None without a loss."""
        return divide(self.gross_profit, self.gross_loss) if self.losses else None

    @property
    def win_rate(self) -> Decimal | None:
        """Share of round trips that won, 0 to 1; None without a round trip."""
        return divide(Decimal(self.wins), Decimal(self.round_trips)) if self.round_trips else None

    @property
    def expectancy(self) -> Decimal | None:
        """Average net of a round trip, negative if losing; None without a round trip."""
        return divide(self.net, Decimal(self.round_trips)) if self.round_trips else None


@exact
def measure(round_trips: Iterable[RoundTrip]) -> Metrics:
    """Return the metrics of ``round_trips``, which must share one currency."""
    nets = [trip.net for trip in round_trips]
    won = [net for net in nets if net > 0]
    lost = [net for net in nets if net < 0]
    return Metrics(
        wins=len(won),
        losses=len(lost),
        scratches=len(nets) - len(won) - len(lost),
        gross_profit=sum(won, ZERO),
        gross_loss=-sum(lost, ZERO),
    )
