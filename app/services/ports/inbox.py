"""The inbox: alerts, and what was decided for each."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from app.domain.decisions import Decision
from app.domain.inbox import Alert, AlertState, Arrival


class Alerts(Protocol):
    """The inbox, which is also the queue."""

    def insert(self, alert: Alert) -> bool:
        """Keep the alert; False when the strategy already has one with this dedupe key."""

    def get(self, alert_id: str) -> Alert | None: ...

    def by_key(self, strategy_id: str, dedupe_key: str) -> Alert | None: ...

    def open(self) -> Sequence[Alert]:
        """Every alert that has not ended, oldest first."""

    def claim(
        self, worker: str, now: datetime, lease_until: datetime, limit: int
    ) -> Sequence[Alert]:
        """Take up to ``limit`` alerts that wait (or whose lease ran out), oldest first."""

    def finish(
        self, alert_id: str, state: AlertState, code: str | None, detail: str | None, at: datetime
    ) -> None: ...

    def renew(self, worker: str, lease_until: datetime) -> None:
        """Keep the worker's claims for longer."""

    def release_all(self, worker: str) -> None:
        """Give the worker's claimed alerts back to the queue."""

    def count_since(self, strategy_id: str, since: datetime, states: Sequence[AlertState]) -> int:
        """Alerts received at or after ``since`` in one of ``states``."""

    def last_executed_at(self, strategy_id: str) -> datetime | None:
        """When the strategy's last executed alert was received."""

    def last_chained(self, strategy_id: str, before: str) -> Alert | None:
        """The sender's newest accepted alert before id ``before`` that is no heartbeat."""

    def newest(self) -> str:
        """The id of the newest alert; empty before the first."""

    def arrived(self, after: str, limit: int) -> Sequence[Arrival]:
        """What senders delivered after alert id ``after``, oldest first."""

    def last_arrivals(self, strategy_id: str, limit: int) -> Sequence[Arrival]:
        """The last that the strategy's sender delivered, oldest first."""


class Decisions(Protocol):
    """What was decided for each alert and account, and how far it got."""

    def get(self, alert_id: str, account_id: str) -> Decision | None: ...

    def save(self, decision: Decision) -> None:
        """Insert or replace the decision of (alert, account)."""

    def of_alert(self, alert_id: str) -> Sequence[Decision]: ...
