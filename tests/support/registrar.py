"""A venue that knows assets and days of accounts, and counts what it was asked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from app.domain.errors import BrokerError
from app.domain.instruments import Contract
from app.services.ports import Asset, VenueDay


@dataclass
class Registrar:
    """Implements the port ``Insight``: it trades every symbol but those it was told not to.

    With ``trouble`` it raises that instead of an answer; ``meanwhile`` happens while it is asked.
    """

    unlisted: set[str] = field(default_factory=set)
    resting: set[str] = field(default_factory=set)
    history: dict[str, list[VenueDay]] = field(default_factory=dict)
    trouble: BrokerError | None = None
    meanwhile: Callable[[], object] | None = None
    asked: list[str] = field(default_factory=list)

    def asset(self, account_id: str, contract: Contract) -> Asset | None:
        self._take(contract.symbol)
        if contract.symbol in self.unlisted:
            return None
        return Asset(
            symbol=contract.symbol,
            name=contract.symbol,
            exchange="NASDAQ",
            tradable=contract.symbol not in self.resting,
            shortable=True,
            fractionable=True,
            marginable=True,
        )

    def days(self, account_id: str) -> Sequence[VenueDay]:
        self._take(account_id)
        return self.history.get(account_id, [])

    def _take(self, what: str) -> None:
        self.asked.append(what)
        if self.meanwhile is not None:
            self.meanwhile()
        if self.trouble is not None:
            raise self.trouble
