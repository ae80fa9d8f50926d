"""Connecting accounts: the desk with what asks each venue."""

from __future__ import annotations

from collections.abc import Mapping

import structlog

from app.bootstrap.core import Core
from app.services.connections import ConnectionDesk
from app.services.ports import Connector

_log = structlog.get_logger()


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


def warn_of_real_money(desk: ConnectionDesk) -> None:
    """Log which accounts are connected with real money, if any is."""
    names = [each.name for each in desk.live(None)]
    if names:
        _log.warning("real_money", accounts=names)
