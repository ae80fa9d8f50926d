"""After a restore: what waited when the backup was made is old, and is not carried out.

The broker is ahead of the database then, and the alerts may have been carried out after the
backup.  So what nobody had begun expires at once, and what was begun is only settled with its
venue: nothing more of it is sent.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from app.domain.decisions import Decision, Outcome
from app.domain.events import Fact, FactKind, Level
from app.domain.inbox import Alert, AlertState
from app.domain.refusals import denied
from app.services.ports import UnitOfWork

CODE: Final = "RESTORED_FROM_BACKUP"
_FLAG: Final = "restored_at"


@dataclass(frozen=True, slots=True)
class Leftover:
    """Alerts that were open in a backup: ended at once, and left to be settled at the start."""

    expired: int
    begun: int


def restored_at(uow: UnitOfWork) -> datetime | None:
    """Return when the database was put back last; None when it never was."""
    stored = uow.flags.get(_FLAG)
    return None if stored is None else datetime.fromisoformat(stored)


def end_leftovers(uow: UnitOfWork, now: datetime) -> Leftover:
    """Expire what waits in a database that was put back, and note when that was."""
    uow.flags.set(_FLAG, now.isoformat(), now)
    expired = begun = 0
    for alert in uow.alerts.open():
        if uow.decisions.of_alert(alert.id):
            _begin_nowhere_else(uow, alert, now)
            begun += 1
        else:
            _expire(uow, alert, now)
            expired += 1
    return Leftover(expired, begun)


def _expire(uow: UnitOfWork, alert: Alert, now: datetime) -> None:
    refusal = denied(CODE)
    uow.alerts.finish(alert.id, AlertState.EXPIRED, refusal.code, refusal.detail, now)
    owner = uow.strategies.owner(alert.strategy_id)
    uow.facts.append(
        Fact(
            kind=FactKind.ALERT_REFUSED,
            at=now,
            message=f"{owner.name}: alert expired. {refusal.detail}",
            level=Level.WARNING,
            code=refusal.code,
            user_id=owner.user_id,
            strategy_id=alert.strategy_id,
            alert_id=alert.id,
            data={"state": AlertState.EXPIRED.value},
        )
    )


def _begin_nowhere_else(uow: UnitOfWork, alert: Alert, now: datetime) -> None:
    """Let the accounts that have not decided on the alert do nothing."""
    refusal = denied(CODE)
    strategy = uow.strategies.get(alert.strategy_id)
    for link in strategy.accounts if strategy else ():
        if uow.decisions.get(alert.id, link.account_id) is None:
            uow.decisions.save(
                Decision(
                    alert_id=alert.id,
                    account_id=link.account_id,
                    strategy_id=alert.strategy_id,
                    outcome=Outcome.EXPIRED,
                    at=now,
                    code=refusal.code,
                    detail=refusal.detail,
                    finished_at=now,
                )
            )
