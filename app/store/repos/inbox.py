"""Repositories of the inbox: alerts as they came, and what was decided for each."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    and_,
    bindparam,
    func,
    literal_column,
    or_,
    select,
    text,
    update,
)

from app.domain.decisions import Decision
from app.domain.errors import NotFound
from app.domain.inbox import Alert, AlertSource, AlertState, Arrival
from app.store.records import Record, Repo, insert_or_replace, insert_or_skip
from app.store.tables.trading import ALERTS, DECISIONS, OPEN_ALERTS

ALERT: Final = Record(Alert, ALERTS)
DECISION: Final = Record(Decision, DECISIONS)

_a = ALERTS.c
_RECEIVED: Final[ColumnElement[Any]] = literal_column("'received'")
_CLAIMED: Final[ColumnElement[Any]] = literal_column("'claimed'")

_INSERT: Final = insert_or_skip(ALERTS, "strategy_id", "dedupe_key")
_GET: Final = select(*ALERT.columns).where(_a.id == bindparam("id"))
_BY_KEY: Final = select(*ALERT.columns).where(
    _a.strategy_id == bindparam("strategy_id"), _a.dedupe_key == bindparam("dedupe_key")
)
_WAITING: Final = (
    select(_a.id)
    .where(
        text(OPEN_ALERTS),
        or_(
            _a.state == _RECEIVED,
            and_(
                _a.state == _CLAIMED,
                # A lease beyond the one asked for is of a clock that was set back since.
                or_(_a.lease_until <= bindparam("now"), _a.lease_until > bindparam("until")),
            ),
        ),
    )
    .order_by(_a.id)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
)
_OPEN: Final = select(*ALERT.columns).where(text(OPEN_ALERTS)).order_by(_a.id)
_CLAIM: Final = (
    update(ALERTS)
    .where(_a.id.in_(_WAITING))
    .values(
        state=AlertState.CLAIMED,
        claimed_by=bindparam("worker"),
        claimed_at=bindparam("now"),
        lease_until=bindparam("until"),
    )
    .returning(*ALERT.columns)
)
_FINISH: Final = (
    update(ALERTS)
    .where(_a.id == bindparam("alert_id"))
    .values(
        state=bindparam("to_state"),
        code=bindparam("to_code"),
        detail=bindparam("to_detail"),
        finished_at=bindparam("at"),
        lease_until=None,
    )
)
_RELEASE: Final = (
    update(ALERTS)
    .where(_a.claimed_by == bindparam("worker"), _a.state == AlertState.CLAIMED)
    .values(state=AlertState.RECEIVED, claimed_by=None, claimed_at=None, lease_until=None)
)
_RENEW: Final = (
    update(ALERTS)
    .where(_a.claimed_by == bindparam("worker"), _a.state == AlertState.CLAIMED)
    .values(lease_until=bindparam("until"))
)
_COUNT_SINCE: Final = select(func.count()).where(
    _a.strategy_id == bindparam("strategy_id"),
    _a.received_at >= bindparam("since"),
    _a.state.in_(bindparam("states", expanding=True)),
)
_LAST_EXECUTED: Final = (
    select(_a.received_at)
    .where(_a.strategy_id == bindparam("strategy_id"), _a.state == AlertState.EXECUTED)
    .order_by(_a.received_at.desc())
    .limit(1)
)
_LAST_CHAINED: Final = (
    select(*ALERT.columns)
    .where(
        _a.strategy_id == bindparam("strategy_id"),
        _a.id < bindparam("before"),
        _a.state.not_in([AlertState.INVALID, AlertState.DUPLICATE, AlertState.CONFLICT]),
        _a.source != AlertSource.MANUAL,
        or_(_a.code.is_(None), _a.code != "HEARTBEAT"),
    )
    .order_by(_a.received_at.desc(), _a.id.desc())
    .limit(1)
)
_NEWEST: Final = select(func.max(_a.id))
_ARRIVALS: Final = select(
    _a.id, _a.strategy_id, _a.received_at, _a.state != AlertState.INVALID
).where(
    _a.source == AlertSource.WEBHOOK,
    _a.state.not_in([AlertState.DUPLICATE, AlertState.CONFLICT]),
)
_ARRIVED: Final = (
    _ARRIVALS.where(_a.id > bindparam("after")).order_by(_a.id).limit(bindparam("most"))
)
_LAST_ARRIVALS: Final = (
    _ARRIVALS.where(_a.strategy_id == bindparam("strategy_id"))
    .order_by(_a.received_at.desc(), _a.id.desc())
    .limit(bindparam("most"))
)


class Alerts(Repo):
    """The inbox, which is also the queue."""

    __slots__ = ()

    def insert(self, alert: Alert) -> bool:
        """Keep the alert; False when the strategy already has one with this dedupe key."""
        return self._count(self._variant(_INSERT), ALERT.values(alert)) == 1

    def get(self, alert_id: str) -> Alert | None:
        """The alert with this id."""
        return ALERT.maybe(self._first(_GET, id=alert_id))

    def by_key(self, strategy_id: str, dedupe_key: str) -> Alert | None:
        """The strategy's alert with this dedupe key."""
        return ALERT.maybe(self._first(_BY_KEY, strategy_id=strategy_id, dedupe_key=dedupe_key))

    def open(self) -> Sequence[Alert]:
        """Every alert that has not ended, oldest first."""
        return ALERT.all(self._rows(_OPEN))

    def claim(
        self, worker: str, now: datetime, lease_until: datetime, limit: int
    ) -> Sequence[Alert]:
        """Take up to ``limit`` alerts that wait (or whose lease ran out), oldest first.

        A lease that ends after ``lease_until`` was given before the clock was set back: it ran out.
        """
        rows = self._rows(_CLAIM, worker=worker, now=now, until=lease_until, most=limit)
        return sorted(ALERT.all(rows), key=lambda alert: alert.id)

    def finish(
        self, alert_id: str, state: AlertState, code: str | None, detail: str | None, at: datetime
    ) -> None:
        """Give the alert its last state and the reason; raises NotFound without such an alert."""
        values = {
            "alert_id": alert_id,
            "to_state": state,
            "to_code": code,
            "to_detail": detail,
            "at": at,
        }
        if not self._count(_FINISH, values):
            raise NotFound(f"There is no alert {alert_id}.")

    def renew(self, worker: str, lease_until: datetime) -> None:
        """Keep the worker's claims for longer."""
        self._count(_RENEW, {"worker": worker, "until": lease_until})

    def release_all(self, worker: str) -> None:
        """Give the worker's claimed alerts back to the queue."""
        self._count(_RELEASE, {"worker": worker})

    def count_since(self, strategy_id: str, since: datetime, states: Sequence[AlertState]) -> int:
        """Alerts received at or after ``since`` in one of ``states``."""
        row = self._first(_COUNT_SINCE, strategy_id=strategy_id, since=since, states=list(states))
        return int(row[0]) if row else 0

    def last_executed_at(self, strategy_id: str) -> datetime | None:
        """When the strategy's last executed alert was received."""
        row = self._first(_LAST_EXECUTED, strategy_id=strategy_id)
        return row[0] if row else None

    def last_chained(self, strategy_id: str, before: str) -> Alert | None:
        """The sender's newest accepted alert before id ``before`` that is no heartbeat."""
        return ALERT.maybe(self._first(_LAST_CHAINED, strategy_id=strategy_id, before=before))

    def newest(self) -> str:
        """The id of the newest alert; empty before the first."""
        row = self._first(_NEWEST)
        return (row[0] if row else None) or ""

    def arrived(self, after: str, limit: int) -> Sequence[Arrival]:
        """What senders delivered after alert id ``after``, oldest first."""
        rows = self._rows(_ARRIVED, after=after, most=limit)
        return [Arrival(row[0], row[1], row[2], bool(row[3])) for row in rows]

    def last_arrivals(self, strategy_id: str, limit: int) -> Sequence[Arrival]:
        """The last that the strategy's sender delivered, oldest first."""
        rows = self._rows(_LAST_ARRIVALS, strategy_id=strategy_id, most=limit)
        return [Arrival(row[0], row[1], row[2], bool(row[3])) for row in reversed(rows)]


_SAVE_DECISION: Final = insert_or_replace(DECISIONS, "alert_id", "account_id")
_OF_ALERT: Final = (
    select(*DECISION.columns)
    .where(DECISIONS.c.alert_id == bindparam("alert_id"))
    .order_by(DECISIONS.c.account_id)
)
_GET_DECISION: Final = select(*DECISION.columns).where(
    DECISIONS.c.alert_id == bindparam("alert_id"),
    DECISIONS.c.account_id == bindparam("account_id"),
)


class Decisions(Repo):
    """What was decided for each alert and account, and how far it got."""

    __slots__ = ()

    def get(self, alert_id: str, account_id: str) -> Decision | None:
        """The decision for the alert on the account."""
        return DECISION.maybe(self._first(_GET_DECISION, alert_id=alert_id, account_id=account_id))

    def save(self, decision: Decision) -> None:
        """Insert or replace the decision of (alert, account)."""
        self._count(self._variant(_SAVE_DECISION), DECISION.values(decision))

    def of_alert(self, alert_id: str) -> Sequence[Decision]:
        """The alert's decisions, by account."""
        return DECISION.all(self._rows(_OF_ALERT, alert_id=alert_id))
