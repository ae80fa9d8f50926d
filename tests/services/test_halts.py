"""Halting: no new order after the switch, exits pass, and everything is closed when asked."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.bootstrap import Core
from app.domain.errors import BrokerRejected, BrokerUnknown, NotFound
from app.domain.events import Fact, FactKind
from app.domain.inbox import Alert, AlertState
from app.domain.orders import OrderEvent, OrderState, Side
from app.domain.safety.switches import Scope, TradingState
from app.domain.settings import StrategySettings
from app.domain.strategies import Strategy, StrategyState
from app.services.halts import Halt, HaltDesk, make_halts
from app.services.manual import Ticket
from app.services.trading.send import Sender
from tests.support.floor import Floor, restarted
from tests.support.serving import eventually
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


def rest(floor: Floor, strategy: Strategy, **more: object) -> Alert:
    return floor.send(
        strategy, action="buy", quantity="1", order_type="limit", limit_price="4990", **more
    )


def states(floor: Floor, alert: Alert) -> list[OrderState]:
    return [order.state for order in floor.orders(alert)]


def told(floor: Floor, kind: FactKind) -> list[str]:
    return [fact.message for fact in floor.facts if fact.kind is kind]


def impatient(core: Core) -> HaltDesk:
    """A desk that waits for venues for a moment only."""
    sender = Sender(core.brokers, core.settler, core.clock)
    made = (core.store, core.clock, core.inbox, core.desk, sender, core.settler, core.quotes)
    return make_halts(*made, patience_s=0.05)[0]


@pytest.mark.parametrize("scope", [Scope.ACCOUNT, Scope.STRATEGY])
def test_a_halt_reaches_one_account_or_strategy_and_nothing_else(
    floor: Floor, scope: Scope
) -> None:
    away = floor.account("away")
    mine, other = floor.strategy("Mine"), floor.strategy("Other", accounts=[away])
    both = {}
    for strategy in (mine, other):
        floor.send(strategy, action="buy", quantity="1")
        both[strategy.id] = rest(floor, strategy)
    subject = floor.desk.id if scope is Scope.ACCOUNT else mine.id
    report = floor.halt(scope, subject, flatten=True)
    floor.work()
    assert report.cancelled == ("buy 1 ESZ2026 limit at 4990",)
    assert report.closing == ("Mine: 1 ESZ2026 on desk",)
    assert states(floor, both[mine.id]) == [OrderState.CANCELED]
    assert states(floor, both[other.id]) == [OrderState.ACCEPTED]
    assert floor.held(mine) == 0
    assert floor.held(other, away) == 1
    assert floor.send(mine, action="buy", quantity="1").code == "TRADING_HALTED"
    assert floor.send(other, action="buy", quantity="1").state is AlertState.EXECUTED
    assert [stop.subject for stop in floor.core.halts.stops(None)] == [report.stop.subject]
    assert floor.resume(scope, subject)
    assert not floor.resume(scope, subject)
    assert floor.core.halts.stops(None) == []


def test_f6_nobody_halts_or_sees_what_is_anothers_and_everybody_the_server(floor: Floor) -> None:
    anna = floor.core.users.create("anna", "correct horse battery")
    bob = floor.core.users.create("bob", "battery horse correct")
    hers = floor.core.accounts.create_paper(anna.id, "hers")
    for scope, subject in ((Scope.ACCOUNT, hers.id), (Scope.STRATEGY, "none")):
        with pytest.raises(NotFound):
            floor.core.halts.halt(bob.id, Halt(scope, subject))
        with pytest.raises(NotFound):
            floor.core.halts.resume(bob.id, scope, subject)
    floor.core.halts.halt(anna.id, Halt(Scope.ACCOUNT, hers.id))
    floor.core.halts.halt(anna.id, Halt())
    seen = [(stop.subject, stop.thrower) for stop in floor.core.halts.stops(bob.id)]
    assert seen == [("the server", "anna")]
    assert len(floor.core.halts.stops(anna.id)) == 2
    assert floor.core.halts.resume(bob.id, Scope.SERVER)


def test_to_reduce_cancels_nothing_and_says_what_may_still_fill(floor: Floor) -> None:
    strategy = floor.strategy()
    floor.hold(strategy, "1")
    entry = rest(floor, strategy)
    report = floor.halt(Scope.STRATEGY, strategy.id, TradingState.REDUCING)
    floor.wait(30)
    assert report.problems == ("buy 1 ESZ2026 limit at 4990 goes on working and may still fill.",)
    assert states(floor, entry) == [OrderState.ACCEPTED]
    assert floor.send(strategy, action="exit").state is AlertState.EXECUTED


def test_a_cancel_that_is_refused_is_named_alarmed_and_asked_for_again(floor: Floor) -> None:
    entry = rest(floor, floor.strategy())
    floor.broker.cancel_answers.append(BrokerRejected("Not now."))
    report = floor.halt()
    assert report.problems == (
        "The venue refused to cancel buy 1 ESZ2026 limit at 4990: Not now. It is asked again.",
    )
    assert len(told(floor, FactKind.ORDER_CANCEL_REFUSED)) == 1
    floor.wait(15)
    assert states(floor, entry) == [OrderState.CANCELED]
    assert len(floor.broker.cancelled) == 2


def test_c15_a_cancel_whose_answer_was_lost_is_named_and_cleared_up_without_another_alert(
    floor: Floor,
) -> None:
    entry = rest(floor, floor.strategy())
    floor.broker.cancel_answers.append(BrokerUnknown("No line."))
    report = floor.halt()
    assert report.problems == (
        "The cancel of buy 1 ESZ2026 limit at 4990 was not answered: No line. It is asked again.",
    )
    floor.wait(6)
    assert states(floor, entry) == [OrderState.CANCELED]


def test_a_venue_that_hangs_is_named_and_holds_up_no_other_accounts_cancel(floor: Floor) -> None:
    away = floor.account("away")
    entries = [rest(floor, floor.strategy()), rest(floor, floor.strategy("B", accounts=[away]))]
    gate = threading.Event()
    floor.broker.cancel_waits = gate
    desk = impatient(floor.core)
    report = desk.halt(None, Halt())
    assert report.problems == (
        "The venue of desk has not answered yet: its orders are asked for again until it does.",
    )
    assert states(floor, entries[0]) == [OrderState.PENDING_CANCEL]
    assert states(floor, entries[1]) == [OrderState.CANCELED]
    again = desk.halt(None, Halt())
    assert again.cancelled == ()
    gate.set()
    eventually(lambda: floor.core.settler.waiting)
    floor.work()
    assert states(floor, entries[0]) == [OrderState.CANCELED]


def test_f22_an_entry_that_turns_up_working_while_halted_is_cancelled(floor: Floor) -> None:
    strategy = floor.strategy()
    floor.broker.deaf = True
    floor.broker.answers.append(Lost(kept=True))
    entry = rest(floor, strategy)
    assert states(floor, entry) == [OrderState.UNKNOWN]
    report = floor.halt()
    assert report.problems == (
        "buy 1 ESZ2026 limit at 4990 is unknown: it is cancelled when its state is known.",
    )
    floor.broker.deaf = False
    floor.wait(3)
    assert states(floor, entry) == [OrderState.CANCELED]
    assert floor.broker.working == []


def test_f22_what_the_server_itself_halts_is_cancelled_too(floor: Floor) -> None:
    entry = rest(floor, floor.strategy())
    floor.throw(Scope.ACCOUNT, floor.desk.id, TradingState.HALTED)
    floor.wait(1)
    assert states(floor, entry) == [OrderState.CANCELED]


def test_what_opens_after_a_flatten_is_closed_too(floor: Floor) -> None:
    strategy = floor.strategy()
    floor.hold(strategy, "1")
    floor.broker.cancels_at_once = False
    entry = rest(floor, strategy)
    floor.halt(flatten=True)
    floor.broker.fill(floor.orders(entry)[0].client_order_id)
    floor.wait(3)
    assert floor.held(strategy) == floor.broker.position == 0


@pytest.mark.parametrize("scope", [Scope.SERVER, Scope.STRATEGY])
def test_c17_a_flatten_goes_on_after_a_restart(floor: Floor, scope: Scope) -> None:
    strategy = floor.strategy()
    floor.hold(strategy, "1")
    floor.broker.cancels_at_once = False
    entry = rest(floor, strategy)
    floor.halt(scope, strategy.id if scope is Scope.STRATEGY else "", flatten=True)
    again = restarted(floor)
    again.broker.fill(again.orders(entry)[0].client_order_id)
    again.wait(3)
    assert again.held(strategy) == again.broker.position == 0
    with again.core.store.read() as uow:
        assert uow.flags.get("flattening") is None
    again.core.close()


def failed(why: str) -> str:
    what = "Breakout: 2 ESZ2026 on desk could not be closed"
    return f"{what}: {why} Close it at the broker, or flatten again."


def test_a_close_that_fails_while_halted_is_an_alarm_once_and_is_not_sent_for_ever(
    floor: Floor,
) -> None:
    strategy = floor.strategy()
    floor.hold(strategy, "2")
    floor.broker.answers.append(BrokerRejected("The market is closed."))
    floor.halt(flatten=True)
    floor.wait(60, step=5)
    assert told(floor, FactKind.CLOSE_FAILED) == [failed("The market is closed.")]
    assert len(floor.broker.sent) == 2
    floor.halt(flatten=True)
    floor.work()
    assert floor.held(strategy) == 0


def test_a_close_that_is_rejected_after_its_answer_is_an_alarm_too(floor: Floor) -> None:
    strategy = floor.strategy()
    floor.hold(strategy, "2")
    floor.broker.fills_at_once = False
    floor.halt(flatten=True)
    floor.work()
    exit_ = floor.working(strategy)[0]
    floor.broker.end(exit_.client_order_id, OrderEvent.REJECT, "No margin")
    floor.wait(2)
    why = "the order was rejected: No margin."
    assert told(floor, FactKind.CLOSE_FAILED) == [failed(why)]


def test_a_flatten_closes_all_of_a_strategy_whose_exits_close_a_part(floor: Floor) -> None:
    strategy = floor.strategy(sizing="percent_of_position", size="50")
    with floor.core.store.write() as uow:
        uow.strategies.update(replace(strategy, settings=StrategySettings()))
    floor.hold(strategy, "4")
    with floor.core.store.write() as uow:
        uow.strategies.update(strategy)
    floor.halt(flatten=True)
    floor.wait(3)
    assert floor.held(strategy) == 0


def test_doubts_about_a_close_are_named(floor: Floor) -> None:
    strategy = floor.strategy("On paper", accounts=[floor.paper])
    floor.quote("5000")
    floor.send(strategy, action="buy", quantity="1")
    floor.wait(2)
    unlinked = floor.strategy("Unlinked")
    floor.hold(unlinked, "1")
    with floor.core.store.write() as uow:
        uow.strategies.update(replace(unlinked, accounts=()))
    floor.clock.advance(3600)
    unpriced, gone = floor.halt(flatten=True).problems
    assert unpriced.startswith("On paper: 1 ESZ2026 on paper is closed at the next price: there is")
    assert gone.startswith("Unlinked: 1 ESZ2026 on desk cannot be closed from here: the strategy")


@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    scope=st.sampled_from(Scope),
    flatten=st.booleans(),
    moment=st.integers(1, 40),
    at_once=st.booleans(),
)
def test_f22_a_halt_at_any_moment_of_a_burst_lets_nothing_open_after_it(
    floor: Floor, scope: Scope, moment: int, *, flatten: bool, at_once: bool
) -> None:
    """The halt comes from within the burst, right behind a random fact of it."""
    floor.broker.fills_at_once = at_once
    strategies = [floor.strategy(floor.core.ids()) for _ in range(2)]
    subject = {Scope.SERVER: "", Scope.ACCOUNT: floor.desk.id, Scope.STRATEGY: strategies[0].id}
    in_reach = {s.id for s in strategies if scope is not Scope.STRATEGY or s is strategies[0]}
    start = len(floor.facts)
    thrown: list[int] = []

    def halt_at_the_moment(_facts: Sequence[Fact]) -> None:
        if not thrown and len(floor.facts) - start >= moment:
            thrown.append(0)
            floor.halt(scope, subject[scope], flatten=flatten)

    floor.core.bus.subscribe(halt_at_the_moment)
    for number in range(8):
        kind = {"order_type": "limit", "limit_price": "4990"} if number % 3 == 2 else {}
        floor.post(strategies[number % 2], action="buy", quantity="1", **kind)
    floor.work()
    thrown.append(0)
    events = floor.facts[start:]
    halts = [fact.number for fact in events if fact.kind is FactKind.TRADING_HALTED]
    with floor.core.store.read() as uow:
        written = [
            uow.orders.get(str(fact.order_id))
            for fact in events
            if fact.kind is FactKind.ORDER_SUBMITTED
            and fact.strategy_id in in_reach
            and halts
            and fact.number > halts[0]
        ]
        resting = [o for o in uow.orders.working() if o.strategy_id in in_reach]
        held = [key for key in uow.positions.open() if key.strategy_id in in_reach]
    assert all(order is not None and order.reduce_only for order in written)
    if halts:
        assert all(order.reduce_only for order in resting)
        assert not (flatten and at_once and held)
    floor.resume(scope, subject[scope])
