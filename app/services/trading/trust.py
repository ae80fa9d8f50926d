"""Trust: what may be opened on an account depends on whether its books and its venue agree."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from app.domain.decisions import Denied, Leg, Step
from app.domain.money import ZERO, exact, plain
from app.domain.orders import Side
from app.domain.planning import Plan
from app.domain.refusals import denied
from app.domain.safety.drift import Drift, DriftState
from app.services.ports import UnitOfWork

#: So long after a start an entry waits for the comparison of its account with the venue.
PATIENCE: Final = timedelta(seconds=60)


def doubt(uow: UnitOfWork, account_id: str, now: datetime) -> None:
    """Let nothing be opened on the account until it was compared with its venue."""
    uow.flags.set(_doubt(account_id), now.isoformat(), now)


def believe(uow: UnitOfWork, account_id: str) -> None:
    """Let positions be opened on the account: it was compared."""
    if uow.flags.get(_doubt(account_id)) is not None:
        uow.flags.delete(_doubt(account_id))


def awaited(uow: UnitOfWork, account_id: str, now: datetime) -> bool:
    """Whether the account is about to be compared, so that what opens a position waits for it.

    After so long a silence of its venue nothing waits any more: it is refused.
    """
    since = uow.flags.get(_doubt(account_id))
    # A stamp from the future is of a clock that was set back since.
    return since is not None and abs(now - datetime.fromisoformat(since)) < PATIENCE


def refusal_to_open(uow: UnitOfWork, account_id: str, symbol: str) -> Denied | None:
    """Return why no position in the symbol may be opened or added to on the account, or None."""
    drifts = open_drifts(uow, account_id, symbol)
    if not drifts and uow.flags.get(_doubt(account_id)) is None:
        return None
    account = uow.accounts.get(account_id)
    name = account.name if account is not None else account_id
    if drifts:
        return denied("POSITION_DRIFT", symbol=symbol, account=name, detail=drifts[0].detail)
    return denied("ACCOUNT_NOT_RECONCILED", account=name)


def room_to_close(uow: UnitOfWork, account_id: str, symbol: str, side: Side) -> Decimal | None:
    """Return how much an exit may trade so that it opens nothing at the venue; None for any amount.

    Only a drift whose number at the venue is known sets a limit: what the venue does not list is
    not taken for flat, and no exit is held up by it.
    """
    for drift in open_drifts(uow, account_id, symbol):
        if drift.order_id is None and drift.theirs is not None:
            return max(-drift.theirs * side.sign, ZERO)
    return None


def within_reach(uow: UnitOfWork, account_id: str, planned: Plan) -> Plan | Denied:
    """Return the plan with no more to close than the venue holds, as far as that is known.

    Where the venue says that it holds less than we do, the rest of an exit would open a position.
    """
    leg = next((leg for leg in planned.legs if leg.reduce_only), None)
    if leg is None:
        return planned
    symbol = leg.symbol or planned.symbol
    room = room_to_close(uow, account_id, symbol, leg.side)
    why = refusal_to_open(uow, account_id, symbol)
    if room is None or leg.quantity <= room or why is None:
        return planned
    return _reduced(planned, leg, room, why) if room else why


@exact
def _reduced(planned: Plan, leg: Leg, room: Decimal, why: Denied) -> Plan:
    return replace(
        planned,
        wanted=plain(planned.held + room * leg.side.sign),
        legs=(replace(leg, quantity=room),),
        steps=(*planned.steps, Step("position_drift", leg.quantity, room, why.detail)),
        refused=why,
    )


def open_drifts(uow: UnitOfWork, account_id: str, symbol: str) -> list[Drift]:
    """Return the account's drifts in the symbol that are open, those of positions first."""
    found = [
        drift
        for drift in uow.drifts.unresolved(account_id)
        if drift.symbol == symbol and drift.state is DriftState.OPEN
    ]
    return sorted(found, key=lambda drift: drift.order_id is not None)


def _doubt(account_id: str) -> str:
    return f"unreconciled:{account_id}"
