"""The trace of one alert: what arrived, what it meant, and what was decided, sent and filled."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Final

from app.domain.alerts import Intent, read
from app.domain.decisions import Decision
from app.domain.errors import InvalidInput, NotFound
from app.domain.events import Fact
from app.domain.inbox import Alert, AlertState
from app.domain.money import wire
from app.domain.orders import Fill, Order, OrderState
from app.domain.refusals import CATALOGUE
from app.domain.strategies import Strategy
from app.services.ports import OrderStep, Store, UnitOfWork
from app.services.trading import settle


@dataclass(frozen=True, slots=True)
class Moment:
    """One step on the alert's way; ``gap_ms`` is the time since the step before (None at first).

    ``kind`` is ok, wait, fill, refused, error or note.
    """

    at: datetime
    title: str
    detail: str
    kind: str
    gap_ms: float | None = None


@dataclass(frozen=True, slots=True)
class OrderTrace:
    """One order of the alert with its history and its fills."""

    order: Order
    account_name: str
    history: Sequence[OrderStep]
    fills: Sequence[Fill]


@dataclass(frozen=True, slots=True)
class Trace:
    """Everything known about one alert; ``intent`` is None when it could not be read.

    ``change`` says what the sender may change when it was refused.
    """

    alert: Alert
    strategy: Strategy
    intent: Intent | None
    summary: str
    decisions: Sequence[Decision]
    orders: Sequence[OrderTrace]
    facts: Sequence[Fact]
    moments: Sequence[Moment]
    change: str | None

    @property
    def total_ms(self) -> float:
        """Milliseconds from the first step to the last."""
        return _between(self.moments[0].at, self.moments[-1].at)


def describe(intent: Intent) -> str:
    """Return what an alert asks for, in words: "sell 2 ES1!, then long 1"."""
    said = [intent.action.value.replace("_", " ")]
    if intent.quantity is not None:
        said.append(wire(intent.quantity))
    if intent.symbol:
        said.append(intent.symbol)
    if intent.wanted is None:
        return " ".join(said)
    size = "" if intent.wanted_size is None else f" {wire(intent.wanted_size)}"
    wanted = f"{intent.wanted.value}{size if intent.wanted.sign else ''}"
    return f"{' '.join(said)}, then {wanted}"


def summary(body: bytes) -> str:
    """Return what a message asks for, in words, or that it cannot be read."""
    try:
        return describe(read(body).intent)
    except InvalidInput:
        return "Unreadable message"


class Tracer:
    """Puts the trace of an alert together."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def trace(self, user_id: str, alert_id: str) -> Trace:
        """Return the trace; raises NotFound for an alert that is not the user's."""
        with self._store.read() as uow:
            alert = uow.alerts.get(alert_id)
            strategy = uow.strategies.get(alert.strategy_id) if alert else None
            if alert is None or strategy is None or strategy.user_id != user_id:
                raise NotFound("There is no such alert.")
            decisions = uow.decisions.of_alert(alert_id)
            orders = [_order(uow, order) for order in uow.orders.of_alert(alert_id)]
            facts = uow.facts.of_alert(alert_id)
        return Trace(
            alert=alert,
            strategy=strategy,
            intent=_intent(alert),
            summary=summary(alert.body),
            decisions=decisions,
            orders=orders,
            facts=facts,
            moments=_timed([*_alert_moments(alert), *_decided(decisions), *_sent(orders)], alert),
            change=_change(alert, decisions),
        )


def _order(uow: UnitOfWork, order: Order) -> OrderTrace:
    account = uow.accounts.get(order.account_id)
    name = account.name if account else order.account_id
    return OrderTrace(order, name, uow.orders.history(order.id), uow.fills.of_order(order.id))


def _intent(alert: Alert) -> Intent | None:
    try:
        return read(alert.body).intent
    except InvalidInput:
        return None


def _alert_moments(alert: Alert) -> Iterator[Moment]:
    sender = f" from {alert.source_address}" if alert.source_address else ""
    received = f"{len(alert.body)} bytes{sender}, kept before the answer"
    yield Moment(alert.received_at, "Received", received, "note")
    if alert.claimed_at is not None:
        yield Moment(alert.claimed_at, "Taken up", f"by {alert.claimed_by}", "note")


def _decided(decisions: Sequence[Decision]) -> Iterator[Moment]:
    for decision in decisions:
        legs = ", then ".join(
            f"{leg.side} {wire(leg.quantity)} {leg.symbol or decision.symbol}"
            for leg in decision.legs
        )
        detail = decision.detail or f"{legs or 'nothing to do'}{_positions(decision)}"
        yield Moment(decision.at, "Decided", detail, "note" if legs else "refused")


def _positions(decision: Decision) -> str:
    if decision.held is None or decision.wanted is None:
        return ""
    return f" (held {wire(decision.held)}, wanted {wire(decision.wanted)})"


_ORDER_KINDS: Final = {
    OrderState.FILLED: "fill",
    OrderState.PARTIALLY_FILLED: "fill",
    OrderState.DENIED: "refused",
    OrderState.REJECTED: "error",
    OrderState.UNKNOWN: "error",
    OrderState.CANCELED: "note",
    OrderState.EXPIRED: "note",
}


def _sent(orders: Sequence[OrderTrace]) -> Iterator[Moment]:
    for each in orders:
        order = each.order
        name = f"{order.side} {wire(order.quantity)} {order.symbol}"
        title = "Protection written" if order.role.protective else "Order written"
        detail = f"{settle.describe(order)}, before it is sent"
        yield Moment(order.created_at, title, detail, "wait")
        for step in each.history:
            detail = f"{name}: {step.detail}" if step.detail else name
            title = f"Order {step.to_state.replace('_', ' ')}"
            yield Moment(step.at, title, detail, _ORDER_KINDS.get(step.to_state, "wait"))


_ENDS: Final = {
    AlertState.EXECUTED: ("Executed", "ok"),
    AlertState.NO_ACTION: ("Nothing to do", "note"),
    AlertState.DUPLICATE: ("Duplicate: nothing is done twice", "note"),
    AlertState.FAILED: ("Failed", "error"),
}


def _timed(moments: Sequence[Moment], alert: Alert) -> Sequence[Moment]:
    """The moments in the order of time, each with its gap; how the alert ended comes last."""
    ordered = sorted(moments, key=lambda moment: moment.at)
    if alert.finished_at is not None:
        title, kind = _ENDS.get(alert.state, (alert.state.capitalize(), "refused"))
        end = max(alert.finished_at, alert.received_at)
        ordered.append(Moment(end, title, alert.detail or "", kind))
        ordered.sort(key=lambda moment: moment.at)
    return [ordered[0], *(_after(one, next_) for one, next_ in pairwise(ordered))]


def _after(before: Moment, moment: Moment) -> Moment:
    gap = _between(before.at, moment.at)
    return Moment(moment.at, moment.title, moment.detail, moment.kind, gap)


def _between(before: datetime, after: datetime) -> float:
    return (after - before).total_seconds() * 1000


def _change(alert: Alert, decisions: Sequence[Decision]) -> str | None:
    codes = [alert.code, *(decision.code for decision in decisions)]
    found = (CATALOGUE.get(code) for code in codes if code)
    return next((refusal.change for refusal in found if refusal), None)
