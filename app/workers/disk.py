"""The disk's worker: measures what is free, raises the alarm, and writes a halt that waits."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import Final

from app.domain.errors import StoreUnavailable
from app.services.alarms import Alarms
from app.services.ports import Store
from app.services.storage import Storage

#: How often the disk is looked at, in seconds.
DISK_EVERY: Final = 1.0

Measure = Callable[[], int | None]
"""Returns bytes, None when they cannot be known."""


class DiskWorker:
    """Looks once a second; while the database failed, it also tries whether it takes a write."""

    def __init__(
        self, storage: Storage, store: Store, alarms: Alarms, free: Measure, log: Measure
    ) -> None:
        self._storage = storage
        self._store = store
        self._alarms = alarms
        self._free = free
        self._log = log

    def step(self, now: datetime) -> bool:
        """Look once; never more to do at once.

        A write that fails again is known already, and the next try must come soon.
        """
        self._storage.measured(self._free(), self._log())
        if self._storage.failing or self._storage.pending:
            with suppress(StoreUnavailable), self._store.write() as uow:
                uow.flags.set("storage_worked_at", now.isoformat(), now)
        trouble = self._storage.trouble
        if trouble is not None:
            self._alarms.storage(trouble.code, trouble.detail)
        return False
