"""The switches that stop trading, as they are stored."""

from __future__ import annotations

from app.domain.safety.switches import Scope, TradingState
from app.services.ports import UnitOfWork


def state_of(uow: UnitOfWork, scope: Scope, subject_id: str = "") -> TradingState:
    """Return where the switch stands; active until somebody throws it."""
    switch = uow.switches.get(scope, subject_id)
    return TradingState.ACTIVE if switch is None else switch.state


def trading_state(uow: UnitOfWork) -> TradingState:
    """Return the server's trading state."""
    return state_of(uow, Scope.SERVER)
