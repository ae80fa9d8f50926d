"""Repositories of what keeps trading safe: switches, differences to venues, and storms."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Select,
    Text,
    bindparam,
    delete,
    func,
    insert,
    literal,
    or_,
    select,
    text,
    type_coerce,
    update,
)
from sqlalchemy.sql.base import Executable

from app.domain.errors import NotFound
from app.domain.safety.drift import Drift
from app.domain.safety.storms import Storm, StormState
from app.domain.safety.switches import Scope, Switch
from app.store.records import Record, Repo, insert_or_replace
from app.store.tables.safety import DRIFTS, STORMS, SWITCHES, UNRESOLVED
from app.store.types import Document, Words

SWITCH: Final = Record(Switch, SWITCHES)
DRIFT: Final = Record(Drift, DRIFTS)
STORM: Final = Record(Storm, STORMS)

_THROW: Final = insert_or_replace(SWITCHES, "scope", "subject_id")
_SWITCHES: Final = select(*SWITCH.columns).order_by(SWITCHES.c.scope, SWITCHES.c.subject_id)
_SWITCH: Final = select(*SWITCH.columns).where(
    SWITCHES.c.scope == bindparam("scope"), SWITCHES.c.subject_id == bindparam("subject_id")
)

#: "sgnl", "swch": where several may write, who decides by a switch holds off who throws one.
_KEYS: Final = (0x73676E6C, 0x73776368)
_HOLD: Final = select(func.pg_advisory_xact_lock_shared(*_KEYS))
_LOCK: Final = select(func.pg_advisory_xact_lock(*_KEYS))


class Switches(Repo):
    """Trading switches, each kept as it was thrown last."""

    __slots__ = ()

    def get(self, scope: Scope, subject_id: str = "") -> Switch | None:
        """The switch; None when it was never thrown.  Until the transaction ends it stays so."""
        self._alone(_HOLD)
        return SWITCH.maybe(self._first(_SWITCH, scope=scope, subject_id=subject_id))

    def throw(self, switch: Switch) -> None:
        """Set the switch, in place of what it was, after everybody who decided by it has ended."""
        self._alone(_LOCK)
        self._count(self._variant(_THROW), SWITCH.values(switch))

    def all(self) -> Sequence[Switch]:
        """Every switch that was ever thrown, active ones included."""
        return SWITCH.all(self._rows(_SWITCHES))

    def _alone(self, lock: Executable) -> None:
        if self._connection.dialect.name == "postgresql":
            self._connection.execute(lock)


_INSERT_DRIFT: Final = insert(DRIFTS)
_UPDATE_DRIFT: Final = (
    update(DRIFTS)
    .where(DRIFTS.c.id == bindparam("of"))
    .values({c.name: bindparam(f"new_{c.name}") for c in DRIFTS.c if c.name != "id"})
)
_REMOVE_DRIFT: Final = delete(DRIFTS).where(DRIFTS.c.id == bindparam("drift_id"))
_DRIFT: Final = select(*DRIFT.columns).where(DRIFTS.c.id == bindparam("id"))
_UNRESOLVED: Final = (
    select(*DRIFT.columns)
    .where(DRIFTS.c.account_id == bindparam("account_id"), text(UNRESOLVED))
    .order_by(DRIFTS.c.found_at, DRIFTS.c.id)
)
_LATEST_DRIFTS: Final = (
    select(*DRIFT.columns)
    .where(DRIFTS.c.account_id == bindparam("account_id"))
    .order_by(DRIFTS.c.found_at.desc(), DRIFTS.c.id.desc())
    .limit(bindparam("most"))
)


class Drifts(Repo):
    """Differences between our books and the venues'."""

    __slots__ = ()

    def insert(self, drift: Drift) -> None:
        """Keep a new drift; Conflict when the same one is unresolved already."""
        self._count(_INSERT_DRIFT, DRIFT.values(drift))

    def update(self, drift: Drift) -> None:
        """Store the drift as it is now; raises NotFound when it was never inserted."""
        values = {f"new_{name}": value for name, value in DRIFT.values(drift).items()}
        del values["new_id"]
        if not self._count(_UPDATE_DRIFT, values | {"of": drift.id}):
            raise NotFound("There is no such drift.")

    def remove(self, drift_id: str) -> None:
        """Forget a suspicion that came to nothing."""
        self._count(_REMOVE_DRIFT, {"drift_id": drift_id})

    def get(self, drift_id: str) -> Drift | None:
        """The drift with this id."""
        return DRIFT.maybe(self._first(_DRIFT, id=drift_id))

    def unresolved(self, account_id: str) -> Sequence[Drift]:
        """Suspected and open drifts of the account, oldest first."""
        return DRIFT.all(self._rows(_UNRESOLVED, account_id=account_id))

    def latest(self, account_id: str, limit: int) -> Sequence[Drift]:
        """The account's drifts, resolved ones included, newest first."""
        return DRIFT.all(self._rows(_LATEST_DRIFTS, account_id=account_id, most=limit))


_SAVE_STORM: Final = insert_or_replace(STORMS, "id")
_STORM: Final = select(*STORM.columns).where(STORMS.c.id == bindparam("id"))
_RUNNING_STORMS: Final = (
    select(*STORM.columns).where(STORMS.c.state == StormState.RUNNING).order_by(STORMS.c.id)
)


def _latest_storms(report: ColumnElement[Any]) -> Select[Any]:
    """The newest storms, ``report`` in the place of the whole one."""
    columns = [report if each is STORMS.c.report else each for each in STORM.columns]
    mine = or_(
        bindparam("user_id", type_=Words()).is_(None),
        STORMS.c.user_id.is_(None),
        STORMS.c.user_id == bindparam("user_id", type_=Words()),
    )
    newest = (STORMS.c.started_at.desc(), STORMS.c.id.desc())
    return select(*columns).where(mine).order_by(*newest).limit(bindparam("most"))


#: Thousands of alerts make a report long, and a list shows none of them.
_LATEST_STORMS: Final = {
    "sqlite": _latest_storms(
        type_coerce(func.json_remove(STORMS.c.report, "$.alerts"), Document(dict))
    ),
    "postgresql": _latest_storms(
        type_coerce(STORMS.c.report.op("-")(literal("alerts", Text)), Document(dict))
    ),
}


class Storms(Repo):
    """Storms and their reports."""

    __slots__ = ()

    def save(self, storm: Storm) -> None:
        """Insert the storm, or store it as it is now."""
        self._count(self._variant(_SAVE_STORM), STORM.values(storm))

    def get(self, storm_id: str) -> Storm | None:
        """The storm with this id."""
        return STORM.maybe(self._first(_STORM, id=storm_id))

    def running(self) -> Sequence[Storm]:
        """Everybody's storms that are under way."""
        return STORM.all(self._rows(_RUNNING_STORMS))

    def latest(self, limit: int, user_id: str | None = None) -> Sequence[Storm]:
        """Storms, newest first, their reports without the alerts; with a user only theirs.

        Those of the command line are nobody's, and everybody's to see.
        """
        chosen = self._variant(_LATEST_STORMS)
        return STORM.all(self._connection.execute(chosen, {"most": limit, "user_id": user_id}))
