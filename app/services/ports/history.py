"""Facts, switches, and the P&L of every second."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from app.domain.events import Fact


class Facts(Protocol):
    """What happened, append-only."""

    def append(self, fact: Fact) -> Fact:
        """Keep the fact and return it with its number; it is published after the commit."""

    def newest(self) -> int:
        """The number of the newest fact; 0 before the first."""
        ...

    def after(self, number: int, limit: int, user_id: str | None = None) -> Sequence[Fact]: ...

    def of_alert(self, alert_id: str) -> Sequence[Fact]: ...


class Flags(Protocol):
    """Small durable switches of the server (trading state, set-up token, secrets' check)."""

    def get(self, name: str) -> str | None: ...

    def set(self, name: str, value: str, at: datetime) -> None: ...

    def delete(self, name: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Series:
    """One curve of P&L: a strategy, an account, a pair of both, or everything of one user.

    ``peak`` is the high-water mark of its P&L and ``max_drawdown`` the largest fall from one.
    """

    id: int
    user_id: str | None
    strategy_id: str | None
    account_id: str | None
    peak: Decimal
    max_drawdown: Decimal


@dataclass(frozen=True, slots=True)
class Sample:
    """One second of one curve; the last three are None where a price was unknown."""

    series_id: int
    at: int
    realised: Decimal
    open: Decimal | None
    pnl: Decimal | None
    drawdown: Decimal | None


class History(Protocol):
    """P&L curves, one sample a second."""

    def series(self) -> Sequence[Series]: ...

    def add_series(
        self, user_id: str | None, strategy_id: str | None, account_id: str | None
    ) -> Series: ...

    def open_before(self, series_id: int, at: datetime) -> Decimal | None:
        """The open P&L of the last sample before ``at`` with known prices; None without one."""

    def record(self, samples: Iterable[Sample], moved: Iterable[Series]) -> None:
        """Write one tick: its samples, and the series whose high-water mark or drawdown moved."""
