"""The switches that stop trading, as they are stored."""

from __future__ import annotations

from typing import Final

from app.domain.accounts import TradingState
from app.services.ports import UnitOfWork

TRADING_FLAG: Final = "trading_state"


def trading_state(uow: UnitOfWork) -> TradingState:
    """Return the server's trading state; active until somebody halts it."""
    stored = uow.flags.get(TRADING_FLAG)
    return TradingState(stored) if stored else TradingState.ACTIVE
