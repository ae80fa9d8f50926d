"""An import: which file was read, for which account, and how much it told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from app.domain.errors import InvalidInput
from app.domain.statements.told import Format

LONGEST_NAME: Final = 200


class StatementState(StrEnum):
    """How far an import is: only a ready one is shown; what is left of others is swept away."""

    LOADING = "loading"
    READY = "ready"
    LEAVING = "leaving"


@dataclass(frozen=True, slots=True)
class Statement:
    """An imported file; ``strategy_id`` and ``symbol`` only for a list of simulated trades.

    ``lines`` counts lines below the header, ``skipped`` those of them that tell no execution by
    why, ``executions`` what was told and ``known`` how much of that another import had told before.
    ``first_at`` and ``last_at`` are the times of the executions, None when there is none.
    """

    id: str
    account_id: str
    scope: str
    format: Format
    state: StatementState
    file_name: str
    content_hash: str
    zone: str
    imported_at: datetime
    strategy_id: str | None = None
    symbol: str | None = None
    lines: int = 0
    skipped: Mapping[str, int] | None = None
    executions: int = 0
    known: int = 0
    first_at: datetime | None = None
    last_at: datetime | None = None

    @property
    def shelf(self) -> str:
        """Among which rows a line is known again: those of its format, and of its strategy."""
        return f"{self.format}|{self.scope}"


def named(file_name: str) -> str:
    """Return a file's name without its folder; raises InvalidInput for one that is too long."""
    name = file_name.replace("\\", "/").rpartition("/")[2].strip() or "statement.csv"
    if len(name) > LONGEST_NAME:
        raise InvalidInput(
            f"The name of the file has more than {LONGEST_NAME} letters; give it a shorter one.",
            fields={"file": "name too long"},
        )
    return name
