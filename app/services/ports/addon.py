"""What add-ons tell: their keys, the accounts that they tell of, and what was told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from app.domain.addon.messages import Execution
from app.domain.addon.records import AddonKey, Followed, KeptExecution
from app.domain.addon.stream import Place
from app.propfirm import AccountState, Event, FundedDay, FundedMinute


class AddonKeys(Protocol):
    """Keys of installations, found by the hash of the secret."""

    def insert(self, key: AddonKey) -> None: ...

    def save(self, key: AddonKey) -> None:
        """Write the key as it is now; raises NotFound."""

    def by_hash(self, key_hash: str) -> AddonKey | None:
        """The key whose secret has this hash, revoked ones included."""

    def used(self, key_id: str, installation_id: str, at: datetime) -> None:
        """Note who used the key last, and when."""

    def list(self, user_id: str) -> Sequence[AddonKey]:
        """The user's keys, oldest first, revoked ones included."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A funded account as it was before news that may not be in their order.

    ``day`` and ``minute`` are what was known of those that the state is in.  All but the id is None
    when the account was not pinned to any rules then.
    """

    account_id: str
    state: AccountState | None = None
    rule_set_id: str | None = None
    rule_set_version: str | None = None
    accepted_at: datetime | None = None
    day: FundedDay | None = None
    minute: FundedMinute | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """What a message said, in the engine's words, at its place in the order of things."""

    account_id: str
    place: Place
    events: tuple[Event, ...]


class Addons(Protocol):
    """Accounts that add-ons tell of, and what is kept until what is missing has come."""

    def get(self, account_id: str) -> Followed | None: ...

    def hold(self, user_id: str, told_name: str) -> Followed | None:
        """Read the account; nobody else changes it before the transaction ends."""

    def list(self, user_id: str) -> Sequence[Followed]:
        """The user's accounts, oldest first."""

    def insert(self, followed: Followed) -> None:
        """Keep a new account; raises Conflict when the user has one of that name."""

    def save(self, followed: Followed) -> None: ...

    def open(self, checkpoint: Checkpoint) -> None:
        """Keep the checkpoint in place of an earlier one, with no entries."""

    def close(self, account_id: str) -> None:
        """Forget the checkpoint and its entries."""

    def checkpoint(self, account_id: str) -> Checkpoint | None: ...

    def add_entry(self, entry: Entry) -> None: ...

    def entries(self, account_id: str) -> Sequence[Entry]:
        """What was told since the checkpoint, in the order of things."""

    def add_execution(self, account_id: str, execution: Execution, heard_at: datetime) -> bool:
        """Keep the execution; False when it is kept already."""

    def replace_execution(self, account_id: str, execution: Execution, heard_at: datetime) -> None:
        """Keep the execution in place of what was known of it."""

    def executions(self, account_id: str, since: datetime, limit: int) -> Sequence[KeptExecution]:
        """The newest executions since the instant, newest first."""
