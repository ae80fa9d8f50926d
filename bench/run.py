"""One run of the bench: where it works, and whether it uses small numbers."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Run:
    """A directory for databases and logs, one folder for each part; ``quick`` for small numbers."""

    directory: Path
    quick: bool

    def pick(self, full: int, quick: int) -> int:
        """Return the number of a full run or of a quick one."""
        return quick if self.quick else full
