"""Repository of what people keep beside round trips."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from sqlalchemy import Table, bindparam, delete, insert, select
from sqlalchemy.sql.base import Executable

from app.domain.remarks import Remarks, TripId
from app.store.records import Repo
from app.store.tables.journal import TRADE_NOTES, TRADE_TAGS

_n, _g = TRADE_NOTES.c, TRADE_TAGS.c


def _of(statement: Any, table: Table) -> Any:  # noqa: ANN401  a select or a delete
    return statement.where(
        table.c.account_id == bindparam("account_id"),
        table.c.opening_fill_id == bindparam("opening_fill_id"),
    )


_NOTE: Final[Executable] = _of(select(_n.note), TRADE_NOTES)
_TAGS: Final[Executable] = _of(select(_g.tag).order_by(_g.tag), TRADE_TAGS)
_CLEAR_NOTE: Final[Executable] = _of(delete(TRADE_NOTES), TRADE_NOTES)
_CLEAR_TAGS: Final[Executable] = _of(delete(TRADE_TAGS), TRADE_TAGS)
_ADD_NOTE: Final = insert(TRADE_NOTES)
_ADD_TAG: Final = insert(TRADE_TAGS)


class TripRemarks(Repo):
    """Notes and tags, by round trip."""

    __slots__ = ()

    def get(self, trip: TripId) -> Remarks:
        """The remarks; empty ones when nothing was written."""
        note = self._first(_NOTE, **_key(trip))
        tags = tuple(sorted(row[0] for row in self._rows(_TAGS, **_key(trip))))
        return Remarks(note[0] if note else "", tags)

    def save(self, trip: TripId, remarks: Remarks, at: datetime) -> None:
        """Keep the remarks in place of those before; empty ones leave nothing behind."""
        key = _key(trip)
        self._count(_CLEAR_NOTE, key)
        self._count(_CLEAR_TAGS, key)
        if remarks.note:
            self._count(_ADD_NOTE, key | {"note": remarks.note, "updated_at": at})
        for tag in remarks.tags:
            self._count(_ADD_TAG, key | {"tag": tag})


def _key(trip: TripId) -> dict[str, Any]:
    return {"account_id": trip.account_id, "opening_fill_id": trip.opening_fill_id}
