"""What is kept beside round trips."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from app.domain.attachments import Attachment
from app.domain.excursions import Excursion
from app.domain.remarks import Remarks, TripId


class TripRemarks(Protocol):
    """Notes and tags, by round trip."""

    def get(self, trip: TripId) -> Remarks:
        """The remarks; empty ones when nothing was written."""

    def save(self, trip: TripId, remarks: Remarks, at: datetime) -> None:
        """Keep the remarks in place of those before; empty ones leave nothing behind."""


class Excursions(Protocol):
    """How far the P&L of round trips went at the marks of each second."""

    def of(self, trips: Collection[TripId]) -> Mapping[TripId, Excursion]:
        """What is known of these; those of which nothing is known are left out."""
        ...

    def save(self, found: Mapping[TripId, Excursion]) -> None:
        """Keep each in place of what was known before."""


class Attachments(Protocol):
    """Which pictures belong to which round trip; the pictures themselves are files."""

    def of(self, trip: TripId) -> Sequence[Attachment]:
        """The pictures of a round trip, oldest first."""
        ...

    def insert(self, attachment: Attachment) -> None: ...

    def delete(self, attachment_id: str) -> None: ...

    def size_of(self, user_id: str) -> int:
        """The bytes of all pictures of the user."""
        ...


class Pictures(Protocol):
    """The files of pictures, by the ids of their attachments."""

    def put(self, name: str, content: bytes) -> None:
        """Keep the file; raises StoreUnavailable when the disk does not take it."""

    def get(self, name: str) -> bytes | None:
        """Return the content; None when there is no such file."""

    def drop(self, name: str) -> None:
        """Forget the file, if it is there."""
