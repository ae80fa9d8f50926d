"""What the rules do to which account: kept, so that a restart goes on with it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from app.domain.safety.switches import Scope, Switch, TradingState
from app.services.ports import UnitOfWork

_FLAG: Final = "funded_measures"


@dataclass(frozen=True, slots=True)
class Standing:
    """A measure that goes on: its key, and the milder switch that gave way to it."""

    key: str
    before: Switch | None = None


def read_standing(uow: UnitOfWork) -> dict[str, Standing]:
    """Return what goes on, by the id of the account."""
    stored: dict[str, Any] = json.loads(uow.flags.get(_FLAG) or "{}")
    return {
        account_id: Standing(each["key"], _switch(account_id, each["before"]))
        for account_id, each in stored.items()
    }


def write_standing(uow: UnitOfWork, kept: Mapping[str, Standing], now: datetime) -> None:
    """Keep what goes on, in place of what was kept."""
    if not kept:
        uow.flags.delete(_FLAG)
        return
    plain = {
        account_id: {"key": each.key, "before": _plain(each.before)}
        for account_id, each in kept.items()
    }
    uow.flags.set(_FLAG, json.dumps(plain), now)


def _switch(account_id: str, stored: Mapping[str, Any] | None) -> Switch | None:
    if stored is None:
        return None
    return Switch(
        Scope.ACCOUNT,
        account_id,
        TradingState(stored["state"]),
        datetime.fromisoformat(stored["at"]),
        stored["code"],
        stored["detail"],
        stored["thrown_by"],
    )


def _plain(switch: Switch | None) -> dict[str, object] | None:
    if switch is None:
        return None
    return {
        "state": switch.state.value,
        "at": switch.at.isoformat(),
        "code": switch.code,
        "detail": switch.detail,
        "thrown_by": switch.thrown_by,
    }
