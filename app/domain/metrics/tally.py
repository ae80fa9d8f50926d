"""Counts and sums of round trips under way, to which more are added piece by piece."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from app.domain.metrics.closed import ClosedTrip
from app.domain.metrics.results import Metrics
from app.domain.money import ZERO, divide, exact


class Tally:
    """What the round trips so far add up to; in which order they come does not matter."""

    def __init__(self) -> None:
        self._wins = self._losses = self._scratches = 0
        self._won = self._lost = ZERO
        self._r = ZERO
        self.gross = ZERO
        self.with_stop = 0

    @exact
    def add(self, trips: Sequence[ClosedTrip]) -> None:
        """Count more round trips."""
        self.count([each.net for each in trips])
        self.gross = sum((each.gross for each in trips), self.gross)
        multiples = [each.r for each in trips if each.r is not None]
        self._r = sum(multiples, self._r)
        self.with_stop += len(multiples)

    @exact
    def count(self, nets: Sequence[Decimal]) -> None:
        """Count round trips of which only the net is known."""
        won, lost = [net for net in nets if net > 0], [net for net in nets if net < 0]
        self._wins += len(won)
        self._losses += len(lost)
        self._scratches += len(nets) - len(won) - len(lost)
        self._won = sum(won, self._won)
        self._lost = sum(lost, self._lost)

    @property
    def results(self) -> Metrics:
        """How many won and lost, and the money of each kind."""
        return Metrics(self._wins, self._losses, self._scratches, self._won, -self._lost)

    @property
    @exact
    def fees(self) -> Decimal:
        """What all of them cost in commission; negative when rebates prevail."""
        return self.gross - self._won - self._lost

    @property
    def expectancy_r(self) -> Decimal | None:
        """Mean of the multiples of risk; None without a stop."""
        return divide(self._r, Decimal(self.with_stop)) if self.with_stop else None
