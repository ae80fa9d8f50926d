"""The stages of an alert's way, each with its instant where one is on record: none is made up."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol

from app.domain.decisions import Decision
from app.domain.inbox import Alert
from app.domain.orders import Order, OrderEvent, OrderState
from app.services.ports import BookedFill, OrderStep

_UNRECORDED: Final = "not recorded"


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage; ``at`` is None where no instant is on record, and ``note`` says why.

    ``ms`` is the time since the last stage that has an instant, by the clocks of those who said
    them: a sender's or a venue's clock that is wrong makes it negative.
    """

    name: str
    title: str
    at: datetime | None
    note: str | None = None
    ms: float | None = None


@dataclass(frozen=True, slots=True)
class Latency:
    """Milliseconds of the legs that people ask for; None where an end of one is not known."""

    sent_to_received: float | None
    received_to_accepted: float | None
    received_to_filled: float | None


class Way(Protocol):
    """One order of an alert with its history and its fills."""

    @property
    def order(self) -> Order:
        """The order."""
        ...

    @property
    def history(self) -> Sequence[OrderStep]:
        """Its steps, oldest first."""
        ...

    @property
    def booked(self) -> Sequence[BookedFill]:
        """Its fills, each with the instant at which it was booked."""
        ...


def stages(
    alert: Alert, sent_at: datetime | None, decisions: Sequence[Decision], orders: Sequence[Way]
) -> Sequence[Stage]:
    """Return the stages in their order, as far as the alert has come."""
    return list(_timed([*_arrived(alert, sent_at), *_decided(alert, decisions), *_traded(orders)]))


def latency(found: Sequence[Stage]) -> Latency:
    """Return how long the legs took."""
    at = {stage.name: stage.at for stage in found}

    def between(first: str, second: str) -> float | None:
        start, end = at.get(first), at.get(second)
        return None if start is None or end is None else milliseconds(start, end)

    return Latency(
        between("sent", "received"),
        between("received", "accepted"),
        between("received", "filled"),
    )


def milliseconds(start: datetime, end: datetime) -> float:
    """Return the milliseconds between two instants, below zero when ``end`` is earlier."""
    return (end - start) / timedelta(milliseconds=1)


def _arrived(alert: Alert, sent_at: datetime | None) -> Iterator[Stage]:
    said = "by the sender's clock" if sent_at else "the alert does not say when it was sent"
    yield Stage("sent", "Sent", sent_at, said)
    yield Stage("received", "Received", alert.received_at)
    why = f"{_UNRECORDED}: kept on disk before the sender was answered"
    yield Stage("committed", "Kept", None, why)


def _decided(alert: Alert, decisions: Sequence[Decision]) -> Iterator[Stage]:
    if alert.claimed_at is None and not decisions:
        return
    note = None if alert.claimed_at else _UNRECORDED
    yield Stage("claimed", "Taken up", alert.claimed_at, note)
    if decisions:
        yield Stage("decided", "Decided", min(decision.at for decision in decisions))


def _traded(orders: Sequence[Way]) -> Iterator[Stage]:
    """What became of the orders that carry the alert out; its protection is told in the story."""
    trading = [each for each in orders if not each.order.role.protective]
    if not trading:
        return
    written = min(each.order.created_at for each in trading)
    yield Stage("submitted", "Sent on", written, "written down, then sent at once")
    yield _accepted(trading)
    fills = [fill for each in trading for fill in each.booked]
    if not fills:
        return
    whole = all(each.order.state is OrderState.FILLED for each in trading)
    note = "by the venue's clock" if whole else "by the venue's clock, so far"
    yield Stage("filled", "Filled", max(each.fill.at for each in fills), note)
    yield Stage("booked", "Booked", max(each.booked_at for each in fills))
    yield Stage("published", "Shown", None, f"{_UNRECORDED}: the pages are told right after it")


def _accepted(trading: Sequence[Way]) -> Stage:
    """When the venue took the first of the orders, or what is known of it instead."""
    taken = [
        step.at for each in trading for step in each.history if step.event is OrderEvent.ACCEPT
    ]
    states = {each.order.state for each in trading}
    if taken:
        return Stage("accepted", "Accepted", min(taken))
    if states & {OrderState.UNKNOWN, OrderState.SUBMITTING}:
        return Stage("accepted", "Accepted", None, "asking the broker")
    if OrderState.REJECTED in states:
        return Stage("accepted", "Accepted", None, "the venue said no")
    if states <= {OrderState.DENIED, OrderState.EXPIRED}:
        return Stage("accepted", "Accepted", None, "never sent")
    return Stage("accepted", "Accepted", None, f"{_UNRECORDED}: the venue reported the fill first")


def _timed(found: Sequence[Stage]) -> Iterator[Stage]:
    """Each stage with the time since the last one that is on record."""
    for index, stage in enumerate(found):
        known = [each.at for each in found[:index] if each.at is not None]
        if stage.at is None or not known:
            yield stage
        else:
            ms = milliseconds(known[-1], stage.at)
            yield Stage(stage.name, stage.title, stage.at, stage.note, ms)
