"""Whatever a venue reports about an order, and in whichever order, the books follow its fills."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from itertools import count
from typing import ClassVar

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from app.domain import positions
from app.domain.money import ZERO
from app.domain.orders import TRANSITIONS, Fill, Order, OrderEvent, OrderState, Side
from app.domain.reports import FillReport, OrderReport, Report
from tests.support.floor import ES, Floor
from tests.support.records import order

WORDS = [OrderEvent.ACCEPT, OrderEvent.CANCEL, OrderEvent.REJECT, OrderEvent.EXPIRE]
PLACES = st.integers(0, 30)
#: Where an order may stand when the venue begins to speak of it.
STARTS = [OrderState.SUBMITTING, OrderState.SUBMITTED, OrderState.UNKNOWN, OrderState.ACCEPTED]


class VenueSays(RuleBasedStateMachine):
    """A venue reports on one order for 4; reports arrive in any order, late and more than once."""

    floor: ClassVar[Floor]
    numbers: ClassVar[Iterator[int]]

    def __init__(self) -> None:
        super().__init__()
        self.number = next(self.numbers)
        self.strategy = self.floor.strategy(f"Life {self.number}")
        self.on_the_way: list[Report] = []
        self.arrived: list[Report] = []

    @initialize(state=st.sampled_from(STARTS))
    def an_order_is_sent(self, state: OrderState) -> None:
        self.order = order(
            self.number,
            client_order_id=f"sb-life-{self.number}",
            account_id=self.floor.desk.id,
            strategy_id=self.strategy.id,
            quantity=Decimal(4),
            state=state,
        )
        with self.floor.core.store.write() as uow:
            uow.orders.insert(self.order)

    @property
    def stored(self) -> Order:
        with self.floor.core.store.read() as uow:
            found = uow.orders.by_client_id(self.order.client_order_id)
        assert found is not None
        return found

    @property
    def fills(self) -> dict[str, Fill]:
        """The distinct fills that arrived."""
        told = [each.fill for each in self.arrived if isinstance(each, FillReport)]
        return {fill.venue_fill_id: fill for fill in told}

    @rule(event=st.sampled_from(WORDS))
    def the_venue_says(self, event: OrderEvent) -> None:
        self.floor.clock.advance(1)
        at, key = self.floor.clock.now(), self.order.client_order_id
        self.on_the_way.append(OrderReport(self.floor.desk.id, key, event, at))

    @rule(quantity=st.integers(1, 4), ticks=st.integers(-8, 8), late=st.integers(0, 5))
    def the_venue_fills(self, quantity: int, ticks: int, late: int) -> None:
        self.floor.clock.advance(1)
        known = len(self.on_the_way) + len(self.arrived)
        fill = Fill(
            venue_fill_id=f"life-{self.number}-{known}",
            account_id=self.floor.desk.id,
            symbol=ES,
            side=Side.BUY,
            quantity=Decimal(quantity),
            price=5000 + ticks * Decimal("0.25"),
            commission=Decimal(2),
            at=self.floor.clock.now() - timedelta(seconds=late),
        )
        report = FillReport(self.floor.desk.id, self.order.client_order_id, fill)
        self.on_the_way.append(report)

    @precondition(lambda self: self.on_the_way)
    @rule(place=PLACES)
    def a_report_arrives(self, place: int) -> None:
        self.arrive(self.on_the_way.pop(place % len(self.on_the_way)))

    @precondition(lambda self: self.arrived)
    @rule(place=PLACES)
    def a_report_arrives_again(self, place: int) -> None:
        self.arrive(self.arrived[place % len(self.arrived)])

    def arrive(self, report: Report) -> None:
        before, known = self.stored, set(self.fills)
        self.floor.core.settler.receive(report)
        self.floor.core.settler.settle()
        self.arrived.append(report)
        after = self.stored
        assert after.filled_quantity >= before.filled_quantity
        if before.state.terminal and set(self.fills) == known:
            assert replace(after, updated_at=before.updated_at) == before

    @invariant()
    def what_filled_is_the_sum_of_the_distinct_fills(self) -> None:
        total = sum((fill.quantity for fill in self.fills.values()), ZERO)
        assert self.stored.filled_quantity == total
        assert (self.stored.state is OrderState.FILLED) == (total >= self.order.quantity)

    @invariant()
    def the_position_is_the_fold_of_the_fills(self) -> None:
        told = sorted(self.fills.values(), key=lambda fill: (fill.at, fill.venue_fill_id))
        with self.floor.core.store.read() as uow:
            held = uow.positions.get(self.floor.book(self.strategy)).position
        assert held == positions.fold(told, Decimal(50))

    @invariant()
    def every_step_is_in_the_table(self) -> None:
        with self.floor.core.store.read() as uow:
            history = list(uow.orders.history(self.order.id))
        for step in history:
            assert TRANSITIONS[step.from_state][step.event] is step.to_state
        assert [step.from_state for step in history[1:]] == [step.to_state for step in history[:-1]]

    def teardown(self) -> None:
        while self.on_the_way:
            self.arrive(self.on_the_way.pop())
        self.what_filled_is_the_sum_of_the_distinct_fills()
        self.the_position_is_the_fold_of_the_fills()
        self.every_step_is_in_the_table()


def test_f07_shuffled_doubled_and_late_reports_leave_an_order_as_its_fills_say(
    floor: Floor,
) -> None:
    here = type("VenueSaysHere", (VenueSays,), {"floor": floor, "numbers": count(1)})
    run_state_machine_as_test(here, settings=settings(max_examples=25, stateful_step_count=20))
