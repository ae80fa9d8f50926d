"""Halting: no new order after the switch, exits pass, and everything is closed when asked."""

from __future__ import annotations

import threading
from decimal import Decimal

from app.domain.events import FactKind
from app.domain.inbox import AlertState
from app.domain.orders import OrderState, Side
from app.domain.safety.switches import TradingState
from app.domain.strategies import StrategyState
from app.services.manual import Ticket
from tests.support.floor import Floor
from tests.support.venue import Lost


def test_a_halt_refuses_entries_and_lets_exits_pass(floor: Floor) -> None:
    strategy = floor.strategy()
    floor.hold(strategy, "2")
    floor.halt()
    assert floor.core.halts.state() is TradingState.HALTED
    refused = floor.send(strategy, action="buy", quantity="1")
    assert (refused.state, refused.code) == (AlertState.REFUSED, "TRADING_HALTED")
    assert floor.send(strategy, action="exit").state is AlertState.EXECUTED
    assert floor.held(strategy) == 0


def test_trading_resumes_when_it_is_told_to(floor: Floor) -> None:
    strategy = floor.strategy()
    assert floor.core.halts.state() is TradingState.ACTIVE
    floor.halt()
    floor.resume()
    assert floor.send(strategy, action="buy", quantity="1").state is AlertState.EXECUTED
    kinds = [fact.kind for fact in floor.facts]
    assert kinds.index(FactKind.TRADING_HALTED) < kinds.index(FactKind.TRADING_RESUMED)


def test_a_halt_cancels_entries_and_leaves_exits_and_protection(floor: Floor) -> None:
    guarded = floor.strategy("Guarded", stop_loss={"value": "20", "unit": "ticks"})
    floor.hold(guarded, "1")
    leaving = floor.strategy("Leaving")
    floor.hold(leaving, "1")
    exit_ = floor.send(leaving, action="exit", order_type="limit", limit_price="5100")
    entering = floor.strategy("Entering")
    entry = floor.send(entering, action="buy", quantity="1", order_type="limit", limit_price="4990")
    report = floor.halt()
    floor.work()
    assert (len(report.cancelled), len(report.closing), report.problems) == (1, 0, ())
    assert floor.orders(entry)[0].state is OrderState.CANCELED
    assert floor.orders(exit_)[0].state is OrderState.ACCEPTED
    assert [order.role for order in floor.working(guarded)] == ["stop_loss"]


def test_a_halt_with_flatten_cancels_every_order_and_closes_every_book(floor: Floor) -> None:
    other = floor.account("other")
    books = [
        (floor.strategy("One", stop_loss={"value": "20", "unit": "ticks"}), "2", floor.desk),
        (floor.strategy("Two", "NQ"), "-1", floor.desk),
        (floor.strategy("Three", accounts=[other]), "3", other),
    ]
    for strategy, quantity, _ in books:
        side = "sell" if quantity.startswith("-") else "buy"
        floor.send(strategy, action=side, quantity=quantity.lstrip("-"))
    floor.send(books[2][0], action="buy", quantity="1", order_type="limit", limit_price="4990")
    leaving = floor.strategy("Leaving")
    floor.hold(leaving, "1")
    floor.send(leaving, action="exit", order_type="limit", limit_price="5100")
    report = floor.halt(flatten=True)
    floor.work()
    assert (len(report.cancelled), len(report.closing), report.problems) == (2, 4, ())
    with floor.core.store.read() as uow:
        assert uow.positions.open() == {}
        assert list(uow.orders.working()) == []
    assert floor.broker.working == floor.venue.at(other.id).working == []
    assert floor.core.halts.state() is TradingState.HALTED
    fact = next(fact for fact in floor.facts if fact.kind is FactKind.TRADING_HALTED)
    did = "2 orders being cancelled, 4 positions being closed"
    assert fact.message == f"Trading halted on the server by hand: {did}."


def test_one_of_each_is_said_in_the_singular(floor: Floor) -> None:
    strategy = floor.strategy()
    floor.hold(strategy, "1")
    floor.send(strategy, action="buy", quantity="1", order_type="limit", limit_price="4990")
    floor.halt(flatten=True)
    fact = next(fact for fact in floor.facts if fact.kind is FactKind.TRADING_HALTED)
    did = "1 order being cancelled, 1 position being closed"
    assert fact.message == f"Trading halted on the server by hand: {did}."


def test_a_flatten_closes_books_of_strategies_that_are_off_and_manual_ones(floor: Floor) -> None:
    strategy = floor.strategy()
    floor.hold(strategy, "1")
    floor.core.strategies.set_state(None, strategy.id, StrategyState.OFF)
    floor.core.desk.ticket(None, Ticket(floor.desk.id, "ES", Side.SELL, Decimal(2)))
    floor.work()
    floor.halt(flatten=True)
    floor.work()
    with floor.core.store.read() as uow:
        assert uow.positions.open() == {}
    assert floor.broker.position == 0


def test_the_stop_stays_until_the_position_is_closed(floor: Floor) -> None:
    strategy = floor.strategy(stop_loss={"value": "20", "unit": "ticks"})
    floor.hold(strategy, "1")
    floor.broker.fills_at_once = False
    floor.halt(flatten=True)
    floor.work()
    assert [order.role for order in floor.working(strategy)] == ["stop_loss", "exit"]
    exit_ = floor.working(strategy)[1]
    floor.broker.fill(exit_.client_order_id)
    floor.work()
    assert floor.working(strategy) == []
    assert floor.broker.working == []


def test_what_cannot_be_cancelled_now_is_named(floor: Floor) -> None:
    strategy = floor.strategy()
    floor.broker.deaf = True
    floor.broker.answers.append(Lost(kept=True))
    floor.broker.fills_at_once = False
    floor.send(strategy, action="buy", quantity="1")
    report = floor.halt(flatten=True)
    assert report.problems == (
        "buy 1 ESZ2026 market is unknown: it is cancelled when its state is known.",
    )


def test_an_order_that_is_being_cancelled_already_is_no_problem(floor: Floor) -> None:
    strategy = floor.strategy()
    floor.send(strategy, action="buy", quantity="1", order_type="limit", limit_price="4990")
    floor.broker.cancels_at_once = False
    assert len(floor.halt(flatten=True).cancelled) == 1
    again = floor.halt(flatten=True)
    assert (again.cancelled, again.problems) == ((), ())


def test_f22_no_new_order_is_written_after_the_switch_commits_in_the_middle_of_a_burst(
    floor: Floor,
) -> None:
    strategies = [floor.strategy(f"Burst {number}") for number in range(6)]
    for number in range(60):
        floor.post(strategies[number % 6], action="buy", quantity="1")
    halted = threading.Event()

    def halt() -> None:
        while len(floor.broker.sent) < 10:
            threading.Event().wait(0.001)
        floor.halt(flatten=True)
        halted.set()

    thread = threading.Thread(target=halt)
    thread.start()
    floor.work()
    thread.join()
    assert halted.is_set()
    floor.work()
    numbers = {fact.number: fact for fact in floor.facts}
    switch = min(n for n, fact in numbers.items() if fact.kind is FactKind.TRADING_HALTED)
    after = [
        fact
        for number, fact in numbers.items()
        if number > switch and fact.kind is FactKind.ORDER_SUBMITTED
    ]
    with floor.core.store.read() as uow:
        orders = [uow.orders.get(str(fact.order_id)) for fact in after]
        assert uow.positions.open() == {}
    assert orders
    assert all(order is not None and order.reduce_only for order in orders)
    assert floor.broker.position == 0
    refused = [fact for fact in floor.facts if fact.code == "TRADING_HALTED"]
    assert len(refused) >= 1
