"""Everything about funded accounts, put together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from app.services.funded.changes import FundedChanges
from app.services.funded.desk import FundedDesk
from app.services.funded.resets import Resets
from app.services.funded.rules import RuleBook
from app.services.funded.silence import Silence
from app.services.funded.tracker import Tracker, Worths
from app.services.funded.watching import Watching
from app.services.ports import Clock, Ids, Store


@dataclass(frozen=True, slots=True)
class Funded:
    """The tracker and what stands on it."""

    tracker: Tracker
    rules: RuleBook
    changes: FundedChanges
    desk: FundedDesk
    resets: Resets
    silence: Silence
    watching: Watching


def make_funded(
    store: Store,
    clock: Clock,
    ids: Ids,
    tracker: Tracker,
    worths: Worths,
    pause: Callable[[], None],
) -> Funded:
    """Put it together; ``worths`` says what our own books of accounts come to at this moment."""
    return Funded(
        tracker=tracker,
        rules=RuleBook(store, clock),
        changes=FundedChanges(store, clock, ids, tracker),
        desk=FundedDesk(store, clock, tracker, worths, pause),
        resets=Resets(store, tracker),
        silence=Silence(store),
        watching=Watching(store, tracker, worths),
    )
