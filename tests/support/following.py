"""A server's end of an add-on's pipeline on a database of its own: keys, accounts, rules."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from app.domain.addon.messages import Message
from app.domain.addon.reading import read_posted
from app.domain.addon.records import AddonKey, KeptExecution
from app.domain.addon.stream import Verdict
from app.domain.events import Fact
from app.domain.users import User
from app.ids import TimeOrderedIds
from app.propfirm import AccountState, FundedAccount, FundedDay, FundedMinute, Recorded, rule_set
from app.propfirm.state import Breach
from app.services.accounts import AccountService
from app.services.addon import AddonDesk, Received
from app.services.funded import Chosen, Tracker
from app.services.funded.changes import FundedChanges
from app.services.ports import KeptRules
from app.store.unit_of_work import SqlStore
from tests.support.addon import NAME, START, Json, batch

EARLY = START - timedelta(days=30)
EOD = "apex_eod_eval_50k"
INTRADAY = "tpt_pro_50k"
USER = User("user-1", "ann", EARLY, "argon2-hash")


@dataclass
class HandClock:
    """A clock that is set by hand, backwards too."""

    at: datetime = START

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return (self.at - START).total_seconds()


class Hasty:
    """The store without its waiting for the disk, which these tests do not take away."""

    def __init__(self, store: SqlStore) -> None:
        self.read = store.read
        self.record = store.record
        self.write = store.record


@dataclass(frozen=True)
class Outcome:
    """What became of an account: everything that is kept of it but when it was heard of."""

    state: AccountState | None
    days: Sequence[FundedDay]
    minutes: Sequence[FundedMinute]
    broken: Sequence[Breach]
    executions: Sequence[KeptExecution]


@dataclass
class Station:
    """A store with a user and a key, and the desk that takes the messages."""

    database: SqlStore
    rules: str = EOD
    clock: HandClock = field(default_factory=HandClock)
    moved: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.store = Hasty(self.database)
        ids = TimeOrderedIds(self.clock.now, random.Random(1))
        tracker = self.tracker = Tracker(self.clock, ids, lambda _: {})
        accounts = AccountService(self.store, self.clock, ids, "16:00 America/Chicago", {})
        self.changes = FundedChanges(self.store, self.clock, ids, tracker)
        self.desk = AddonDesk(
            self.store, self.clock, ids, accounts, tracker, lambda: None, self.moved.extend
        )
        kept = KeptRules(rule_set(self.rules), None, EARLY)
        with self.store.write() as uow:
            uow.users.insert(USER)
            uow.rule_sets.insert(kept)
        self.key = self.new_key("key-1")

    def new_key(self, name: str) -> AddonKey:
        """Post with another key from now on."""
        self.key = AddonKey(name, USER.id, "Desk PC", EARLY, f"hash of {name}")
        with self.store.write() as uow:
            uow.addon_keys.insert(self.key)
        return self.key

    def post(self, *messages: Json, arrives: float | None = None) -> Received:
        """Post messages of one account; they arrive as they are sent, or so long after the start.

        Whoever sends a message again sends it with the same times.
        """
        read = read_posted(json.dumps(batch(*messages)).encode()).entries
        told = [each for each in read if isinstance(each, Message)]
        assert len(told) == len(messages)
        self.clock.at = told[-1].sent_at if arrives is None else START + timedelta(seconds=arrives)
        (received,) = self.desk.take(self.key, told)
        return received

    def verdicts(self, *messages: Json) -> list[Verdict]:
        return [self.post(each).taken[0].verdict for each in messages]

    def account_id(self, name: str = NAME) -> str:
        with self.store.write() as uow:
            found = uow.addons.hold(USER.id, name)
        assert found is not None
        return found.account_id

    def accept(self, name: str = NAME) -> str:
        """Put the account under the rules."""
        own, rules = self.account_id(name), rule_set(self.rules)
        self.changes.pin(USER.id, own, Chosen(rules.id, rules.version))
        return own

    def funded(self, name: str = NAME) -> FundedAccount:
        own = self.account_id(name)
        with self.store.read() as uow:
            found = uow.funded.get(own)
        assert found is not None
        return found

    def state(self, name: str = NAME) -> AccountState:
        state = self.funded(name).state
        assert state is not None
        return state

    def outcome(self, name: str = NAME) -> Outcome:
        """What became of the account, under no name, so that two can be compared."""
        own = self.account_id(name)
        with self.store.read() as uow:
            funded = uow.funded.get(own)
            days = uow.funded.days(own, date.min)
            minutes = uow.funded.minutes(own, 0, 2**31 - 1)
            broken = [each.breach for each in uow.funded.violations(own)]
            executions = uow.addons.executions(own, EARLY, 1000)
        return Outcome(
            funded.state if funded else None,
            [replace(each, account_id="") for each in days if each.recorded is Recorded.OWN],
            [replace(each, account_id="") for each in minutes],
            sorted(broken, key=lambda each: (each.at, each.rule)),
            [KeptExecution("", each.execution, START) for each in executions],
        )

    def facts(self) -> list[Fact]:
        """The log of the user, oldest first."""
        with self.store.read() as uow:
            return list(uow.facts.after(0, 1000))
