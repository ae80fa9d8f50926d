"""What the live layer is told each second: figures that changed, for each user alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Summary:
    """One user's figures, all accounts or one; None where a price that it needs is unknown.

    ``realised`` is net of commission since the start, ``today`` since the trading day began;
    ``drawdown`` is positive, ``equity`` the capital plus all P&L; ``paid`` is what the open
    positions cost at venues that are paid in cash, negative for what was sold short.
    """

    at: datetime
    realised: Decimal
    open_pnl: Decimal | None
    total_pnl: Decimal | None
    today_pnl: Decimal | None
    realised_today: Decimal
    equity: Decimal | None
    drawdown: Decimal | None
    max_drawdown: Decimal
    active_positions: int
    paid: Decimal


@dataclass(frozen=True, slots=True)
class StrategyLine:
    """One strategy's figures; None where a price that it needs is unknown."""

    strategy_id: str
    strategy_name: str
    realised: Decimal
    open_pnl: Decimal | None
    pnl: Decimal | None
    drawdown: Decimal | None
    today_pnl: Decimal | None


@dataclass(frozen=True, slots=True)
class LivePosition:
    """One open position at its mark; ``quantity`` signed, ``unrealised`` None when unknown.

    ``quote_age_s`` is None without any quote; ``stale`` says that the last price is too old to
    value the position, so that it is shown with its age and not used.
    """

    strategy_id: str
    strategy_name: str
    account_id: str
    account_name: str
    symbol: str
    quantity: Decimal
    average_price: Decimal
    last_price: Decimal | None
    unrealised: Decimal | None
    quote_age_s: float | None
    stale: bool


@dataclass(frozen=True, slots=True)
class Tick:
    """One second of one user: the summary, and only what changed since the last one."""

    summary: Summary
    strategies: Sequence[StrategyLine]
    positions: Sequence[LivePosition]


class LiveSink(Protocol):
    """Where ticks go: the sockets of each user, or nowhere."""

    def tick(self, ticks: Mapping[str | None, Tick]) -> None:
        """Show each user (by id) what changed."""
        ...


class NoSink:
    """Drops every tick: for replays and tools without pages."""

    def tick(self, ticks: Mapping[str | None, Tick]) -> None:
        """Do nothing."""
