"""What a server does while it trades, and only then; put together from the core and the workers."""

from __future__ import annotations

from dataclasses import dataclass

from app.bootstrap.core import Core
from app.workers.executor import Executor
from app.workers.lanes import Lanes
from app.workers.reconciler import ReconcileWorker
from app.workers.supervisor import Supervisor


@dataclass(frozen=True, slots=True)
class Trading:
    """The way into trading, the same after a start, a crash and a take-over, and the way out."""

    core: Core
    supervisor: Supervisor
    lanes: Lanes
    executor: Executor
    reconciling: ReconcileWorker

    def prepare(self) -> None:
        """Read everything anew and settle what is open at the venues, before any alert."""
        self.core.brokers.close_all()
        self.core.parts.alpaca.begin()
        self.core.books.forget()
        self.core.recorder.forget()
        self.reconciling.start()
        self.core.protector.tend_all()
        self.executor.start()

    def begin(self) -> None:
        """Start every worker that trades."""
        self.supervisor.start()

    def cease(self) -> None:
        """Take no further step: what waits here is for the server that trades next."""
        self.supervisor.rest()
        self.lanes.clear()
        self.core.agreement.abandon()
        self.core.parts.alpaca.rest()
        self.core.brokers.close_all()

    def wait(self) -> None:
        """Let the pages read what another server recorded meanwhile."""
        self.core.recorder.forget()
