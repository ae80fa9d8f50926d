"""The story of an alert: every step in a sentence, in the order of time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise
from typing import Final

from app.domain.decisions import Decision
from app.domain.inbox import Alert, AlertState
from app.domain.money import wire
from app.domain.orders import OrderEvent, OrderState
from app.services.ports import OrderStep
from app.services.tracing.stages import Way, milliseconds
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


def story(alert: Alert, decisions: Sequence[Decision], orders: Sequence[Way]) -> Sequence[Moment]:
    """Return every step of the alert's way, oldest first; how it ended comes last."""
    moments = [*_arrived(alert), *_decided(decisions), *_sent(orders)]
    ordered = sorted(moments, key=lambda moment: moment.at)
    if alert.finished_at is not None:
        title, kind = _ENDS.get(alert.state, (alert.state.capitalize(), "refused"))
        end = max(alert.finished_at, alert.received_at)
        ordered.append(Moment(end, title, alert.detail or "", kind))
        ordered.sort(key=lambda moment: moment.at)
    return [ordered[0], *(_after(one, next_) for one, next_ in pairwise(ordered))]


_ENDS: Final = {
    AlertState.EXECUTED: ("Executed", "ok"),
    AlertState.NO_ACTION: ("Nothing to do", "note"),
    AlertState.DUPLICATE: ("Duplicate: nothing is done twice", "note"),
    AlertState.FAILED: ("Failed", "error"),
}


def _arrived(alert: Alert) -> Iterator[Moment]:
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


@dataclass(frozen=True, slots=True)
class _Words:
    """How a step of an order is told: its title, what it means, and its kind."""

    title: str
    meaning: str = ""
    kind: str = "wait"


#: Steps that are told by what they follow, before those that are told by what happened alone.
_FOLLOWING: Final[Mapping[tuple[OrderState, OrderEvent], _Words]] = {
    (OrderState.UNKNOWN, OrderEvent.ACCEPT): _Words(
        "Found at the broker",
        "The broker has the order under its own id, so it is adopted and nothing is sent twice.",
        "ok",
    ),
    (OrderState.SUBMITTING, OrderEvent.SUBMIT): _Words("Order sent"),
    (OrderState.UNKNOWN, OrderEvent.SUBMIT): _Words(
        "Sent again",
        "The broker was asked again after a pause and has no such order, so it is sent once more"
        " under the same id.",
    ),
    (OrderState.PENDING_CANCEL, OrderEvent.LOSE_ANSWER): _Words(
        "Answer to the cancel lost",
        "The broker is asked what became of the order before anything else.",
        "error",
    ),
    (OrderState.PENDING_CANCEL, OrderEvent.ACCEPT): _Words("Order still works", "", "note"),
    (OrderState.CANCELED, OrderEvent.FILL): _Words(
        "Order filled late", "The fill came after the cancel; it is booked all the same.", "fill"
    ),
    (OrderState.CANCELED, OrderEvent.PARTIAL_FILL): _Words(
        "Order filled late", "The fill came after the cancel; it is booked all the same.", "fill"
    ),
    (OrderState.FILLED, OrderEvent.FILL): _Words(
        "Filled beyond its size", "The broker filled more than was ordered; it is booked.", "error"
    ),
}
_STEPS: Final[Mapping[OrderEvent, _Words]] = {
    OrderEvent.DENY: _Words("Order not sent", "", "refused"),
    OrderEvent.SENT: _Words("Order sent"),
    OrderEvent.LOSE_ANSWER: _Words(
        "Answer lost: asking the broker",
        "The order was sent and may be there; the broker is asked by the order's own id before"
        " anything else.",
        "error",
    ),
    OrderEvent.ACCEPT: _Words("Order accepted"),
    OrderEvent.PARTIAL_FILL: _Words("Order partly filled", "", "fill"),
    OrderEvent.FILL: _Words("Order filled", "", "fill"),
    OrderEvent.REQUEST_CANCEL: _Words("Cancel asked for", "", "note"),
    OrderEvent.REFUSE_CANCEL: _Words("Cancel refused", "The order works on.", "error"),
    OrderEvent.REQUEST_REPLACE: _Words("Change asked for", "", "note"),
    OrderEvent.REPLACE: _Words("Order changed", "", "note"),
    OrderEvent.REFUSE_REPLACE: _Words("Change refused", "The order works on as it was.", "error"),
    OrderEvent.CANCEL: _Words("Order cancelled", "", "note"),
    OrderEvent.REJECT: _Words("Order rejected by the broker", "", "error"),
    OrderEvent.EXPIRE: _Words("Order expired", "", "note"),
}


def told(step: OrderStep) -> str:
    """Return the title of a step of an order: "Order accepted", "Found at the broker"."""
    return _words(step).title


def _words(step: OrderStep) -> _Words:
    found = _FOLLOWING.get((step.from_state, step.event)) or _STEPS.get(step.event)
    return found or _Words(f"Order {step.to_state.replace('_', ' ')}")


def _sent(orders: Sequence[Way]) -> Iterator[Moment]:
    for each in orders:
        order = each.order
        title = "Protection written" if order.role.protective else "Order written"
        detail = f"{settle.describe(order)}, before it is sent"
        yield Moment(order.created_at, title, detail, "wait")
        for step in each.history:
            yield _step(f"{order.side} {wire(order.quantity)} {order.symbol}", step)
        if each.booked:
            at = max(fill.booked_at for fill in each.booked)
            yield Moment(at, "Booked", "the fill and the position it makes, in one write", "note")


def _step(name: str, step: OrderStep) -> Moment:
    words = _words(step)
    said = f": {step.detail}" if step.detail else ""
    meaning = f". {words.meaning}" if words.meaning else ""
    return Moment(step.at, words.title, f"{name}{said.rstrip('.')}{meaning}", words.kind)


def _after(before: Moment, moment: Moment) -> Moment:
    return replace(moment, gap_ms=milliseconds(before.at, moment.at))
