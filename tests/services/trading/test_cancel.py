"""Working orders are cancelled by what replaces them, and nothing goes out before they are gone."""

from __future__ import annotations

from decimal import Decimal

import pytest

from app.domain.errors import BrokerRejected, BrokerUnavailable, BrokerUnknown
from app.domain.events import FactKind
from app.domain.inbox import Alert, AlertState
from app.domain.orders import OrderEvent, OrderState, OrderType, Side
from app.domain.safety.switches import Scope, TradingState
from app.domain.strategies import Strategy
from app.services.manual import Ticket
from app.services.trading.execute import Progress
from app.services.trading.switches import state_of
from tests.support.floor import Floor


def rest(floor: Floor, strategy: Strategy, quantity: str = "2") -> Alert:
    """Send a limit entry that rests at the venue."""
    return floor.send(
        strategy, action="buy", quantity=quantity, order_type="limit", limit_price="4990"
    )


def states(floor: Floor, alert: Alert) -> list[OrderState]:
    return [order.state for order in floor.orders(alert)]


def test_a_limit_entry_rests_and_its_alert_is_executed(floor: Floor) -> None:
    strategy = floor.strategy()
    alert = rest(floor, strategy)
    assert alert.state is AlertState.EXECUTED
    assert states(floor, alert) == [OrderState.ACCEPTED]
    floor.broker.fill(floor.orders(alert)[0].client_order_id)
    floor.work()
    assert floor.held(strategy) == 2


def test_the_next_alert_cancels_what_rests_before_it_is_decided(floor: Floor) -> None:
    strategy = floor.strategy()
    first = rest(floor, strategy)
    second = floor.send(strategy, action="buy", quantity="1")
    assert states(floor, first) == [OrderState.CANCELED]
    assert second.state is AlertState.EXECUTED
    assert floor.held(strategy) == 1


def test_the_next_alert_waits_until_the_cancel_is_confirmed(floor: Floor) -> None:
    strategy = floor.strategy()
    first = rest(floor, strategy)
    floor.broker.cancels_at_once = False
    second = floor.send(strategy, action="buy", quantity="1")
    floor.wait(3)
    assert second.state is AlertState.CLAIMED
    assert states(floor, first) == [OrderState.PENDING_CANCEL]
    assert len(floor.broker.cancelled) == 1
    floor.broker.end(floor.orders(first)[0].client_order_id, OrderEvent.CANCEL)
    floor.work()
    assert floor.alert(second.id).state is AlertState.EXECUTED
    assert floor.held(strategy) == 1


def test_c15_a_fill_wins_over_the_cancel_and_is_counted_before_the_next_alert(floor: Floor) -> None:
    strategy = floor.strategy()
    first = rest(floor, strategy)
    floor.broker.cancels_at_once = False
    second = floor.send(strategy, action="short", quantity="1")
    floor.broker.fill(floor.orders(first)[0].client_order_id)
    floor.work()
    assert states(floor, first) == [OrderState.FILLED]
    assert [order.leg for order in floor.orders(second)] == ["close", "open"]
    assert floor.held(strategy) == floor.broker.position == -1


def test_c15_a_cancel_whose_answer_was_lost_is_asked_for_and_sent_again(floor: Floor) -> None:
    strategy = floor.strategy()
    first = rest(floor, strategy)
    floor.broker.cancel_answers.append(BrokerUnknown("The answer was lost."))
    second = floor.send(strategy, action="buy", quantity="1")
    assert states(floor, first) == [OrderState.PENDING_CANCEL]
    floor.wait(4)
    assert len(floor.broker.cancelled) == 1
    floor.wait(2)
    assert len(floor.broker.cancelled) == 2
    assert states(floor, first) == [OrderState.CANCELED]
    assert floor.alert(second.id).state is AlertState.EXECUTED


def test_c15_a_cancelled_order_that_the_venue_has_not_is_gone(floor: Floor) -> None:
    strategy = floor.strategy()
    first = rest(floor, strategy)
    floor.broker.cancel_answers.append(BrokerUnavailable("No route."))
    second = floor.send(strategy, action="buy", quantity="1")
    floor.broker.held.clear()
    floor.wait(6)
    assert states(floor, first) == [OrderState.CANCELED]
    assert len(floor.broker.sent) == 2
    assert floor.alert(second.id).state is AlertState.EXECUTED


def test_a_cancel_that_was_carried_out_while_its_answer_was_lost_is_adopted(floor: Floor) -> None:
    strategy = floor.strategy()
    first = rest(floor, strategy)
    floor.broker.cancel_answers.append(BrokerUnknown("The answer was lost."))
    floor.send(strategy, action="buy", quantity="1")
    floor.broker.tells = False
    floor.broker.end(floor.orders(first)[0].client_order_id, OrderEvent.CANCEL)
    floor.broker.tells = True
    floor.wait(6)
    assert states(floor, first) == [OrderState.CANCELED]
    assert len(floor.broker.cancelled) == 1


def test_a_venue_that_refuses_to_cancel_is_asked_again_later_and_never_in_a_rush(
    floor: Floor,
) -> None:
    strategy = floor.strategy()
    first = rest(floor, strategy)
    floor.broker.cancel_answers.extend([BrokerRejected("Not now.")] * 3)
    answer = floor.post(strategy, action="buy", quantity="1")
    second = floor.alert(str(answer.body["alert_id"]))
    assert floor.core.trader.advance(second, floor.desk.id) is Progress.WAITING
    assert len(floor.broker.cancelled) == 2
    floor.work()
    assert states(floor, first) == [OrderState.CANCELED]
    assert floor.alert(second.id).state is AlertState.EXECUTED


def test_a_working_exit_is_replaced_by_the_next_exit_so_that_nothing_is_closed_twice(
    floor: Floor,
) -> None:
    strategy = floor.strategy()
    floor.hold(strategy, "2")
    first = floor.send(strategy, action="exit", order_type="limit", limit_price="5100")
    second = floor.send(strategy, action="exit")
    assert states(floor, first) == [OrderState.CANCELED]
    assert states(floor, second) == [OrderState.FILLED]
    assert floor.broker.position == 0


def test_the_cancel_action_cancels_what_works_and_leaves_the_position_and_its_protection(
    floor: Floor,
) -> None:
    strategy = floor.strategy(stop_loss={"value": "20", "unit": "ticks"})
    floor.hold(strategy, "1")
    first = rest(floor, strategy)
    alert = floor.send(strategy, action="cancel")
    assert alert.state is AlertState.EXECUTED
    assert states(floor, first) == [OrderState.CANCELED]
    assert floor.held(strategy) == 1
    assert [order.role for order in floor.working(strategy)] == ["stop_loss"]


def test_the_cancel_action_ends_only_when_the_venue_confirmed_it(floor: Floor) -> None:
    strategy = floor.strategy()
    first = rest(floor, strategy)
    floor.broker.cancels_at_once = False
    alert = floor.send(strategy, action="cancel")
    assert alert.state is AlertState.CLAIMED
    floor.broker.end(floor.orders(first)[0].client_order_id, OrderEvent.CANCEL)
    floor.work()
    assert floor.alert(alert.id).state is AlertState.EXECUTED


def test_an_exit_while_flat_takes_back_an_entry_that_still_rests(floor: Floor) -> None:
    strategy = floor.strategy()
    first = rest(floor, strategy)
    assert floor.send(strategy, action="exit").state is AlertState.EXECUTED
    assert states(floor, first) == [OrderState.CANCELED]


def test_a_cancel_leaves_other_products_of_the_same_book_alone(floor: Floor) -> None:
    for symbol in ("ES", "NQ"):
        ticket = Ticket(
            floor.desk.id, symbol, Side.BUY, Decimal(1), OrderType.LIMIT, limit_price=Decimal(4000)
        )
        floor.core.desk.ticket(None, ticket)
    floor.work()
    with floor.core.store.write() as uow:
        manual = uow.strategies.manual_of(floor.desk.id)
        assert manual is not None
        floor.core.inbox.enqueue(
            uow, manual.id, None, b'{"action":"cancel","symbol":"ES"}', "cancelled by hand"
        )
    floor.work()
    assert [order.symbol for order in floor.working(manual)] == ["NQZ2026"]


@pytest.mark.parametrize("word", ["buy", "cancel"])
def test_two_strategies_never_cancel_each_others_orders(floor: Floor, word: str) -> None:
    first, second = floor.strategy("First"), floor.strategy("Second")
    alert = rest(floor, first)
    floor.send(second, action=word, quantity="1")
    assert states(floor, alert) == [OrderState.ACCEPTED]


def test_c15_a_cancel_that_is_refused_leaves_what_has_filled_in_sight_and_is_told(
    floor: Floor,
) -> None:
    strategy = floor.strategy()
    first = rest(floor, strategy)
    order = floor.orders(first)[0]
    floor.broker.fill(order.client_order_id, "1")
    floor.work()
    floor.broker.cancel_answers.append(BrokerRejected("Too late."))
    floor.core.desk.cancel_order(None, order.id)
    assert states(floor, first) == [OrderState.PARTIALLY_FILLED]
    told = [fact for fact in floor.facts if fact.kind is FactKind.ORDER_CANCEL_REFUSED]
    assert [fact.message for fact in told] == [
        "Breakout: order not cancelled, it works on, buy 2 ESZ2026 limit at 4990: Too late."
    ]


def test_c15_an_exit_closes_what_filled_while_its_entry_was_being_cancelled(floor: Floor) -> None:
    strategy = floor.strategy()
    first = rest(floor, strategy)
    floor.broker.cancels_at_once = False
    closing = floor.send(strategy, action="exit")
    floor.broker.fill(floor.orders(first)[0].client_order_id)
    floor.work()
    assert states(floor, first) == [OrderState.FILLED]
    assert floor.alert(closing.id).state is AlertState.EXECUTED
    assert floor.held(strategy) == floor.broker.position == 0


def test_f24_an_exit_closes_an_entry_whose_fill_was_not_heard_of(floor: Floor) -> None:
    strategy = floor.strategy()
    floor.broker.tells = False
    floor.send(strategy, action="buy", quantity="1")
    floor.broker.tells = True
    floor.broker.cancel_answers.append(BrokerRejected("The order is filled.", code="TOO_LATE"))
    leave = floor.send(strategy, action="exit")
    floor.wait(3)
    assert [order.leg for order in floor.orders(leave)] == ["close"]
    assert floor.alert(leave.id).state is AlertState.EXECUTED
    assert floor.held(strategy) == floor.broker.position == 0


def test_f06_an_exit_closes_what_a_cancelled_entry_had_filled_unheard(floor: Floor) -> None:
    strategy = floor.strategy()
    first = rest(floor, strategy)
    floor.broker.tells = False
    floor.broker.fill(floor.orders(first)[0].client_order_id, "1")
    floor.broker.tells = True
    leave = floor.send(strategy, action="exit")
    floor.wait(3)
    assert states(floor, first) == [OrderState.CANCELED]
    assert [order.quantity for order in floor.orders(leave)] == [Decimal(1)]
    assert floor.held(strategy) == floor.broker.position == 0


def test_f06_an_entry_counts_what_the_order_before_it_had_filled_unheard(floor: Floor) -> None:
    strategy = floor.strategy()
    first = rest(floor, strategy)
    floor.broker.tells = False
    floor.broker.fill(floor.orders(first)[0].client_order_id, "1")
    floor.broker.tells = True
    floor.send(strategy, action="short", quantity="1")
    floor.wait(3)
    assert floor.held(strategy) == floor.broker.position == -1


def test_a_cancelled_entry_whose_fills_cannot_be_asked_for_holds_the_exit_up(floor: Floor) -> None:
    strategy = floor.strategy()
    rest(floor, strategy)
    floor.broker.deaf = True
    leave = floor.send(strategy, action="exit")
    floor.wait(3)
    assert floor.alert(leave.id).state is AlertState.CLAIMED
    floor.broker.deaf = False
    floor.wait(3)
    assert floor.alert(leave.id).state is AlertState.EXECUTED
    assert floor.held(strategy) == 0


def test_refused_credentials_stop_the_account_while_a_cancelled_entry_is_confirmed(
    floor: Floor,
) -> None:
    strategy = floor.strategy()
    rest(floor, strategy)
    floor.broker.locked = True
    leave = floor.send(strategy, action="exit")
    floor.wait(2)
    assert floor.alert(leave.id).state is AlertState.CLAIMED
    with floor.core.store.read() as uow:
        assert state_of(uow, Scope.ACCOUNT, floor.desk.id) is TradingState.HALTED
