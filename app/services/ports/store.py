"""The database: its transactions, and the repositories inside one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from app.domain.events import Fact
from app.services.ports.addon import AddonKeys, Addons
from app.services.ports.agreement import Agreements, StoredBooks
from app.services.ports.bars import Bars
from app.services.ports.days import BookDays, DayNotes
from app.services.ports.funded import FundedAccounts, RuleSets
from app.services.ports.history import Facts, Flags, History, RolledHistory
from app.services.ports.inbox import Alerts, Decisions
from app.services.ports.journal import Attachments, Excursions, TripRemarks
from app.services.ports.ledger import Fills, Orders, Positions, Trips
from app.services.ports.measured import MetricDays
from app.services.ports.notices import Channels
from app.services.ports.people import Accounts, Keys, Strategies, Users
from app.services.ports.safety import Drifts, Storms, Switches
from app.services.ports.statements import Statements


class UnitOfWork(Protocol):
    """One transaction and the repositories inside it."""

    @property
    def alerts(self) -> Alerts: ...

    @property
    def decisions(self) -> Decisions: ...

    @property
    def orders(self) -> Orders: ...

    @property
    def fills(self) -> Fills: ...

    @property
    def positions(self) -> Positions: ...

    @property
    def trips(self) -> Trips: ...

    @property
    def days(self) -> BookDays: ...

    @property
    def day_notes(self) -> DayNotes: ...

    @property
    def metric_days(self) -> MetricDays: ...

    @property
    def remarks(self) -> TripRemarks: ...

    @property
    def excursions(self) -> Excursions: ...

    @property
    def attachments(self) -> Attachments: ...

    @property
    def strategies(self) -> Strategies: ...

    @property
    def keys(self) -> Keys: ...

    @property
    def accounts(self) -> Accounts: ...

    @property
    def addon_keys(self) -> AddonKeys: ...

    @property
    def addons(self) -> Addons: ...

    @property
    def users(self) -> Users: ...

    @property
    def channels(self) -> Channels: ...

    @property
    def facts(self) -> Facts: ...

    @property
    def flags(self) -> Flags: ...

    @property
    def history(self) -> History: ...

    @property
    def rolled(self) -> RolledHistory: ...

    @property
    def switches(self) -> Switches: ...

    @property
    def drifts(self) -> Drifts: ...

    @property
    def storms(self) -> Storms: ...

    @property
    def statements(self) -> Statements: ...

    @property
    def stored(self) -> StoredBooks: ...

    @property
    def agreements(self) -> Agreements: ...

    @property
    def bars(self) -> Bars: ...

    @property
    def funded(self) -> FundedAccounts: ...

    @property
    def rule_sets(self) -> RuleSets: ...


class Store(Protocol):
    """The database."""

    def write(self) -> AbstractContextManager[UnitOfWork]:
        """A durable transaction: commits at the end of the block, rolls back on an exception.

        Facts appended inside are published after the commit.  Raises StoreUnavailable when the
        database does not take it.  The block must not wait for anything but the database.
        """

    def read(self) -> AbstractContextManager[UnitOfWork]:
        """A consistent view for reading."""

    def record(self) -> AbstractContextManager[UnitOfWork]:
        """A transaction for history: as atomic as ``write``, without waiting for the disk."""


Publish = Callable[[Sequence[Fact]], None]
"""Receives the facts of a transaction after its commit."""
