"""Markets: their hours, the prices of single symbols, and the worker that tells what turned."""

from __future__ import annotations

import structlog

from app.bootstrap.core import Core
from app.services.market import HoursBook, MarketDesk, MarketWatch
from app.services.ports import MarketSources
from app.web.live import Live
from app.workers.market_monitor import MONITOR_EVERY, MarketMonitor
from app.workers.supervisor import Spawn, Supervisor

_log = structlog.get_logger()


def hours_of(made: Core, sources: MarketSources) -> HoursBook:
    """Return what knows the hours; where venue and calendar disagree, the server's log says so."""
    return HoursBook(sources, made.clock, lambda words: _log.warning("hours_differ", detail=words))


def prices_of(made: Core, sources: MarketSources) -> MarketDesk:
    """Return what answers for single symbols."""
    return MarketDesk(made.quotes, sources, made.clock)


def add_monitor(
    made: Core, hours: HoursBook, supervisor: Supervisor, spawn: Spawn, live: Live
) -> None:
    """Add the worker; ``live`` is told of every change."""
    watch = MarketWatch(hours, made.store, live.markets)
    monitor = MarketMonitor(hours, watch, spawn, supervisor.attempt)
    supervisor.add("market_monitor", monitor.step, every=MONITOR_EVERY)
