"""Pictures of round trips: kept within bounds, shown to their owner alone."""

from __future__ import annotations

from collections.abc import Sequence

from app.domain.attachments import MOST_A_TRIP, Attachment, judged, tidy_name
from app.domain.errors import InvalidInput, NotFound
from app.domain.remarks import TripId
from app.services.ports import Clock, Ids, Pictures, Store, UnitOfWork
from app.services.reads import Reads

_MIB = 1024 * 1024


class PictureDesk:
    """Keeps, shows and drops the pictures of round trips; ``most`` bytes for each user.

    Every verb raises NotFound for a round trip or picture that is not the user's.
    """

    def __init__(
        self, store: Store, reads: Reads, files: Pictures, clock: Clock, ids: Ids, most: int
    ) -> None:
        self._store = store
        self._reads = reads
        self._files = files
        self._clock = clock
        self._ids = ids
        self._most = most

    def of(self, user_id: str, trip_id: str) -> Sequence[Attachment]:
        """Return the pictures of a round trip, oldest first."""
        trip = self._trip(user_id, trip_id)
        with self._store.read() as uow:
            return uow.attachments.of(trip)

    def add(self, user_id: str, trip_id: str, name: str, content: bytes) -> Attachment:
        """Keep a picture; raises InvalidInput for what is none, or more than there is room for."""
        trip, kind = self._trip(user_id, trip_id), judged(content)
        made = Attachment(
            id=self._ids(),
            account_id=trip.account_id,
            opening_fill_id=trip.opening_fill_id,
            name=tidy_name(name, kind),
            kind=kind,
            size=len(content),
            at=self._clock.now(),
        )
        self._files.put(made.id, content)
        try:
            with self._store.write() as uow:
                self._make_sure(uow, user_id, made)
                uow.attachments.insert(made)
        except BaseException:
            self._files.drop(made.id)
            raise
        return made

    def content(self, user_id: str, trip_id: str, attachment_id: str) -> tuple[Attachment, bytes]:
        """Return a picture with its bytes."""
        found = self._one(user_id, trip_id, attachment_id)
        content = self._files.get(found.id)
        if content is None:
            raise NotFound("The file of this picture is gone; a backup may have it.")
        return found, content

    def remove(self, user_id: str, trip_id: str, attachment_id: str) -> None:
        """Drop a picture for good."""
        found = self._one(user_id, trip_id, attachment_id)
        with self._store.write() as uow:
            uow.attachments.delete(found.id)
        self._files.drop(found.id)

    def _make_sure(self, uow: UnitOfWork, user_id: str, made: Attachment) -> None:
        if len(uow.attachments.of(made.trip)) >= MOST_A_TRIP:
            raise InvalidInput(
                f"A round trip has at most {MOST_A_TRIP} pictures: delete one first.",
                code="ATTACHMENTS_FULL",
                fields={"file": f"at most {MOST_A_TRIP}"},
            )
        if uow.attachments.size_of(user_id) + made.size > self._most:
            raise InvalidInput(
                f"Your pictures may take {self._most // _MIB} MiB in all, and this one is too much:"
                " delete some, or let ATTACHMENTS_MB be raised.",
                code="ATTACHMENTS_FULL",
                fields={"file": "no room left"},
            )

    def _one(self, user_id: str, trip_id: str, attachment_id: str) -> Attachment:
        for each in self.of(user_id, trip_id):
            if each.id == attachment_id:
                return each
        raise NotFound("There is no such picture.")

    def _trip(self, user_id: str, trip_id: str) -> TripId:
        row = self._reads.trade(user_id, TripId.parse(trip_id))
        if row is None:
            raise NotFound("There is no such round trip.")
        return row.id
