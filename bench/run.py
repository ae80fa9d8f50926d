"""One run of the bench: where it works, and whether it uses small numbers."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Run:
    """A directory for databases and logs, one folder for each part.

    ``quick`` is for small numbers, ``whole`` for the whole size where a tenth is usual.
    """

    directory: Path
    quick: bool
    whole: bool = False

    def pick(self, full: int, quick: int) -> int:
        """Return the number of a full run or of a quick one."""
        return quick if self.quick else full

    def share(self, promised: int) -> int:
        """Return the number that is promised, by itself a tenth of it, for a quick run 2."""
        return promised if self.whole else self.pick(promised // 10, 2)
