"""The watch over the sources of alerts, every few seconds."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from app.services.sources import Sources

#: How often arrivals are counted, in seconds; a warning must come before the sender is stopped.
SOURCES_EVERY: Final = 5.0


class SourceWorker:
    """Lets the watch over the sources take a step."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources

    def step(self, now: datetime) -> bool:
        """Hear and judge once; returns whether sources are left to learn."""
        return self._sources.step(now)
