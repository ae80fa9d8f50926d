"""What a venue has logged for itself, which the judge holds our database against."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from app.sim.records import PaperFill, PaperOrder
from app.venue.log import FILE, VenueLog


@dataclass(frozen=True, slots=True)
class Placed:
    """An order as its venue has logged it; ``strategy_id`` is None where it knows no strategies."""

    account_id: str
    client_order_id: str
    strategy_id: str | None = None

    @staticmethod
    def of(order: PaperOrder) -> Placed:
        """Return an order of the simulated market."""
        return Placed(order.account_id, order.client_order_id, order.order.book)


class VenuePaper(Protocol):
    """What a venue has logged of its own, whatever our database says."""

    def orders(self) -> Sequence[Placed]:
        """Return every order that was taken."""

    def fills(self) -> Sequence[PaperFill]:
        """Return every execution, oldest first; one of nobody's strategy has none."""


@dataclass(frozen=True, slots=True)
class ChaosPaper:
    """The log of the fault broker's process in ``folder``; empty while there is none."""

    folder: Path

    def orders(self) -> Sequence[Placed]:
        """Return every order of every account."""
        return [Placed.of(order) for order in self._logged()[0]]

    def fills(self) -> Sequence[PaperFill]:
        """Return every execution of every account."""
        return self._logged()[1]

    def _logged(self) -> tuple[list[PaperOrder], list[PaperFill]]:
        orders: list[PaperOrder] = []
        fills: list[PaperFill] = []
        if (self.folder / FILE).exists():
            log = VenueLog(self.folder)
            for account_id in log.accounts():
                orders += log.orders(account_id)
                fills += log.load(account_id).fills
            log.close()
        return orders, fills
