"""Takes the messages of an add-on, a transaction each, and is killed within one of them.

``python killed_addon.py URL FROM KILL_AT KILL_BEFORE``, as of ``killed_funded``.
"""

from __future__ import annotations

import sys
from datetime import timedelta

from app.clock import VirtualClock
from app.domain.addon.records import AddonKey
from app.propfirm import rule_set
from app.services.accounts import AccountService
from app.services.addon import AddonDesk
from app.services.funded import Chosen, Tracker
from app.services.funded.changes import FundedChanges
from app.services.ports import KeptRules
from app.store.engine import make_engines
from app.store.unit_of_work import SqlStore
from tests.faults.killed_funded import Killer
from tests.support.addon import START, Json, execution, position, read, told
from tests.support.records import NOON, USER

RULES = rule_set("tpt_pro_50k")
KEY = AddonKey("key-1", USER.id, "Desk PC", NOON, "hash-1")
#: None is that the owner accepts the account.
LINES: tuple[Json | None, ...] = (
    told(1),
    None,
    told(2, at=12, cash="50100", executions=[execution("e2", 2)], positions=[position(1)]),
    told(5, at=15, kind="snapshot", cash="49500", executions=[execution("e5", 5)]),
    told(4, at=14, unrealized="-1200", positions=[position(1, unrealized_pnl="-1200")]),
    told(3, at=13, unrealized="900", positions=[position(1, unrealized_pnl="900")]),
    told(6, at=16, cash="49600"),
)
#: The lines that are cut short: the next message, one over a gap, and one that comes late.
NEXT, JUMP, LATE = 2, 3, 5


def prepare(store: SqlStore) -> None:
    """Keep a user with a key, and the rules."""
    with store.write() as uow:
        uow.users.insert(USER)
        uow.addon_keys.insert(KEY)
        uow.rule_sets.insert(KeptRules(RULES, None, NOON))


def main() -> None:
    """Take the messages."""
    url, (first, at, before) = sys.argv[1], map(int, sys.argv[2:])
    killer = Killer(at, before)
    store = SqlStore(make_engines(url), lambda _: None)
    for number, line in enumerate(LINES):
        if number < first:
            continue
        clock = VirtualClock(START + timedelta(seconds=number + 10))
        ids = (f"id-{number}-{count:03}" for count in range(1000)).__next__
        tracker = Tracker(clock, ids, lambda _: {})
        accounts = AccountService(store, clock, ids, "16:00 America/Chicago", {})
        desk = AddonDesk(store, clock, ids, accounts, tracker, lambda: None, lambda _: None)
        killer.begin(number)
        if line is not None:
            desk.take(KEY, [read(line)])
            continue
        with store.read() as uow:
            (followed,) = uow.addons.list(USER.id)
        changes = FundedChanges(store, clock, ids, tracker)
        changes.pin(USER.id, followed.account_id, Chosen(RULES.id, RULES.version))
    store.close()


if __name__ == "__main__":
    main()
