"""Alerts that never arrived: a sender that names its position before and after each trade makes a
chain, and a break in it says which trade was missed.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from app.domain.alerts import Intent, read
from app.domain.decisions import Decision, Outcome
from app.domain.events import Fact, FactKind, Level
from app.domain.inbox import Alert
from app.domain.money import wire
from app.domain.orders import Side
from app.services.ports import UnitOfWork


def notice(uow: UnitOfWork, alert: Alert, decision: Decision, now: datetime) -> None:
    """Tell once, with the alert's first decision, that an earlier alert never came."""
    if len(uow.decisions.of_alert(alert.id)) > 1:
        return
    intent = read(alert.body).intent
    before = intent.previous_position
    last = None if before is None else uow.alerts.last_chained(alert.strategy_id, alert.id)
    after = None if last is None else read(last.body).intent.wanted_position
    if before is None or last is None or after is None or before == after:
        return
    owner = uow.strategies.owner(alert.strategy_id)
    trade = f"{Side.of(before - after)} {wire(abs(before - after))}"
    words = (
        f"an alert never arrived: the sender's position was {_position(after)} after its last alert"
        f" at {last.received_at:%H:%M:%S} UTC, and {_position(before)} before this one, so its"
        f" trade to {trade} was missed. {_now(intent, decision)}"
    )
    uow.facts.append(
        Fact(
            kind=FactKind.ALERT_MISSED,
            at=now,
            message=f"{owner.name}: {words}",
            level=Level.ERROR,
            code="ALERT_MISSED",
            user_id=owner.user_id,
            strategy_id=alert.strategy_id,
            alert_id=alert.id,
            data={"trade": trade, "missed_after": last.id},
        )
    )


def _now(intent: Intent, decision: Decision) -> str:
    """What this alert makes of the position, and what is left to do."""
    held = decision.held
    wanted = decision.wanted if decision.outcome is Outcome.WORKING else held
    theirs = intent.wanted_position
    if held is None or wanted is None or theirs is None:
        return "Compare the position with the sender's, and trade the difference by hand."
    goes = "stays at" if wanted == held else f"goes from {_position(held)} to"
    told = f"Our position {goes} {_position(wanted)}"
    same = _sign(wanted) == _sign(theirs) if _own_size(decision) else wanted == theirs
    if same:
        return f"{told}, as the sender's: nothing more is to be done but to see why it was missed."
    return (
        f"{told}, and the sender's is {_position(theirs)}: trade the difference by hand, or close"
        " the position."
    )


def _own_size(decision: Decision) -> bool:
    """Whether our sizes are not the sender's, so that only the direction can be compared."""
    return decision.settings.get("sizing") is not None or (
        decision.settings.get("quantity_factor") not in {None, "1"}
    )


def _sign(position: Decimal) -> int:
    return (position > 0) - (position < 0)


def _position(position: Decimal) -> str:
    if not position:
        return "flat"
    return f"{'long' if position > 0 else 'short'} {wire(abs(position))}"
