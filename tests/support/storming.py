"""A stand-in for the process of a storm: tests say how it goes on, and what it keeps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from app.domain.accounts import Account
from app.domain.safety.storms import Storm


@dataclass
class Running:
    """One process that was started, with what it was given."""

    storm: Storm
    account: Account
    strategies: Sequence[str]
    keys: Sequence[str]
    said: str | None = None
    ended: bool = False

    def problem(self) -> str | None:
        """Why it has ended; None while it runs."""
        return self.said

    def end(self) -> None:
        """End it."""
        self.ended = True


@dataclass
class Launches:
    """Every process that was started; ``fails`` is what starting the next one raises."""

    runs: list[Running] = field(default_factory=list)
    fails: OSError | None = None

    def __call__(
        self, storm: Storm, account: Account, strategies: Sequence[str], keys: Sequence[str]
    ) -> Running:
        if self.fails is not None:
            raise self.fails
        self.runs.append(Running(storm, account, strategies, keys))
        return self.runs[-1]
