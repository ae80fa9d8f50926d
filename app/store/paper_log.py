"""The paper venue's durable log in the same database, behind the port ``PaperLog``."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from app.sim.records import PaperFill, PaperOrder, PaperState
from app.store.unit_of_work import SqlStore


class SqlPaperLog:
    """Each call is one transaction; ``save`` is durable."""

    def __init__(self, store: SqlStore) -> None:
        self._store = store

    def save(
        self,
        new: Sequence[PaperOrder],
        changed: Sequence[PaperOrder],
        fills: Sequence[PaperFill],
    ) -> None:
        """Write it all or nothing; Conflict when one of ``new`` or ``fills`` is kept already."""
        with self._store.write() as unit:
            unit.paper.save(new, changed, fills)

    def load(self, account_id: str) -> PaperState:
        """Orders in a working state, all fills, and the highest number of any order or fill."""
        with self._store.read() as unit:
            return unit.paper.load(account_id)

    def order(self, account_id: str, client_order_id: str) -> PaperOrder | None:
        """The order as it was last saved, whatever its state."""
        with self._store.read() as unit:
            return unit.paper.order(account_id, client_order_id)

    def fills(self, account_id: str, after: datetime) -> Sequence[PaperFill]:
        """Fills at or later than ``after``, by number."""
        with self._store.read() as unit:
            return unit.paper.fills(account_id, after)
