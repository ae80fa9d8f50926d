"""What keeps funded accounts going: the end of days, the watch of each second, the enforcement."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from app.bootstrap.core import Core
from app.domain.events import Fact
from app.services.funded.enforcing import Enforcer
from app.services.funded.watching import FundedSink
from app.workers.enforcer import ENFORCE_EVERY, EnforceWorker
from app.workers.resets import RESETS_EVERY, ResetWorker
from app.workers.supervisor import Supervisor

#: How often it is looked whether a new second has begun, in seconds.
WATCHED_EVERY: Final = 0.1


def enforcer(made: Core) -> Enforcer:
    """Return who sees to it that the rules are kept."""
    return Enforcer(made.store, made.tracker, made.settler, made.halt_keeper, made.inbox)


def add_funded(made: Core, supervisor: Supervisor, sink: FundedSink) -> None:
    """Add the workers; ``sink`` is told how the accounts stand."""
    watching = made.funded.watching
    watching.show(sink)
    supervisor.add(
        "resets", ResetWorker(made.funded.resets, made.funded.silence).step, every=RESETS_EVERY
    )
    watching.wake_with(supervisor.add("funded", watching.step, every=WATCHED_EVERY).wake)
    enforcing = enforcer(made)
    enforces = supervisor.add("enforcer", EnforceWorker(enforcing).step, every=ENFORCE_EVERY)

    def hear(facts: Sequence[Fact]) -> None:
        watching.hear(facts)
        if enforcing.hears(facts):
            enforces.wake()

    made.bus.subscribe(hear)
