"""Repository of the paper venue's own orders and fills, kept apart from our books."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import bindparam, func, insert, select, text, union_all, update

from app.sim.records import PaperFill, PaperOrder, PaperState
from app.store.records import Repo
from app.store.tables.history import PAPER_FILLS, PAPER_ORDERS, WORKING_PAPER

_o, _f = PAPER_ORDERS.c, PAPER_FILLS.c

_INSERT_ORDERS: Final = insert(PAPER_ORDERS)
_INSERT_FILLS: Final = insert(PAPER_FILLS)
_UPDATE_ORDERS: Final = (
    update(PAPER_ORDERS)
    .where(
        _o.account_id == bindparam("of_account"), _o.client_order_id == bindparam("of_client_id")
    )
    .values(
        number=bindparam("new_number"),
        state=bindparam("new_state"),
        at=bindparam("new_at"),
        record=bindparam("new_record"),
    )
)
_WORKING: Final = (
    select(_o.record)
    .where(_o.account_id == bindparam("account_id"), text(WORKING_PAPER))
    .order_by(_o.number)
)
_FILLS: Final = (
    select(_f.record).where(_f.account_id == bindparam("account_id")).order_by(_f.number)
)
_FILLS_AFTER: Final = _FILLS.where(_f.at >= bindparam("after"))
_LAST: Final = select(
    func.max(
        union_all(
            select(func.max(_o.number).label("number")).where(
                _o.account_id == bindparam("account_id")
            ),
            select(func.max(_f.number)).where(_f.account_id == bindparam("account_id")),
        )
        .subquery()
        .c.number
    )
)
_ORDER: Final = select(_o.record).where(
    _o.account_id == bindparam("account_id"), _o.client_order_id == bindparam("client_order_id")
)


def _order_row(order: PaperOrder) -> dict[str, Any]:
    return {
        "account_id": order.account_id,
        "client_order_id": order.client_order_id,
        "number": order.number,
        "state": order.state,
        "at": order.at,
        "record": order.to_json(),
    }


def _order_change(order: PaperOrder) -> dict[str, Any]:
    return {
        "of_account": order.account_id,
        "of_client_id": order.client_order_id,
        "new_number": order.number,
        "new_state": order.state,
        "new_at": order.at,
        "new_record": order.to_json(),
    }


def _fill_row(fill: PaperFill) -> dict[str, Any]:
    return {
        "account_id": fill.account_id,
        "venue_fill_id": fill.venue_fill_id,
        "number": fill.number,
        "client_order_id": fill.client_order_id,
        "at": fill.at,
        "record": fill.to_json(),
    }


class PaperRecords(Repo):
    """What the paper venue keeps."""

    __slots__ = ()

    def save(
        self,
        new: Sequence[PaperOrder],
        changed: Sequence[PaperOrder],
        fills: Sequence[PaperFill],
    ) -> None:
        """Insert ``new`` and ``fills``, update ``changed``; Conflict when one is kept already."""
        if new:
            self._connection.execute(_INSERT_ORDERS, [_order_row(order) for order in new])
        if changed:
            self._connection.execute(_UPDATE_ORDERS, [_order_change(order) for order in changed])
        if fills:
            self._connection.execute(_INSERT_FILLS, [_fill_row(fill) for fill in fills])

    def load(self, account_id: str) -> PaperState:
        """Orders in a working state, all fills, and the highest number of any order or fill."""
        last = self._first(_LAST, account_id=account_id)
        return PaperState(
            [PaperOrder.from_json(row[0]) for row in self._rows(_WORKING, account_id=account_id)],
            [PaperFill.from_json(row[0]) for row in self._rows(_FILLS, account_id=account_id)],
            (last[0] if last else None) or 0,
        )

    def order(self, account_id: str, client_order_id: str) -> PaperOrder | None:
        """The order as it was last saved, whatever its state."""
        row = self._first(_ORDER, account_id=account_id, client_order_id=client_order_id)
        return PaperOrder.from_json(row[0]) if row else None

    def fills(self, account_id: str, after: datetime) -> Sequence[PaperFill]:
        """Fills at or later than ``after``, by number."""
        rows = self._rows(_FILLS_AFTER, account_id=account_id, after=after)
        return [PaperFill.from_json(row[0]) for row in rows]
