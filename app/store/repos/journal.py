"""Repositories of what is kept beside round trips."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Table, bindparam, delete, func, insert, select
from sqlalchemy.sql.base import Executable

from app.domain.attachments import Attachment
from app.domain.excursions import Excursion
from app.domain.remarks import Remarks, TripId
from app.store.records import Record, Repo, found_by, insert_or_replace
from app.store.tables.journal import (
    TRADE_ATTACHMENTS,
    TRADE_EXCURSIONS,
    TRADE_NOTES,
    TRADE_TAGS,
)
from app.store.tables.people import ACCOUNTS

EXCURSION: Final = Record(Excursion, TRADE_EXCURSIONS)
ATTACHMENT: Final = Record(Attachment, TRADE_ATTACHMENTS)

_n, _g, _e, _a = TRADE_NOTES.c, TRADE_TAGS.c, TRADE_EXCURSIONS.c, TRADE_ATTACHMENTS.c


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


_EXCURSIONS: Final = select(_e.account_id, _e.opening_fill_id, *EXCURSION.columns)
_SAVE_EXCURSION: Final = insert_or_replace(TRADE_EXCURSIONS, "account_id", "opening_fill_id")


class Excursions(Repo):
    """How far the P&L of round trips went at the marks of each second."""

    __slots__ = ()

    def of(self, trips: Collection[TripId]) -> Mapping[TripId, Excursion]:
        """What is known of these; those of which nothing is known are left out."""
        if not trips:
            return {}
        keys = {TripId(trip.account_id, trip.opening_fill_id) for trip in trips}
        values = [(key.account_id, key.opening_fill_id) for key in keys]
        wanted = _EXCURSIONS.where(found_by((_e.account_id, _e.opening_fill_id), values))
        rows = self._connection.execute(wanted).all()
        found = {TripId(*row[:2]): EXCURSION.of(row[2:]) for row in rows}
        return {trip: each for trip, each in found.items() if trip in keys}

    def save(self, found: Mapping[TripId, Excursion]) -> None:
        """Keep each in place of what was known before."""
        rows = [_key(trip) | EXCURSION.values(each) for trip, each in found.items()]
        if rows:
            self._connection.execute(self._variant(_SAVE_EXCURSION), rows)


_ATTACHMENTS: Final[Executable] = _of(
    select(*ATTACHMENT.columns).order_by(_a.at, _a.id), TRADE_ATTACHMENTS
)
_ATTACH: Final = insert(TRADE_ATTACHMENTS)
_DETACH: Final = delete(TRADE_ATTACHMENTS).where(_a.id == bindparam("attachment"))
_SIZE: Final = (
    select(func.coalesce(func.sum(_a.size), 0))
    .join_from(TRADE_ATTACHMENTS, ACCOUNTS, ACCOUNTS.c.id == _a.account_id)
    .where(ACCOUNTS.c.user_id == bindparam("user"))
)


class Attachments(Repo):
    """Which pictures belong to which round trip; the pictures themselves are files."""

    __slots__ = ()

    def of(self, trip: TripId) -> Sequence[Attachment]:
        """The pictures of a round trip, oldest first."""
        return ATTACHMENT.all(self._rows(_ATTACHMENTS, **_key(trip)))

    def insert(self, attachment: Attachment) -> None:
        """Keep what the picture is."""
        self._count(_ATTACH, ATTACHMENT.values(attachment))

    def delete(self, attachment_id: str) -> None:
        """Forget the picture."""
        self._count(_DETACH, {"attachment": attachment_id})

    def size_of(self, user_id: str) -> int:
        """The bytes of all pictures of the user."""
        row = self._first(_SIZE, user=user_id)
        return int(row[0]) if row else 0
