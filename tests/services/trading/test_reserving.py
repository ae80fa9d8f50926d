"""Where a venue holds back what exits may sell, protection is one and gives way to an exit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from app.domain.errors import (
    BrokerLimited,
    BrokerRejected,
    BrokerUnavailable,
    InvariantBroken,
)
from app.domain.inbox import AlertState
from app.domain.orders import OrderEvent, OrderState
from app.services.trading.send import Sender
from tests.support.reserving import SPY, Reserve, reserve
from tests.support.venue import Lost

GUARD: dict[str, Any] = {
    "take_profit": {"value": "10", "unit": "amount"},
    "stop_loss": {"value": "5", "unit": "amount"},
}
STOP: dict[str, Any] = {"stop_loss": {"value": "5", "unit": "amount"}}
BOTH = {"take_profit", "stop_loss"}


@pytest.fixture
def desk(floor_folder: Path) -> Iterator[Reserve]:
    with reserve(floor_folder) as made:
        yield made


def test_take_profit_and_stop_go_out_as_one_pair(desk: Reserve) -> None:
    strategy = desk.strategy(**GUARD)
    desk.floor.send(strategy, action="buy", quantity="3")
    assert desk.sizes(strategy) == {"take_profit": 3, "stop_loss": 3}
    assert desk.broker.offered(SPY, desk.guards(strategy)["stop_loss"].side) == 3
    assert len(desk.broker.twins) == 2
    assert desk.broker.refused == []


def test_an_exit_goes_out_when_the_protection_that_held_the_shares_is_gone(desk: Reserve) -> None:
    strategy = desk.strategy(**GUARD)
    desk.floor.send(strategy, action="buy", quantity="3")
    leave = desk.floor.send(strategy, action="exit")
    assert leave.state is AlertState.EXECUTED
    assert desk.held(strategy) == desk.broker.held_of(SPY) == 0
    assert desk.live() == {}
    assert desk.broker.refused == []
    assert len(desk.broker.cancelled) == 1


def test_a_partial_exit_leaves_the_rest_guarded(desk: Reserve) -> None:
    strategy = desk.strategy(**GUARD)
    desk.floor.send(strategy, action="buy", quantity="3")
    desk.floor.send(strategy, action="sell", quantity="1")
    assert desk.sizes(strategy) == {"take_profit": 2, "stop_loss": 2}
    assert desk.live() == {"take_profit": 2, "stop_loss": 2}
    assert desk.broker.refused == []


def test_a_reversal_gets_out_and_in_and_is_guarded_on_the_other_side(desk: Reserve) -> None:
    strategy = desk.strategy(**GUARD)
    desk.floor.send(strategy, action="buy", quantity="3")
    desk.floor.send(strategy, action="reverse")
    assert desk.held(strategy) == desk.broker.held_of(SPY) == -3
    assert desk.sizes(strategy) == {"take_profit": 3, "stop_loss": 3}
    assert desk.broker.refused == []


def test_nothing_new_guards_the_position_while_an_exit_waits_for_room(desk: Reserve) -> None:
    strategy = desk.strategy(**GUARD)
    desk.floor.send(strategy, action="buy", quantity="3")
    desk.broker.cancels_at_once = False
    leave = desk.floor.send(strategy, action="exit")
    guards = desk.guards(strategy)
    desk.broker.end(guards["take_profit"].client_order_id, OrderEvent.CANCEL)
    desk.floor.core.settler.settle()
    desk.floor.core.protector.tend()
    desk.floor.core.protector.tend_all()
    assert desk.live() == {}
    desk.floor.work()
    assert desk.floor.alert(leave.id).state is AlertState.EXECUTED
    assert desk.held(strategy) == 0
    assert desk.broker.refused == []


def test_an_exit_whose_room_is_never_confirmed_is_told_and_the_position_stays_guarded(
    desk: Reserve,
) -> None:
    strategy = desk.strategy(**GUARD)
    desk.floor.send(strategy, action="buy", quantity="3")
    desk.broker.cancels_at_once = False
    leave = desk.floor.send(strategy, action="exit")
    desk.floor.wait(62)
    ended = desk.floor.alert(leave.id)
    assert (ended.state, ended.code) == (AlertState.FAILED, "EXIT_HELD_UP")
    assert desk.held(strategy) == 3
    assert desk.live() == {"take_profit": 3, "stop_loss": 3}
    desk.broker.cancels_at_once = True
    desk.floor.wait(10)
    assert desk.sizes(strategy) == {"take_profit": 3, "stop_loss": 3}
    assert {order.state for order in desk.guards(strategy).values()} == {OrderState.ACCEPTED}
    assert desk.floor.send(strategy, action="exit").state is AlertState.EXECUTED
    assert desk.held(strategy) == 0


def test_an_exit_that_the_venue_refuses_leaves_the_position_guarded_again(desk: Reserve) -> None:
    strategy = desk.strategy(**GUARD)
    desk.floor.send(strategy, action="buy", quantity="3")
    desk.broker.answers.append(BrokerRejected("Not today."))
    leave = desk.floor.send(strategy, action="exit")
    assert leave.state is AlertState.FAILED
    desk.floor.wait(3)
    assert desk.sizes(strategy) == {"take_profit": 3, "stop_loss": 3}


def test_a_limit_exit_holds_what_it_may_sell_and_the_rest_is_guarded(desk: Reserve) -> None:
    strategy = desk.strategy(**GUARD)
    desk.floor.send(strategy, action="buy", quantity="3")
    first = desk.floor.send(
        strategy, action="sell", quantity="1", order_type="limit", limit_price="520"
    )
    assert desk.sizes(strategy) == {"take_profit": 2, "stop_loss": 2}
    desk.floor.send(strategy, action="exit")
    assert [order.state for order in desk.floor.orders(first)] == [OrderState.CANCELED]
    assert desk.held(strategy) == 0
    assert desk.broker.refused == []


@pytest.mark.parametrize("role", sorted(BOTH))
@pytest.mark.parametrize("told", [True, False])
def test_a_leg_that_fills_ends_the_other_by_itself(desk: Reserve, role: str, told: bool) -> None:
    strategy = desk.strategy(**GUARD)
    desk.floor.send(strategy, action="buy", quantity="3")
    desk.broker.tells_twins = told
    desk.broker.fill(desk.guards(strategy)[role].client_order_id)
    desk.floor.work()
    assert desk.held(strategy) == 0
    desk.floor.wait(8)
    assert desk.guards(strategy) == {}
    assert len(desk.broker.cancelled) == (0 if told else 1)


def test_the_pair_follows_a_partial_fill_by_itself(desk: Reserve) -> None:
    strategy = desk.strategy(**GUARD)
    desk.floor.send(strategy, action="buy", quantity="3")
    profit = desk.guards(strategy)["take_profit"].client_order_id
    desk.broker.fill(profit, "1")
    desk.floor.wait(8)
    assert desk.held(strategy) == 2
    assert desk.live() == {"take_profit": 2, "stop_loss": 2}
    assert desk.broker.cancelled == []
    desk.broker.fill(profit)
    desk.floor.wait(8)
    assert desk.out(strategy)


def test_a_leg_that_is_cancelled_at_the_venue_is_followed_by_a_new_pair(desk: Reserve) -> None:
    strategy = desk.strategy(**GUARD)
    desk.floor.send(strategy, action="buy", quantity="3")
    desk.broker.end(desk.guards(strategy)["stop_loss"].client_order_id, OrderEvent.CANCEL)
    desk.floor.wait(2)
    assert desk.live() == {"take_profit": 3, "stop_loss": 3}
    assert len(desk.broker.twins) == 4
    assert desk.broker.refused == []


def test_a_take_profit_that_a_person_cancels_leaves_the_stop_alone(desk: Reserve) -> None:
    strategy = desk.strategy(**GUARD)
    desk.floor.send(strategy, action="buy", quantity="3")
    desk.floor.core.desk.cancel_order(None, desk.guards(strategy)["take_profit"].id)
    desk.floor.wait(8)
    assert desk.live() == {"stop_loss": 3}
    assert len(desk.broker.cancelled) == 1


def test_adding_at_the_market_takes_a_lone_stop_away_first_and_guards_the_whole(
    desk: Reserve,
) -> None:
    strategy = desk.strategy(**STOP)
    desk.floor.send(strategy, action="buy", quantity="1")
    desk.floor.send(strategy, action="buy", quantity="2")
    assert desk.held(strategy) == 3
    assert desk.live() == {"stop_loss": 3}
    assert desk.broker.refused == []


def test_no_lone_stop_goes_out_against_an_entry_that_is_not_filled_yet(desk: Reserve) -> None:
    strategy = desk.strategy(**STOP)
    desk.floor.send(strategy, action="buy", quantity="1")
    desk.broker.fills_at_once = False
    alert = desk.floor.send(strategy, action="buy", quantity="2")
    desk.floor.wait(3)
    assert desk.live() == {"open": 2}
    desk.broker.fill(desk.floor.orders(alert)[0].client_order_id)
    desk.floor.work()
    assert desk.live() == {"stop_loss": 3}
    assert desk.broker.refused == []


def test_adding_keeps_a_pair_until_the_position_has_grown(desk: Reserve) -> None:
    strategy = desk.strategy(**GUARD)
    desk.floor.send(strategy, action="buy", quantity="1")
    desk.broker.fills_at_once = False
    alert = desk.floor.send(strategy, action="buy", quantity="2")
    assert desk.live() == {"open": 2, "take_profit": 1, "stop_loss": 1}
    desk.broker.fill(desk.floor.orders(alert)[0].client_order_id)
    desk.floor.work()
    assert desk.live() == {"take_profit": 3, "stop_loss": 3}


# --- answers that are lost ------------------------------------------------------------------------


@pytest.mark.parametrize("kept", [True, False])
def test_a_pair_whose_answer_was_lost_is_adopted_or_placed_anew_and_never_half(
    desk: Reserve,
    kept: bool,
) -> None:
    strategy = desk.strategy(**GUARD)
    desk.broker.answers.extend([None, Lost(kept=kept)])
    desk.floor.send(strategy, action="buy", quantity="3")
    desk.floor.wait(8)
    assert desk.live() == {"take_profit": 3, "stop_loss": 3}
    assert len(desk.broker.twins) == (2 if kept else 4)
    names = [order.leg for order in desk.broker.sent if order.role.protective]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    "answer", [BrokerUnavailable("No route."), BrokerLimited("Too many requests.", 1.0)]
)
def test_a_pair_that_did_not_go_out_is_denied_whole_and_placed_anew(
    desk: Reserve, answer: BrokerUnavailable
) -> None:
    strategy = desk.strategy(**GUARD)
    desk.broker.answers.extend([None, answer])
    desk.floor.send(strategy, action="buy", quantity="3")
    assert desk.live() == {}
    desk.floor.wait(8)
    assert desk.live() == {"take_profit": 3, "stop_loss": 3}


def test_of_a_pair_that_the_venue_refuses_the_stop_is_placed_alone(desk: Reserve) -> None:
    strategy = desk.strategy(**GUARD)
    desk.broker.answers.extend([None, BrokerRejected("No pair of these prices.")])
    desk.floor.send(strategy, action="buy", quantity="3")
    desk.floor.wait(8)
    assert desk.live() == {"stop_loss": 3}
    assert desk.broker.cancelled == []


def test_what_another_order_holds_back_is_guarded_once_it_is_free(desk: Reserve) -> None:
    strategy = desk.strategy(**GUARD)
    desk.broker.by_hand("2", "500", symbol=SPY)
    entry = desk.floor.send(
        strategy, action="buy", quantity="3", order_type="limit", limit_price="499"
    )
    by_hand = desk.broker.rest_by_hand("-4", symbol=SPY)
    desk.broker.fill(desk.floor.orders(entry)[0].client_order_id)
    desk.floor.work()
    assert desk.broker.refused == ["QUANTITY_HELD"]
    desk.broker.end(by_hand, OrderEvent.CANCEL)
    desk.floor.wait(8)
    assert desk.live() == {"take_profit": 3, "stop_loss": 3}


def test_a_lone_stop_that_did_not_arrive_is_never_sent_again_by_itself(desk: Reserve) -> None:
    strategy = desk.strategy(**STOP)
    desk.broker.answers.extend([None, Lost(kept=False)])
    desk.floor.send(strategy, action="buy", quantity="3")
    leave = desk.floor.send(strategy, action="exit")
    assert leave.state is AlertState.CLAIMED
    desk.floor.wait(8)
    assert desk.floor.alert(leave.id).state is AlertState.EXECUTED
    stops = [order for order in desk.broker.sent if order.role.protective]
    assert len(stops) == 1
    assert desk.held(strategy) == Decimal(0)


def test_flattening_gets_out_of_what_is_guarded(desk: Reserve) -> None:
    strategy = desk.strategy(**GUARD)
    desk.floor.send(strategy, action="buy", quantity="3")
    desk.floor.halt(flatten=True)
    desk.floor.wait(3)
    assert desk.out(strategy)
    assert desk.broker.refused == []


def test_a_person_closes_what_is_guarded(desk: Reserve) -> None:
    strategy = desk.strategy(**GUARD)
    desk.floor.send(strategy, action="buy", quantity="3")
    desk.floor.core.desk.close_position(None, desk.floor.book(strategy, desk.account, SPY))
    desk.floor.work()
    assert desk.out(strategy)


def test_an_exit_closes_what_filled_of_an_entry_that_it_cancels_and_that_was_guarded_meanwhile(
    desk: Reserve,
) -> None:
    strategy = desk.strategy(**GUARD)
    desk.broker.fills_at_once = False
    entry = desk.floor.send(
        strategy, action="buy", quantity="3", order_type="limit", limit_price="499"
    )
    desk.broker.cancels_at_once = False
    leave = desk.floor.send(strategy, action="exit")
    order = desk.floor.orders(entry)[0].client_order_id
    desk.broker.fill(order, "1")
    desk.floor.work()
    desk.broker.cancels_at_once = desk.broker.fills_at_once = True
    desk.broker.end(order, OrderEvent.CANCEL)
    desk.floor.wait(8)
    assert desk.floor.alert(leave.id).state is AlertState.EXECUTED
    assert desk.out(strategy)


def test_after_a_restart_an_exit_that_waited_for_room_goes_out(desk: Reserve) -> None:
    strategy = desk.strategy(**GUARD)
    desk.floor.send(strategy, action="buy", quantity="3")
    desk.broker.cancels_at_once = False
    leave = desk.floor.send(strategy, action="exit")
    desk.broker.cancels_at_once = True
    again = desk.restarted()
    for order in list(again.broker.working):
        again.broker.end(order.client_order_id, OrderEvent.CANCEL)
    again.floor.wait(8)
    assert again.floor.alert(leave.id).state is AlertState.EXECUTED
    assert again.out(strategy)
    assert again.broker.refused == []
    again.floor.core.close()


def test_protection_that_no_decision_asks_for_any_more_is_taken_away(desk: Reserve) -> None:
    strategy = desk.strategy(**GUARD)
    alert = desk.floor.send(strategy, action="buy", quantity="3")
    decision = desk.floor.decision(alert, desk.account)
    with desk.floor.core.store.write() as uow:
        uow.decisions.save(replace(decision, settings={}))
    desk.floor.core.protector.tend_all()
    assert desk.live() == {}


def test_a_pair_is_never_made_for_a_venue_that_takes_none(desk: Reserve) -> None:
    strategy = desk.strategy(**GUARD)
    desk.floor.send(strategy, action="buy", quantity="3")
    elsewhere = [
        replace(order, account_id=desk.floor.paper.id) for order in desk.guards(strategy).values()
    ]
    sender = Sender(desk.floor.core.brokers, desk.floor.core.settler, desk.floor.clock)
    with pytest.raises(InvariantBroken):
        sender.submit_pair(*elsewhere)


# --- several books on one account -----------------------------------------------------------------


def test_an_entry_against_another_strategys_position_is_refused_so_that_both_can_get_out(
    desk: Reserve,
) -> None:
    first, second = desk.strategy(name="First", **GUARD), desk.strategy(name="Second", **GUARD)
    desk.floor.send(first, action="buy", quantity="3")
    alert = desk.floor.send(second, action="sell", quantity="1")
    assert (alert.state, alert.code) == (AlertState.REFUSED, "HELD_OTHER_WAY")
    assert "The book of First holds 3 SPY on held" in (alert.detail or "")
    assert desk.floor.send(second, action="buy", quantity="1").state is AlertState.EXECUTED
    assert desk.floor.send(first, action="exit").state is AlertState.EXECUTED
    assert desk.sizes(second) == {"take_profit": 1, "stop_loss": 1}
    assert desk.broker.refused == []


def test_a_future_is_not_sent_where_none_is_traded(desk: Reserve) -> None:
    strategy = desk.strategy("ES")
    desk.floor.quote("5000")
    assert desk.floor.send(strategy, action="buy", quantity="1").code == "NOT_TRADED_THERE"
    assert desk.broker.sent == []


def test_a_take_profit_beside_a_trail_is_left_out_and_the_log_says_so_once(desk: Reserve) -> None:
    trail = {"take_profit": GUARD["take_profit"], "trail": {"value": "5", "unit": "amount"}}
    strategy = desk.strategy(**trail)
    alert = desk.floor.send(strategy, action="buy", quantity="3")
    desk.floor.wait(8)
    assert (alert.state, alert.code) == (AlertState.EXECUTED, "TAKE_PROFIT_LEFT_OUT")
    assert desk.live() == {"trailing_stop": 3}
    assert desk.floor.codes() == ["TAKE_PROFIT_LEFT_OUT"]
