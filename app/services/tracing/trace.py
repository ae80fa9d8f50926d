"""The whole of what is known about one alert."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from app.domain.alerts import Intent, read
from app.domain.decisions import Decision
from app.domain.errors import InvalidInput, NotFound
from app.domain.events import Fact, FactKind
from app.domain.inbox import Alert
from app.domain.money import wire
from app.domain.orders import Fill, Order, OrderState
from app.domain.refusals import CATALOGUE, Setting, setting_of
from app.domain.strategies import Strategy
from app.services.ports import BookedFill, OrderStep, Store, UnitOfWork
from app.services.tracing.slippage import Slippage, slippage_of
from app.services.tracing.stages import Latency, Stage, latency, milliseconds, stages
from app.services.tracing.story import Moment, story


@dataclass(frozen=True, slots=True)
class OrderTrace:
    """One order of the alert with its history and its fills, each with when it was booked."""

    order: Order
    account_name: str
    history: Sequence[OrderStep]
    booked: Sequence[BookedFill]

    @property
    def fills(self) -> Sequence[Fill]:
        """Its fills."""
        return [each.fill for each in self.booked]

    @property
    def slippage(self) -> Slippage | None:
        """How much worse than the signal's price it was filled; None when that is not known."""
        return slippage_of(self.order, self.fills)

    @property
    def asking(self) -> bool:
        """Whether the broker is being asked what became of it."""
        return self.order.state is OrderState.UNKNOWN


@dataclass(frozen=True, slots=True)
class Trace:
    """Everything known about one alert; ``intent`` is None when it could not be read.

    ``code`` is why it was not traded, or not all of it; ``change`` says what the sender may change
    and ``setting`` which setting did it.
    """

    alert: Alert
    strategy: Strategy
    intent: Intent | None
    summary: str
    decisions: Sequence[Decision]
    orders: Sequence[OrderTrace]
    facts: Sequence[Fact]
    moments: Sequence[Moment]
    stages: Sequence[Stage]
    code: str | None
    change: str | None
    setting: Setting | None

    @property
    def total_ms(self) -> float:
        """Milliseconds from the first step to the last."""
        return milliseconds(self.moments[0].at, self.moments[-1].at)

    @property
    def latency(self) -> Latency:
        """How long the legs of its way took."""
        return latency(self.stages)

    @property
    def missed(self) -> str | None:
        """What shows that an alert before this one never came; None when nothing does."""
        told = (fact.message for fact in self.facts if fact.kind is FactKind.ALERT_MISSED)
        found = next(told, None)
        return None if found is None else found.removeprefix(f"{self.strategy.name}: ")


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
        intent = _intent(alert)
        code = _code(alert, decisions)
        refusal = CATALOGUE.get(code) if code else None
        return Trace(
            alert=alert,
            strategy=strategy,
            intent=intent,
            summary=summary(alert.body),
            decisions=decisions,
            orders=orders,
            facts=facts,
            moments=story(alert, decisions, orders),
            stages=stages(alert, _sent_at(intent), decisions, orders),
            code=code,
            change=refusal.change if refusal else None,
            setting=setting_of(code) if code else None,
        )


def _order(uow: UnitOfWork, order: Order) -> OrderTrace:
    account = uow.accounts.get(order.account_id)
    name = account.name if account else order.account_id
    return OrderTrace(order, name, uow.orders.history(order.id), uow.fills.booked(order.id))


def _intent(alert: Alert) -> Intent | None:
    try:
        return read(alert.body).intent
    except InvalidInput:
        return None


def _sent_at(intent: Intent | None) -> datetime | None:
    return intent.sent_at if intent else None


def _code(alert: Alert, decisions: Sequence[Decision]) -> str | None:
    """The alert's own code, or the first of its decisions'; only one that the catalogue knows."""
    codes = [alert.code, *(decision.code for decision in decisions)]
    return next((code for code in codes if code in CATALOGUE), None)
