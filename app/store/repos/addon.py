"""Repositories of add-ons: their keys, the accounts that they tell of, and what they told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime
from typing import Final

from sqlalchemy import bindparam, delete, insert, select, update

from app.domain.addon.messages import Execution
from app.domain.addon.records import AddonKey, Followed, KeptExecution
from app.domain.errors import Conflict, NotFound
from app.services.ports.addon import Checkpoint, Entry
from app.store.records import Record, Repo, insert_or_replace, insert_or_skip
from app.store.tables.addon import (
    ADDON_ACCOUNTS,
    ADDON_CHECKPOINTS,
    ADDON_ENTRIES,
    ADDON_EXECUTIONS,
    ADDON_KEYS,
)

KEY: Final = Record(AddonKey, ADDON_KEYS)
FOLLOWED: Final = Record(Followed, ADDON_ACCOUNTS)
CHECKPOINT: Final = Record(Checkpoint, ADDON_CHECKPOINTS)
EXECUTION: Final = Record(Execution, ADDON_EXECUTIONS)

_k, _a, _c, _e, _x = (
    ADDON_KEYS.c,
    ADDON_ACCOUNTS.c,
    ADDON_CHECKPOINTS.c,
    ADDON_ENTRIES.c,
    ADDON_EXECUTIONS.c,
)

_INSERT_KEY: Final = insert(ADDON_KEYS)
_KEY_CHANGING: Final = ("name", "signed", "revoked_at")
_UPDATE_KEY: Final = (
    update(ADDON_KEYS)
    .where(_k.id == bindparam("of"))
    .values({name: bindparam(f"new_{name}") for name in _KEY_CHANGING})
)
_USED: Final = (
    update(ADDON_KEYS)
    .where(_k.id == bindparam("of"))
    .values(installation_id=bindparam("who"), last_used_at=bindparam("at"))
)
_KEY_BY_HASH: Final = select(*KEY.columns).where(_k.key_hash == bindparam("hash"))
_KEYS: Final = select(*KEY.columns).where(_k.user_id == bindparam("user_id")).order_by(_k.id)


class AddonKeys(Repo):
    """Keys of installations, found by the hash of the secret."""

    __slots__ = ()

    def insert(self, key: AddonKey) -> None:
        """Keep a new key."""
        self._count(_INSERT_KEY, KEY.values(key))

    def save(self, key: AddonKey) -> None:
        """Write the key as it is now; raises NotFound."""
        values = {f"new_{name}": getattr(key, name) for name in _KEY_CHANGING}
        if not self._count(_UPDATE_KEY, values | {"of": key.id}):
            raise NotFound("There is no such key.")

    def by_hash(self, key_hash: str) -> AddonKey | None:
        """The key whose secret has this hash, revoked ones included."""
        return KEY.maybe(self._first(_KEY_BY_HASH, hash=key_hash))

    def used(self, key_id: str, installation_id: str, at: datetime) -> None:
        """Note who used the key last, and when."""
        self._count(_USED, {"of": key_id, "who": installation_id, "at": at})

    def list(self, user_id: str) -> Sequence[AddonKey]:
        """The user's keys, oldest first, revoked ones included."""
        return KEY.all(self._rows(_KEYS, user_id=user_id))


_GET: Final = select(*FOLLOWED.columns).where(_a.account_id == bindparam("id"))
_HOLD: Final = (
    select(*FOLLOWED.columns)
    .where(_a.user_id == bindparam("user_id"), _a.told_name == bindparam("name"))
    .with_for_update()
)
_OF_USER: Final = (
    select(*FOLLOWED.columns).where(_a.user_id == bindparam("user_id")).order_by(_a.number)
)
_INSERT: Final = insert_or_skip(ADDON_ACCOUNTS, "user_id", "told_name")
_CHANGING: Final = tuple(
    each.name
    for each in fields(Followed)
    if each.name not in {"account_id", "user_id", "told_name"}
)
_UPDATE: Final = (
    update(ADDON_ACCOUNTS)
    .where(_a.account_id == bindparam("of"))
    .values({name: bindparam(f"new_{name}") for name in _CHANGING})
)
_OPEN: Final = insert_or_replace(ADDON_CHECKPOINTS, "account_id")
_CHECKPOINT: Final = select(*CHECKPOINT.columns).where(_c.account_id == bindparam("id"))
_FORGET_CHECKPOINT: Final = delete(ADDON_CHECKPOINTS).where(_c.account_id == bindparam("of"))
_FORGET_ENTRIES: Final = delete(ADDON_ENTRIES).where(_e.account_id == bindparam("of"))
_ADD_ENTRY: Final = insert(ADDON_ENTRIES)
_ENTRIES: Final = (
    select(_e.account_id, _e.session, _e.seq, _e.events)
    .where(_e.account_id == bindparam("id"))
    .order_by(_e.session, _e.seq)
)
_ADD_EXECUTION: Final = insert_or_skip(ADDON_EXECUTIONS, "account_id", "execution_id")
_REPLACE_EXECUTION: Final = insert_or_replace(ADDON_EXECUTIONS, "account_id", "execution_id")
_EXECUTIONS: Final = (
    select(_x.heard_at, *EXECUTION.columns)
    .where(_x.account_id == bindparam("id"), _x.time >= bindparam("since"))
    .order_by(_x.time.desc(), _x.execution_id.desc())
    .limit(bindparam("most"))
)


class Addons(Repo):
    """Accounts that add-ons tell of, and what is kept until what is missing has come."""

    __slots__ = ()

    def get(self, account_id: str) -> Followed | None:
        """What is known of the account's messages."""
        return FOLLOWED.maybe(self._first(_GET, id=account_id))

    def hold(self, user_id: str, told_name: str) -> Followed | None:
        """The account as it is now; nobody else changes it before the transaction ends."""
        return FOLLOWED.maybe(self._first(_HOLD, user_id=user_id, name=told_name))

    def list(self, user_id: str) -> Sequence[Followed]:
        """The user's accounts, oldest first."""
        return FOLLOWED.all(self._rows(_OF_USER, user_id=user_id))

    def insert(self, followed: Followed) -> None:
        """Keep a new account; raises Conflict when the user has one of that name."""
        if not self._count(self._variant(_INSERT), FOLLOWED.values(followed)):
            raise Conflict(f"An add-on tells of an account {followed.told_name!r} already.")

    def save(self, followed: Followed) -> None:
        """Write the account as it is now; raises NotFound."""
        values = {f"new_{name}": getattr(followed, name) for name in _CHANGING}
        if not self._count(_UPDATE, values | {"of": followed.account_id}):
            raise NotFound("No add-on tells of this account.")

    def open(self, checkpoint: Checkpoint) -> None:
        """Keep the checkpoint in place of an earlier one, with no entries."""
        self._count(_FORGET_ENTRIES, {"of": checkpoint.account_id})
        self._count(self._variant(_OPEN), CHECKPOINT.values(checkpoint))

    def close(self, account_id: str) -> None:
        """Forget the checkpoint and its entries."""
        self._count(_FORGET_ENTRIES, {"of": account_id})
        self._count(_FORGET_CHECKPOINT, {"of": account_id})

    def checkpoint(self, account_id: str) -> Checkpoint | None:
        """The account as it was before news that may not be in their order."""
        return CHECKPOINT.maybe(self._first(_CHECKPOINT, id=account_id))

    def add_entry(self, entry: Entry) -> None:
        """Keep what was told at its place."""
        session, seq = entry.place
        values = {"account_id": entry.account_id, "session": session, "seq": seq}
        self._count(_ADD_ENTRY, values | {"events": entry.events})

    def entries(self, account_id: str) -> Sequence[Entry]:
        """What was told since the checkpoint, in the order of things."""
        found = self._rows(_ENTRIES, id=account_id)
        return [Entry(own, (session, seq), events) for own, session, seq, events in found]

    def add_execution(self, account_id: str, execution: Execution, heard_at: datetime) -> bool:
        """Keep the execution; False when it is kept already."""
        values = EXECUTION.values(execution) | {"account_id": account_id, "heard_at": heard_at}
        return bool(self._count(self._variant(_ADD_EXECUTION), values))

    def replace_execution(self, account_id: str, execution: Execution, heard_at: datetime) -> None:
        """Keep the execution in place of what was known of it."""
        values = EXECUTION.values(execution) | {"account_id": account_id, "heard_at": heard_at}
        self._count(self._variant(_REPLACE_EXECUTION), values)

    def executions(self, account_id: str, since: datetime, limit: int) -> Sequence[KeptExecution]:
        """The newest executions since the instant, newest first."""
        rows = self._rows(_EXECUTIONS, id=account_id, since=since, most=limit)
        return [KeptExecution(account_id, EXECUTION.of(rest), heard) for heard, *rest in rows]
