"""Connecting accounts: the desk with what asks each venue."""

from __future__ import annotations

from collections.abc import Mapping

from app.bootstrap.core import Core
from app.services.connections import ConnectionDesk
from app.services.ports import Connector


def connections_of(made: Core, connectors: Mapping[str, Connector]) -> ConnectionDesk:
    """Return the desk at which accounts are connected to the venues of ``connectors``."""
    return ConnectionDesk(
        made.store,
        made.clock,
        made.ids,
        made.vault,
        made.accounts,
        connectors,
        live=made.settings.live_trading,
        roll=made.settings.trading_day_roll,
    )
