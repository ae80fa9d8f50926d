"""A funded account in a real store: events through the tracker, books as a test says."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from app.clock import VirtualClock
from app.domain.events import Fact
from app.propfirm import (
    AccountState,
    Event,
    FundedAccount,
    FundedDay,
    RuleSet,
    Source,
    Violation,
    opened,
)
from app.services.funded import Tracked, Tracker, View
from app.services.pnl import Worth
from app.services.ports import KeptRules
from app.store.engine import make_engines
from app.store.unit_of_work import SqlStore
from tests.support.records import ACCOUNT, NOON, furnish

#: Monday morning in Chicago.
MONDAY = datetime(2026, 3, 2, 15, tzinfo=UTC)


@dataclass
class FundedHouse:
    """The store with one account, ``ACCOUNT``, and the tracker."""

    store: SqlStore
    clock: VirtualClock = field(default_factory=lambda: VirtualClock(MONDAY))
    worths: dict[str, Worth] = field(default_factory=dict)
    made: int = 0

    def __post_init__(self) -> None:
        self.tracker = Tracker(self.clock, self.next_id, lambda _: self.worths)

    def next_id(self) -> str:
        self.made += 1
        return f"id-{self.made:06}"

    def accept(self, rules: RuleSet, source: Source = Source.ADDON) -> None:
        """Put the account under the rules, as a new one."""
        with self.store.write() as uow:
            if uow.rule_sets.get(rules.id, rules.version) is None:
                uow.rule_sets.insert(KeptRules(rules, None, NOON))
            uow.funded.insert(
                FundedAccount(
                    ACCOUNT.id,
                    source,
                    rules.id,
                    rules.version,
                    opened(rules),
                    accepted_at=self.clock.now(),
                )
            )

    def drop(self) -> None:
        with self.store.write() as uow:
            uow.funded.delete(ACCOUNT.id)

    def play(self, *events: Event) -> Tracked:
        """Play the events in one transaction, heard now."""
        with self.store.write() as uow:
            return self.tracker.apply(uow, ACCOUNT.id, events, self.clock.now())

    def end_day(self, now: datetime) -> Tracked | None:
        with self.store.write() as uow:
            return self.tracker.end_day(uow, ACCOUNT.id, now)

    def kept(self) -> FundedAccount:
        with self.store.read() as uow:
            found = uow.funded.get(ACCOUNT.id)
        assert found is not None
        return found

    @property
    def state(self) -> AccountState:
        found = self.kept().state
        assert found is not None
        return found

    def current(self) -> Tracked:
        with self.store.read() as uow:
            found = self.tracker.current(uow, ACCOUNT.id)
        assert found is not None
        return found

    def days(self) -> Sequence[FundedDay]:
        with self.store.read() as uow:
            return uow.funded.days(ACCOUNT.id)

    def violations(self) -> Sequence[Violation]:
        with self.store.read() as uow:
            return uow.funded.violations(ACCOUNT.id)

    def facts(self) -> Sequence[Fact]:
        with self.store.read() as uow:
            return uow.facts.after(0, 1000)


@contextmanager
def funded_house(url: str, worths: Mapping[str, Worth] | None = None) -> Iterator[FundedHouse]:
    """A house in the database of that URL, which is migrated and empty."""
    store = SqlStore(make_engines(url), lambda _: None)
    furnish(store)
    try:
        yield FundedHouse(store, worths=dict(worths or {}))
    finally:
        store.close()


@dataclass
class Onlooker:
    """A sink that writes down how accounts stand, as long as somebody looks."""

    looking: set[str] = field(default_factory=lambda: {"user-1"})
    told: list[Mapping[str, Sequence[View]]] = field(default_factory=list)

    def watchers(self) -> Collection[str]:
        return self.looking

    def rules(self, views: Mapping[str, Sequence[View]]) -> None:
        self.told.append(views)
