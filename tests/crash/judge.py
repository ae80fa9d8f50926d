"""The judge of a crash test: the invariants, read from the database and from the venue's own log.

Cash (I5) and curves (I7) have tests of their own; every other one is checked here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from sqlalchemy import select

from app.domain import positions
from app.domain.inbox import Alert, AlertState
from app.domain.orders import TRANSITIONS, Fill, Order, OrderState
from app.domain.positions import FLAT, Position
from app.services.ports import BookKey, OrderStep
from app.services.trading.settle import contract_of
from app.sim.records import PaperFill, PaperOrder
from app.store.engine import make_engines
from app.store.repos.inbox import ALERT
from app.store.repos.orders import FILL, ORDER, STEP
from app.store.tables.history import FACTS, PAPER_FILLS, PAPER_ORDERS
from app.store.tables.trading import ALERTS, FILLS, ORDERS
from app.store.unit_of_work import SqlStore

_QUIET_ALERTS = {AlertState.EXECUTED, AlertState.NO_ACTION}
_BAD_ORDERS = {OrderState.DENIED, OrderState.REJECTED, OrderState.EXPIRED}


@dataclass(frozen=True)
class Evidence:
    """Everything that is on paper after a run."""

    alerts: Sequence[Alert]
    orders: Sequence[Order]
    steps: Sequence[OrderStep]
    fills: Sequence[Fill]
    books: dict[BookKey, Position]
    venue_orders: Sequence[PaperOrder]
    venue_fills: Sequence[PaperFill]
    told: frozenset[str | None]

    @property
    def open_alerts(self) -> list[str]:
        """The alerts that are not settled yet."""
        return [alert.id for alert in self.alerts if not alert.state.terminal]

    @property
    def held(self) -> Decimal:
        """What the venue's fills add up to, negative if short."""
        fills = [one.fill for one in self.venue_fills]
        return sum((fill.quantity * fill.side.sign for fill in fills), Decimal(0))


def gather(data_dir: Path) -> Evidence:
    """Read the paper of a server that runs or has ended."""
    engines = make_engines(f"sqlite:///{data_dir / 'signalbox.db'}")
    store = SqlStore(engines, lambda _: None)
    with store.read() as uow:
        rows = uow.connection.execute
        evidence = Evidence(
            alerts=ALERT.all(rows(select(*ALERT.columns).order_by(ALERTS.c.id))),
            orders=ORDER.all(rows(select(*ORDER.columns).order_by(ORDERS.c.id))),
            steps=STEP.all(rows(select(*STEP.columns))),
            fills=FILL.all(rows(select(*FILL.columns).order_by(FILLS.c.at, FILLS.c.venue_fill_id))),
            books=dict(uow.positions.all()),
            venue_orders=[PaperOrder.from_json(r[0]) for r in rows(select(PAPER_ORDERS.c.record))],
            venue_fills=[PaperFill.from_json(r[0]) for r in rows(select(PAPER_FILLS.c.record))],
            told=frozenset(
                each for row in rows(select(FACTS.c.alert_id, FACTS.c.order_id)) for each in row
            ),
        )
    store.close()
    return evidence


def faults(evidence: Evidence, acknowledged: set[str]) -> list[str]:
    """Return every broken invariant in words; ``acknowledged`` are ids that senders were told."""
    return [
        *_lost(evidence, acknowledged),
        *_doubled(evidence),
        *_unbooked(evidence),
        *_drifted(evidence),
        *_leaps(evidence),
        *_silent(evidence),
    ]


def _lost(evidence: Evidence, acknowledged: set[str]) -> Iterator[str]:
    known = {alert.id: alert for alert in evidence.alerts}
    for alert_id in sorted(acknowledged):
        if alert_id not in known:
            yield f"I1: alert {alert_id} was acknowledged and is gone"
        elif not known[alert_id].state.terminal:
            yield f"I1: alert {alert_id} is still {known[alert_id].state}"


def _doubled(evidence: Evidence) -> Iterator[str]:
    counts = Counter(order.client_order_id for order in evidence.venue_orders)
    ours = Counter(order.client_order_id for order in evidence.orders)
    legs = Counter((order.alert_id, order.account_id, order.leg) for order in evidence.orders)
    yield from (
        f"I2: {count} orders at the venue as {i}" for i, count in counts.items() if count > 1
    )
    yield from (f"I2: order {i} at the venue is not ours" for i in counts if i not in ours)
    yield from (f"I2: {count} orders for {leg}" for leg, count in legs.items() if count > 1)


def _unbooked(evidence: Evidence) -> Iterator[str]:
    booked = Counter((f.venue_fill_id, f.side, f.quantity, f.price) for f in evidence.fills)
    made = Counter(
        (f.venue_fill_id, f.side, f.quantity, f.price)
        for f in (one.fill for one in evidence.venue_fills)
    )
    if booked != made:
        yield f"I3: booked {booked - made} too much, {made - booked} too little"


def _drifted(evidence: Evidence) -> Iterator[str]:
    by_id = {order.id: order for order in evidence.orders}
    folded: dict[BookKey, Position] = {}
    for fill in evidence.fills:
        order = by_id.get(fill.order_id or "")
        if order is None:
            yield f"I4: fill {fill.venue_fill_id} belongs to no order"
            continue
        key = BookKey(order.strategy_id or "", order.account_id, order.symbol)
        multiplier = contract_of(fill.symbol, fill.at.date()).instrument.multiplier
        folded[key] = positions.apply(folded.get(key, FLAT), fill, multiplier)
    for key in evidence.books.keys() | folded.keys():
        stored, rebuilt = evidence.books.get(key, FLAT), folded.get(key, FLAT)
        if stored != rebuilt:
            yield f"I4: the book {key} is {stored}, its fills make {rebuilt}"


def _leaps(evidence: Evidence) -> Iterator[str]:
    for step in evidence.steps:
        if TRANSITIONS[step.from_state].get(step.event) is not step.to_state:
            yield f"I6: order {step.order_id}: {step.from_state} became {step.to_state}"


def _silent(evidence: Evidence) -> Iterator[str]:
    for alert in evidence.alerts:
        if alert.state not in _QUIET_ALERTS and alert.id not in evidence.told:
            yield f"I8: alert {alert.id} is {alert.state} and nobody was told"
    for order in evidence.orders:
        if order.state in _BAD_ORDERS and order.id not in evidence.told:
            yield f"I8: order {order.id} is {order.state} and nobody was told"
