"""What is measured: finished round trips in pieces, with no more of each than is needed."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Final, NamedTuple, Protocol

from app.domain.instruments import resolve
from app.domain.journal import Direction
from app.domain.metrics import ClosedTrip, MetricDay, initial_risk
from app.domain.money import divide
from app.services.reads import Pick, Scope, Span

#: Fields of a round trip that its row begins with.
_MEASURED: Final = 9


class ClosedRow(NamedTuple):
    """A finished round trip, and what was entered when a stop guarded it, else None.

    ``stop`` is the price of the first stop order, ``trail`` the distance of a trailing one.
    """

    strategy_id: str
    strategy_name: str
    account_id: str
    account_name: str
    symbol: str
    opened_at: datetime
    closed_at: datetime
    gross: Decimal
    net: Decimal
    stop: Decimal | None
    trail: Decimal | None
    direction: Direction
    quantity: Decimal
    average_entry: Decimal


class ClosedTrips(Protocol):
    """Finished round trips of one user; others' are never among them."""

    def closed(
        self, scope: Scope, pick: Pick, span: Span
    ) -> Generator[Sequence[ClosedRow], None, None]:
        """Yield them by the time they closed, oldest first, a few hundred at once.

        All pieces are of one state; between two of them others may have their turn.
        """
        ...

    def nets(self, scope: Scope) -> Generator[Sequence[Decimal], None, None]:
        """Yield what each of them earned after commission, some thousand at once."""
        ...

    def metric_days(self, scope: Scope, first: date, last: date) -> Sequence[MetricDay]:
        """The kept figures of the scope's days from ``first`` to ``last``, oldest first."""
        ...


class Weigher:
    """Makes round trips of rows, with what each earned in multiples of what its stop risked."""

    def __init__(self) -> None:
        self._multipliers: dict[str, Decimal] = {}

    def trips(self, rows: Sequence[ClosedRow]) -> list[ClosedTrip]:
        """Return the round trips in their order."""
        return [ClosedTrip(*row[:_MEASURED], self._r(row)) for row in rows]

    def _r(self, row: ClosedRow) -> Decimal | None:
        if row.stop is None and row.trail is None:
            return None
        multiplier = self._multipliers.get(row.symbol)
        if multiplier is None:
            contract = resolve(row.symbol, row.closed_at.date())
            multiplier = self._multipliers[row.symbol] = contract.instrument.multiplier
        risk = initial_risk(row, row.stop, row.trail, multiplier)
        return None if risk is None else divide(row.net, risk)
