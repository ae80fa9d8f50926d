"""What people keep beside round trips."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from app.domain.remarks import Remarks, TripId


class TripRemarks(Protocol):
    """Notes and tags, by round trip."""

    def get(self, trip: TripId) -> Remarks:
        """The remarks; empty ones when nothing was written."""

    def save(self, trip: TripId, remarks: Remarks, at: datetime) -> None:
        """Keep the remarks in place of those before; empty ones leave nothing behind."""
