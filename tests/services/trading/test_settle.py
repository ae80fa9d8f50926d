"""What venues report is booked once, whatever the order in which it comes."""

from __future__ import annotations

import random
import threading
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from app.domain import journal, positions
from app.domain.errors import StoreUnavailable
from app.domain.events import FactKind, Level
from app.domain.inbox import Alert, AlertState
from app.domain.orders import Fill, OrderEvent, OrderState, Side
from app.domain.reports import FillReport, OrderReport, Report
from app.domain.strategies import Strategy
from app.services.trading.settle import BATCH, Settler
from app.services.trading.settle import describe as words
from tests.support.floor import ES, Floor


@pytest.fixture
def strategy(floor: Floor) -> Strategy:
    return floor.strategy()


@pytest.fixture
def resting(floor: Floor, strategy: Strategy) -> Alert:
    """An accepted order for 4 that has not filled."""
    floor.broker.fills_at_once = False
    return floor.send(strategy, action="buy", quantity="4")


def order_of(floor: Floor, alert: Alert) -> tuple[OrderState, object, object]:
    """State, filled quantity and average price of the alert's order."""
    order = floor.orders(alert)[0]
    return order.state, order.filled_quantity, order.average_price


def booked(floor: Floor, strategy: Strategy) -> list[tuple[str, Decimal]]:
    with floor.core.store.read() as uow:
        fills = uow.fills.of_book(floor.book(strategy))
    return [(fill.venue_fill_id, fill.quantity * fill.side.sign) for fill in fills]


def report(floor: Floor, alert: Alert, event: OrderEvent, **more: str) -> OrderReport:
    return OrderReport(
        floor.desk.id, floor.orders(alert)[0].client_order_id, event, floor.clock.now(), **more
    )


def tell(floor: Floor, *reports: Report) -> None:
    for each in reports:
        floor.core.settler.receive(each)
    while floor.core.settler.settle():
        pass


def codes(floor: Floor, level: Level) -> list[str | None]:
    return [fact.code for fact in floor.facts if fact.level is level]


def test_partial_fills_add_up_to_their_average(
    floor: Floor, strategy: Strategy, resting: Alert
) -> None:
    key = floor.orders(resting)[0].client_order_id
    floor.broker.fill(key, "1", "5000")
    floor.work()
    assert order_of(floor, resting) == (OrderState.PARTIALLY_FILLED, 1, Decimal(5000))
    floor.broker.fill(key, "3", "5004")
    floor.work()
    assert order_of(floor, resting) == (OrderState.FILLED, 4, Decimal(5003))
    assert floor.held(strategy) == 4


def test_f07_a_fill_before_the_acknowledgement_is_booked_and_the_acknowledgement_changes_nothing(
    floor: Floor, strategy: Strategy
) -> None:
    alert = floor.send(strategy, action="buy", quantity="4")
    order = floor.orders(alert)[0]
    assert (order.state, order.venue_order_id) == (OrderState.FILLED, "V1")
    with floor.core.store.read() as uow:
        steps = [step.event for step in uow.orders.history(order.id)]
    assert steps == [OrderEvent.FILL]


def test_f07_the_same_fill_twice_is_booked_once(
    floor: Floor, strategy: Strategy, resting: Alert
) -> None:
    fill = floor.broker.fill(floor.orders(resting)[0].client_order_id, "4")
    tell(floor, fill, fill, fill)
    assert floor.held(strategy) == 4
    assert order_of(floor, resting)[:2] == (OrderState.FILLED, 4)
    assert len(booked(floor, strategy)) == 1
    assert codes(floor, Level.ERROR) == []


def test_f07_the_same_fill_with_a_later_time_is_still_the_same_fill(
    floor: Floor, strategy: Strategy, resting: Alert
) -> None:
    first = floor.broker.fill(floor.orders(resting)[0].client_order_id, "4")
    later = first.fill.at + timedelta(seconds=1)
    tell(floor, first, replace(first, fill=replace(first.fill, at=later)))
    assert floor.held(strategy) == 4


@pytest.mark.parametrize("change", [{"price": Decimal(4999)}, {"quantity": Decimal(3)}])
def test_f07_the_same_id_with_other_numbers_is_dropped_with_an_alarm(
    floor: Floor, strategy: Strategy, resting: Alert, change: dict[str, Any]
) -> None:
    first = floor.broker.fill(floor.orders(resting)[0].client_order_id, "4")
    tell(floor, replace(first, fill=replace(first.fill, **change)))
    assert floor.held(strategy) == 4
    assert codes(floor, Level.ERROR) == ["FILL_CONTRADICTS"]


def test_f06_a_fill_after_the_cancel_is_booked(
    floor: Floor, strategy: Strategy, resting: Alert
) -> None:
    key = floor.orders(resting)[0].client_order_id
    floor.broker.end(key, OrderEvent.CANCEL)
    floor.work()
    floor.broker.fill(key, "1")
    floor.work()
    assert order_of(floor, resting)[:2] == (OrderState.CANCELED, 1)
    assert floor.held(strategy) == 1
    floor.broker.fill(key, "3")
    floor.work()
    assert order_of(floor, resting)[:2] == (OrderState.FILLED, 4)
    assert floor.held(strategy) == floor.broker.position == 4


def test_f06_a_partial_fill_then_a_cancel_keeps_what_filled(
    floor: Floor, strategy: Strategy, resting: Alert
) -> None:
    key = floor.orders(resting)[0].client_order_id
    floor.broker.fill(key, "3")
    floor.broker.end(key, OrderEvent.CANCEL)
    floor.work()
    assert order_of(floor, resting)[:2] == (OrderState.CANCELED, 3)
    assert floor.held(strategy) == 3


def test_a_fill_of_an_order_that_we_believed_was_never_sent_is_booked(
    floor: Floor, strategy: Strategy, resting: Alert
) -> None:
    order = floor.orders(resting)[0]
    with floor.core.store.write() as uow:
        uow.orders.update(replace(order, state=OrderState.DENIED), None)
    floor.broker.fill(order.client_order_id, "1")
    floor.work()
    assert order_of(floor, resting)[:2] == (OrderState.DENIED, 1)
    floor.broker.fill(order.client_order_id, "3")
    floor.work()
    assert order_of(floor, resting)[:2] == (OrderState.FILLED, 4)
    assert floor.held(strategy) == 4


def test_f07_an_overfill_is_booked_and_alarmed(
    floor: Floor, strategy: Strategy, resting: Alert
) -> None:
    floor.broker.fill(floor.orders(resting)[0].client_order_id, "5")
    floor.work()
    assert floor.held(strategy) == 5
    assert codes(floor, Level.ERROR) == ["OVERFILL", "OVERFILL"]


def test_f07_after_an_overfill_the_strategy_only_reduces_until_a_person_resumes(
    floor: Floor, strategy: Strategy, resting: Alert
) -> None:
    floor.broker.fill(floor.orders(resting)[0].client_order_id, "5")
    refused = floor.send(strategy, action="buy", quantity="1")
    assert (refused.state, refused.code) == (AlertState.REFUSED, "TRADING_REDUCING")
    assert refused.detail == (
        "Only orders that reduce a position pass on the strategy Breakout since 2026-11-16"
        " 16:00:00 UTC, by the server itself: The venue filled 5 of an order to buy 4 ESZ2026"
        " market. Compare the position with the broker's, then resume. This one would add to it."
        " Resume trading on the strategy Breakout when the reason is gone."
    )
    floor.broker.fills_at_once = True
    other = floor.strategy("Other")
    assert floor.send(other, action="buy", quantity="1").state is AlertState.EXECUTED
    assert floor.send(strategy, action="exit").state is AlertState.EXECUTED
    assert floor.held(strategy) == 0
    assert order_of(floor, resting)[:2] == (OrderState.FILLED, 5)


def test_a_report_of_an_order_that_is_not_ours_is_shown_and_changes_nothing(
    floor: Floor, strategy: Strategy
) -> None:
    now = floor.clock.now()
    fill = Fill("X1", floor.desk.id, ES, Side.BUY, Decimal(1), Decimal(5000), Decimal(0), now)
    tell(
        floor,
        OrderReport(floor.desk.id, "not-ours", OrderEvent.ACCEPT, now),
        FillReport(floor.desk.id, None, fill),
        FillReport(floor.desk.id, "not-ours", fill),
    )
    assert codes(floor, Level.WARNING) == ["REPORT_NOT_OURS", "FILL_NOT_OURS", "FILL_NOT_OURS"]
    assert booked(floor, strategy) == []


def test_i6_a_step_outside_the_table_is_shown_and_not_taken(floor: Floor, resting: Alert) -> None:
    tell(floor, report(floor, resting, OrderEvent.REFUSE_CANCEL))
    assert order_of(floor, resting)[0] is OrderState.ACCEPTED
    assert codes(floor, Level.WARNING) == ["REPORT_OUT_OF_ORDER"]


def test_a_report_that_says_nothing_new_leaves_no_trace(floor: Floor, resting: Alert) -> None:
    told = len(floor.facts)
    tell(floor, *[report(floor, resting, OrderEvent.ACCEPT)] * 3)
    assert len(floor.facts) == told


def test_the_end_of_an_order_is_told_with_its_reason(floor: Floor, resting: Alert) -> None:
    floor.broker.end(floor.orders(resting)[0].client_order_id, OrderEvent.REJECT, "Halted symbol.")
    floor.work()
    assert floor.orders(resting)[0].reason == "Halted symbol."
    fact = next(fact for fact in floor.facts if fact.kind is FactKind.ORDER_REJECTED)
    assert fact.message == "Breakout: order rejected, buy 4 ESZ2026 market: Halted symbol."


def test_an_order_is_described_with_its_price(floor: Floor, strategy: Strategy) -> None:
    floor.broker.fills_at_once = False
    alert = floor.send(
        strategy, action="buy", quantity="1", order_type="limit", limit_price="4990.25"
    )
    assert words(floor.orders(alert)[0]) == "buy 1 ESZ2026 limit at 4990.25"


def test_a_fill_tells_what_it_realised_and_what_is_held(floor: Floor, strategy: Strategy) -> None:
    floor.hold(strategy, "2")
    floor.broker.price = Decimal(5010)
    floor.send(strategy, action="sell", quantity="1")
    fact = [fact for fact in floor.facts if fact.kind is FactKind.ORDER_FILLED][-1]
    assert fact.message == "Breakout: sold 1 ESZ2026 at 5010"
    assert fact.data["pnl"] == "497.75"
    assert (fact.data["net_quantity"], fact.data["avg_price"]) == ("1", "5000")
    floor.send(strategy, action="exit")
    fact = [fact for fact in floor.facts if fact.kind is FactKind.POSITION_CHANGED][-1]
    assert (fact.data["net_quantity"], fact.data["avg_price"]) == ("0", None)


def test_closed_round_trips_are_kept_with_their_price_and_result(
    floor: Floor, strategy: Strategy
) -> None:
    floor.hold(strategy, "2")
    floor.broker.price = Decimal(5010)
    floor.send(strategy, action="exit")
    with floor.core.store.read() as uow:
        trips = uow.trips.of_book(floor.book(strategy))
    assert [trip.net for trip in trips] == [Decimal(991)]


# --- order of arrival -----------------------------------------------------------------------------


def test_a_late_fill_folds_the_book_and_the_journal_again(floor: Floor, strategy: Strategy) -> None:
    floor.broker.fills_at_once = False
    alert = floor.send(strategy, action="buy", quantity="2")
    start = floor.clock.now()
    key = floor.orders(alert)[0].client_order_id
    late = floor.broker.fill(key, "1", "5000", at=start)
    with floor.core.store.read():
        floor.core.settler._reports.clear()
    floor.clock.advance(10)
    floor.broker.fill(key, "1", "5010")
    floor.broker.forget_fill(late)
    floor.work()
    exit_ = floor.send(strategy, action="exit")
    floor.clock.advance(10)
    floor.broker.fill(floor.orders(exit_)[0].client_order_id, "1", "5020")
    floor.work()
    assert floor.held(strategy) == 0
    tell(floor, late)
    assert floor.held(strategy) == 1
    with floor.core.store.read() as uow:
        fills = uow.fills.of_book(floor.book(strategy))
        book = uow.positions.get(floor.book(strategy))
        trips = uow.trips.of_book(floor.book(strategy))
        realised = uow.fills.realised_since(strategy.id, None, start)
    assert book.position == positions.fold(fills, Decimal(50))
    assert book.position.average_price == Decimal(5005)
    assert realised == book.position.realised_net
    assert list(trips) == list(journal.journal(fills, Decimal(50)).closed) == []


@pytest.mark.parametrize("seed", range(6))
def test_c13_shuffled_and_repeated_reports_lead_to_the_same_book(floor: Floor, seed: int) -> None:
    strategy = floor.strategy()
    floor.broker.fills_at_once = False
    chance = random.Random(seed)
    alerts = [floor.send(strategy, action=word, quantity="4") for word in ("buy", "sell", "buy")]
    floor.broker.tells = False
    reports: list[Report] = []
    for alert in alerts:
        key = floor.orders(alert)[0].client_order_id
        for price in chance.sample(range(4990, 5010), 4):
            floor.clock.advance(1)
            reports.append(floor.broker.fill(key, "1", str(price)))
        reports.append(report(floor, alert, OrderEvent.ACCEPT, venue_order_id="V9"))
    reports += chance.sample(reports, 5)
    chance.shuffle(reports)
    tell(floor, *reports)
    with floor.core.store.read() as uow:
        fills = uow.fills.of_book(floor.book(strategy))
        book = uow.positions.get(floor.book(strategy))
        trips = uow.trips.of_book(floor.book(strategy))
    assert [fill.venue_fill_id for fill in fills] == [
        each.fill.venue_fill_id for each in floor.broker.executed
    ]
    assert book.position == positions.fold(fills, Decimal(50))
    assert book.position.quantity == floor.broker.position == 4
    assert list(trips) == list(journal.journal(fills, Decimal(50)).closed)
    assert {order_of(floor, alert)[0] for alert in alerts} == {OrderState.FILLED}


# --- nothing is lost ------------------------------------------------------------------------------


class _NoStore:
    """A database that does not take anything."""

    def write(self) -> None:
        raise StoreUnavailable("The disk is full.")


def test_f12_reports_that_could_not_be_booked_are_booked_later_in_their_order(
    floor: Floor, strategy: Strategy, resting: Alert
) -> None:
    key = floor.orders(resting)[0].client_order_id
    floor.broker.fill(key, "1", "5000")
    floor.broker.fill(key, "3", "5004")
    whole = floor.core.settler._store
    floor.core.settler._store = _NoStore()  # type: ignore[assignment]
    with pytest.raises(StoreUnavailable):
        floor.core.settler.settle()
    assert floor.core.settler.waiting
    floor.core.settler._store = whole
    floor.work()
    assert order_of(floor, resting) == (OrderState.FILLED, 4, Decimal(5003))


def test_a_decision_that_fails_loses_no_report(
    floor: Floor, strategy: Strategy, resting: Alert
) -> None:
    floor.broker.fill(floor.orders(resting)[0].client_order_id)
    with pytest.raises(ZeroDivisionError), floor.core.settler.transaction():
        _ = 1 / 0
    assert floor.held(strategy) == 0
    floor.work()
    assert floor.held(strategy) == 4


def test_one_transaction_books_a_bounded_batch(floor: Floor, resting: Alert) -> None:
    for _ in range(BATCH + 1):
        floor.core.settler.receive(report(floor, resting, OrderEvent.ACCEPT))
    assert floor.core.settler.settle()
    assert floor.core.settler.waiting
    assert floor.core.settler.settle()
    assert not floor.core.settler.settle()


def test_every_report_rings_the_bell(floor: Floor, resting: Alert) -> None:
    rings: list[int] = []
    settler = Settler(floor.core.store, floor.clock, lambda: rings.append(1))
    settler.receive(report(floor, resting, OrderEvent.ACCEPT))
    assert rings == [1]


def test_reports_from_many_threads_are_booked_once_each(
    floor: Floor, strategy: Strategy, resting: Alert
) -> None:
    key = floor.orders(resting)[0].client_order_id
    floor.broker.tells = False
    fills = [floor.broker.fill(key, "1") for _ in range(4)]

    def work(mine: FillReport) -> None:
        for _ in range(5):
            floor.core.settler.receive(mine)
            floor.core.settler.settle()

    threads = [threading.Thread(target=work, args=(fill,)) for fill in fills]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert floor.held(strategy) == 4
    assert len(booked(floor, strategy)) == 4
