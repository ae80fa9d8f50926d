"""Repositories of what happened: numbered facts, switches, and the P&L curves."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Final

from sqlalchemy import Connection, bindparam, delete, func, insert, select, update

from app.domain.errors import InvariantBroken
from app.domain.events import Fact
from app.domain.money import ZERO
from app.services.ports import Sample, Series
from app.store.records import Record, Repo, insert_or_replace
from app.store.repos.rolled import SAMPLE, RolledHistory
from app.store.tables.history import (
    FACTS,
    FLAGS,
    FUNDED_CHANGES,
    PNL_SERIES,
    STRATEGY_PNL_HISTORY,
)

FACT: Final = Record(Fact, FACTS)
SERIES: Final = Record(Series, PNL_SERIES)

_INSERT_FACT: Final = insert(FACTS)
_NEWEST: Final = select(func.max(FACTS.c.number))
_AFTER: Final = (
    select(*FACT.columns)
    .where(FACTS.c.number > bindparam("after"))
    .order_by(FACTS.c.number)
    .limit(bindparam("most"))
)
_AFTER_OF_USER: Final = _AFTER.where(FACTS.c.user_id == bindparam("user_id"))
_OF_ALERT: Final = (
    select(*FACT.columns).where(FACTS.c.alert_id == bindparam("alert_id")).order_by(FACTS.c.number)
)
_FUNDED_CHANGES: Final = (
    select(*FACT.columns)
    .where(FUNDED_CHANGES, FACTS.c.account_id == bindparam("account_id"))
    .order_by(FACTS.c.number.desc())
    .limit(bindparam("most"))
)


class Facts(Repo):
    """What happened, append-only; ``appended`` are the facts of this transaction."""

    __slots__ = ("appended",)

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self.appended: list[Fact] = []

    def append(self, fact: Fact) -> Fact:
        """Keep the fact and return it with its number; it is published after the commit."""
        values = FACT.values(fact)
        del values["number"]
        number = self._number(_INSERT_FACT, values)
        if not number:
            raise InvariantBroken("The database gave a fact no number.")
        numbered = replace(fact, number=number)
        self.appended.append(numbered)
        return numbered

    def newest(self) -> int:
        """The number of the newest fact; 0 before the first."""
        row = self._first(_NEWEST)
        return row[0] or 0 if row else 0

    def after(self, number: int, limit: int, user_id: str | None = None) -> Sequence[Fact]:
        """Facts with a higher number, oldest first; those of everybody when there is no user."""
        if user_id is None:
            return FACT.all(self._rows(_AFTER, after=number, most=limit))
        return FACT.all(self._rows(_AFTER_OF_USER, after=number, most=limit, user_id=user_id))

    def of_alert(self, alert_id: str) -> Sequence[Fact]:
        """What happened because of the alert, oldest first."""
        return FACT.all(self._rows(_OF_ALERT, alert_id=alert_id))

    def funded_changes(self, account_id: str, most: int) -> Sequence[Fact]:
        """At most so many changes of the account's rules and preferences, newest first."""
        return FACT.all(self._rows(_FUNDED_CHANGES, account_id=account_id, most=most))


_GET_FLAG: Final = select(FLAGS.c.value).where(FLAGS.c.name == bindparam("name"))
_SET_FLAG: Final = insert_or_replace(FLAGS, "name")
_DELETE_FLAG: Final = delete(FLAGS).where(FLAGS.c.name == bindparam("flag"))


class Flags(Repo):
    """Small durable switches of the server."""

    __slots__ = ()

    def get(self, name: str) -> str | None:
        """The switch's value; None when it was never set."""
        row = self._first(_GET_FLAG, name=name)
        return row[0] if row else None

    def set(self, name: str, value: str, at: datetime) -> None:
        """Set the switch."""
        self._count(self._variant(_SET_FLAG), {"name": name, "value": value, "at": at})

    def delete(self, name: str) -> None:
        """Forget the switch."""
        self._count(_DELETE_FLAG, {"flag": name})


_s, _h = PNL_SERIES.c, STRATEGY_PNL_HISTORY.c

_ALL_SERIES: Final = select(*SERIES.columns).order_by(_s.id)
_ADD_SERIES: Final = insert(PNL_SERIES)
_MOVE: Final = (
    update(PNL_SERIES)
    .where(_s.id == bindparam("series"))
    .values(peak=bindparam("new_peak"), max_drawdown=bindparam("new_max_drawdown"))
)
_RECORD: Final = insert(STRATEGY_PNL_HISTORY)


class History(Repo):
    """P&L curves: a sample whenever one changes, and at least once a minute."""

    __slots__ = ()

    def series(self) -> Sequence[Series]:
        """Every curve."""
        return SERIES.all(self._rows(_ALL_SERIES))

    def add_series(
        self, user_id: str | None, strategy_id: str | None, account_id: str | None, base: Decimal
    ) -> Series:
        """Begin a curve at a P&L of 0; raises Conflict when there is one already."""
        owner = {"user_id": user_id, "strategy_id": strategy_id, "account_id": account_id}
        values = owner | {"peak": ZERO, "max_drawdown": ZERO, "base": base}
        key = self._connection.execute(_ADD_SERIES, values).inserted_primary_key
        if key is None:
            raise InvariantBroken("The database gave a curve no number.")
        return Series(key[0], user_id, strategy_id, account_id, ZERO, ZERO, base)

    def open_before(self, series_id: int, at: datetime) -> Decimal | None:
        """The open P&L of the last sample before ``at`` with known prices; None without one."""
        return RolledHistory(self._connection).open_before(series_id, _second(at))

    def record(self, samples: Sequence[Sample], moved: Iterable[Series]) -> None:
        """Write one tick: its samples, and the series whose high-water mark or drawdown moved.

        The samples are of one second.
        """
        rows = [SAMPLE.values(sample) for sample in samples]
        if rows:
            self._connection.execute(_RECORD, rows)
            RolledHistory(self._connection).came_late(samples, samples[0].at)
        marks = [
            {"series": each.id, "new_peak": each.peak, "new_max_drawdown": each.max_drawdown}
            for each in moved
        ]
        if marks:
            self._connection.execute(_MOVE, marks)


def _second(at: datetime) -> int:
    """The first whole second that is not before ``at``: samples before it lie before ``at``."""
    return -int(-at.timestamp() // 1)
