"""Protection follows the filled position: one of each kind, never more and never less."""

from __future__ import annotations

import random
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from app.domain.errors import BrokerRejected, BrokerUnavailable, BrokerUnknown
from app.domain.events import Level
from app.domain.inbox import AlertState
from app.domain.orders import Order, OrderEvent, OrderRole, OrderState, Side
from app.domain.strategies import Strategy
from app.services.trading.execute import Progress
from app.services.trading.guard import guard_of
from tests.support.floor import Floor, restarted
from tests.support.venue import Lost

GUARD: dict[str, Any] = {
    "take_profit": {"value": "40", "unit": "ticks"},
    "stop_loss": {"value": "20", "unit": "ticks"},
}


def guards(floor: Floor, strategy: Strategy) -> dict[str, Order]:
    """The live protective orders by role; there may be one of each."""
    found = [order for order in floor.working(strategy) if order.role.protective]
    by_role = {order.role.value: order for order in found}
    assert len(by_role) == len(found), found
    return by_role


def sizes(floor: Floor, strategy: Strategy) -> dict[str, Decimal]:
    return {role: order.quantity for role, order in guards(floor, strategy).items()}


def live(floor: Floor) -> list[str]:
    """What works at the venue itself."""
    return [order.client_order_id for order in floor.broker.working]


def test_a_bracket_is_placed_after_the_fill_around_the_price_that_was_paid(floor: Floor) -> None:
    strategy = floor.strategy(**GUARD)
    floor.send(strategy, action="buy", quantity="2")
    placed = guards(floor, strategy)
    assert placed["take_profit"].limit_price == Decimal(5010)
    assert placed["stop_loss"].stop_price == Decimal(4995)
    assert {(order.side, order.quantity, order.reduce_only) for order in placed.values()} == {
        (Side.SELL, Decimal(2), True)
    }


def test_nothing_is_placed_before_the_entry_fills(floor: Floor) -> None:
    strategy = floor.strategy(**GUARD)
    floor.send(strategy, action="buy", quantity="2", order_type="limit", limit_price="4990")
    assert guards(floor, strategy) == {}


def test_e6_the_bracket_follows_partial_fills(floor: Floor) -> None:
    strategy = floor.strategy(**GUARD)
    floor.broker.fills_at_once = False
    alert = floor.send(strategy, action="buy", quantity="4")
    entry = floor.orders(alert)[0].client_order_id
    for quantity, held in (("1", 1), ("2", 3), ("1", 4)):
        floor.broker.fill(entry, quantity)
        floor.work()
        assert sizes(floor, strategy) == {"take_profit": held, "stop_loss": held}
    assert len(live(floor)) == 2


def test_the_bracket_is_resized_after_a_scale_out(floor: Floor) -> None:
    strategy = floor.strategy(**GUARD)
    floor.send(strategy, action="buy", quantity="3")
    floor.send(strategy, action="sell", quantity="2")
    assert sizes(floor, strategy) == {"take_profit": 1, "stop_loss": 1}
    assert len(live(floor)) == 2


def test_e2_the_bracket_vanishes_when_the_position_is_flat(floor: Floor) -> None:
    strategy = floor.strategy(**GUARD)
    floor.send(strategy, action="buy", quantity="3")
    floor.send(strategy, action="exit")
    assert floor.working(strategy) == []
    assert live(floor) == []


@pytest.mark.parametrize("role", ["take_profit", "stop_loss"])
def test_one_side_of_the_bracket_that_fills_takes_the_other_away(floor: Floor, role: str) -> None:
    strategy = floor.strategy(**GUARD)
    floor.send(strategy, action="buy", quantity="2")
    floor.broker.fill(guards(floor, strategy)[role].client_order_id)
    floor.work()
    assert floor.held(strategy) == 0
    assert live(floor) == []


def test_e5_a_flip_leaves_nothing_of_the_old_side(floor: Floor) -> None:
    strategy = floor.strategy(**GUARD)
    floor.send(strategy, action="buy", quantity="2")
    floor.send(strategy, action="reverse")
    assert floor.held(strategy) == -2
    assert {order.side for order in guards(floor, strategy).values()} == {Side.BUY}
    assert len(live(floor)) == 2


def test_e1_nothing_is_placed_before_the_old_order_is_known_to_be_gone(floor: Floor) -> None:
    strategy = floor.strategy(**GUARD)
    floor.send(strategy, action="buy", quantity="3")
    floor.broker.cancels_at_once = False
    floor.send(strategy, action="sell", quantity="1")
    floor.wait(3)
    old = guards(floor, strategy)
    assert {order.state for order in old.values()} == {OrderState.PENDING_CANCEL}
    for order in old.values():
        floor.broker.end(order.client_order_id, OrderEvent.CANCEL)
    floor.work()
    assert sizes(floor, strategy) == {"take_profit": 2, "stop_loss": 2}


def test_e1_after_any_number_of_cycles_there_is_one_of_each_kind(floor: Floor) -> None:
    strategy = floor.strategy(**GUARD)
    chance = random.Random(7)
    for _ in range(25):
        word = chance.choice(["buy", "sell", "exit", "reverse", "add"])
        floor.send(strategy, action=word, quantity=str(chance.randint(1, 4)))
        for _ in range(3):
            floor.core.protector.tend_all()
        held = floor.held(strategy)
        assert sizes(floor, strategy) == (
            {"take_profit": abs(held), "stop_loss": abs(held)} if held else {}
        )
        assert len(live(floor)) == (2 if held else 0)
    assert floor.broker.position == floor.held(strategy)


def test_a_trailing_stop_guards_with_its_distance(floor: Floor) -> None:
    strategy = floor.strategy(trail={"value": "8", "unit": "ticks"})
    floor.send(strategy, action="buy", quantity="1")
    assert guards(floor, strategy)["trailing_stop"].trail == Decimal(2)


def test_each_book_is_guarded_by_its_own_entry(floor: Floor) -> None:
    guarded = floor.strategy("Guarded", **GUARD)
    bare = floor.strategy("Bare")
    floor.hold(guarded, "2")
    floor.hold(bare, "-1")
    assert sizes(floor, guarded) == {"take_profit": 2, "stop_loss": 2}
    assert guards(floor, bare) == {}


def test_a_new_entry_without_protection_is_not_guarded_by_an_old_one(floor: Floor) -> None:
    strategy = floor.strategy()
    floor.send(strategy, action="buy", quantity="1", stop_loss="20 ticks")
    floor.send(strategy, action="exit")
    floor.send(strategy, action="buy", quantity="1")
    assert guards(floor, strategy) == {}


# --- venues that do not take it -------------------------------------------------------------------


def test_e7_a_rejected_stop_is_shown_and_not_sent_for_ever(floor: Floor) -> None:
    strategy = floor.strategy(stop_loss={"value": "20", "unit": "ticks"})
    floor.broker.answers.extend([None, BrokerRejected("Too close.")])
    alert = floor.send(strategy, action="buy", quantity="1")
    floor.wait(120, step=5)
    assert len(floor.broker.sent) == 2
    stop = floor.orders(alert)[1]
    assert (stop.state, stop.reason) == (OrderState.REJECTED, "Too close.")
    shown = [fact for fact in floor.facts if fact.order_id == stop.id and fact.level is Level.ERROR]
    assert len(shown) == 1
    assert "stop" in shown[0].message
    assert alert.state is AlertState.EXECUTED


def test_a_rejected_stop_is_tried_again_when_the_position_has_another_size(floor: Floor) -> None:
    strategy = floor.strategy(stop_loss={"value": "20", "unit": "ticks"})
    floor.broker.answers.extend([None, BrokerRejected("Too close.")])
    floor.send(strategy, action="buy", quantity="2")
    floor.send(strategy, action="sell", quantity="1")
    assert sizes(floor, strategy) == {"stop_loss": 1}


def test_a_stop_rejected_on_one_account_is_still_placed_on_the_other(floor: Floor) -> None:
    other = floor.account("other")
    strategy = floor.strategy(
        accounts=[floor.desk, other], stop_loss={"value": "20", "unit": "ticks"}
    )
    floor.broker.answers.extend([None, BrokerRejected("Too close.")])
    floor.send(strategy, action="buy", quantity="1")
    assert live(floor) == []
    assert len(floor.venue.at(other.id).working) == 1


def test_e7_a_stop_that_did_not_reach_the_venue_is_tried_again_with_growing_rests(
    floor: Floor,
) -> None:
    strategy = floor.strategy(stop_loss={"value": "20", "unit": "ticks"})
    floor.broker.answers.extend([None, *[BrokerUnavailable("No route.")] * 3])
    floor.send(strategy, action="buy", quantity="1")
    tries = [len(floor.broker.sent) - 1]
    while not guards(floor, strategy):
        floor.wait(1)
        tries.append(len(floor.broker.sent) - 1)
    assert [tries.index(count) for count in (1, 2, 3, 4)] == [0, 5, 15, 35]
    assert sizes(floor, strategy) == {"stop_loss": 1}


def test_nothing_is_tried_again_once_the_position_is_closed(floor: Floor) -> None:
    strategy = floor.strategy(stop_loss={"value": "20", "unit": "ticks"})
    floor.broker.answers.extend([None, BrokerUnavailable("No route.")])
    floor.send(strategy, action="buy", quantity="1")
    floor.send(strategy, action="exit")
    sent = len(floor.broker.sent)
    floor.wait(30)
    assert len(floor.broker.sent) == sent


def test_a_stop_whose_answer_was_lost_is_found_and_adopted(floor: Floor) -> None:
    strategy = floor.strategy(stop_loss={"value": "20", "unit": "ticks"})
    floor.broker.answers.extend([None, Lost(kept=True)])
    floor.send(strategy, action="buy", quantity="1")
    assert guards(floor, strategy)["stop_loss"].state is OrderState.ACCEPTED
    assert len(floor.broker.sent) == 2


def test_a_stop_that_never_arrived_is_sent_again_under_its_id(floor: Floor) -> None:
    strategy = floor.strategy(stop_loss={"value": "20", "unit": "ticks"})
    floor.broker.answers.extend([None, Lost(kept=False)])
    floor.send(strategy, action="buy", quantity="1")
    floor.wait(4)
    assert live(floor) == []
    floor.wait(3)
    assert live(floor) == [floor.broker.sent[1].client_order_id]
    assert guards(floor, strategy)["stop_loss"].state is OrderState.ACCEPTED


def test_a_cancel_of_a_stop_whose_answer_was_lost_is_sent_again(floor: Floor) -> None:
    strategy = floor.strategy(stop_loss={"value": "20", "unit": "ticks"})
    floor.send(strategy, action="buy", quantity="2")
    floor.broker.cancel_answers.append(BrokerUnknown("The answer was lost."))
    floor.send(strategy, action="sell", quantity="1")
    assert guards(floor, strategy)["stop_loss"].state is OrderState.PENDING_CANCEL
    floor.wait(8)
    assert sizes(floor, strategy) == {"stop_loss": 1}
    assert len(live(floor)) == 1


def test_a_stop_that_was_cancelled_by_hand_stays_away(floor: Floor) -> None:
    strategy = floor.strategy(**GUARD)
    floor.send(strategy, action="buy", quantity="2")
    floor.core.desk.cancel_order(None, guards(floor, strategy)["stop_loss"].id)
    floor.wait(10)
    assert sizes(floor, strategy) == {"take_profit": 2}
    floor.send(strategy, action="sell", quantity="1")
    assert sizes(floor, strategy) == {"take_profit": 1}
    floor.send(strategy, action="exit")
    floor.send(strategy, action="buy", quantity="1")
    assert sizes(floor, strategy) == {"take_profit": 1, "stop_loss": 1}


def test_a_stop_that_the_venue_would_not_cancel_by_hand_is_still_ours_to_resize(
    floor: Floor,
) -> None:
    strategy = floor.strategy(stop_loss={"value": "20", "unit": "ticks"})
    floor.send(strategy, action="buy", quantity="2")
    floor.broker.cancel_answers.append(BrokerRejected("Not now."))
    floor.core.desk.cancel_order(None, guards(floor, strategy)["stop_loss"].id)
    floor.send(strategy, action="sell", quantity="1")
    assert sizes(floor, strategy) == {"stop_loss": 1}


# --- starts ---------------------------------------------------------------------------------------


def test_a_position_that_lost_its_protection_is_guarded_again_after_a_start(floor: Floor) -> None:
    strategy = floor.strategy(**GUARD)
    floor.broker.fills_at_once = False
    alert = floor.send(strategy, action="buy", quantity="2")
    floor.broker.fill(floor.orders(alert)[0].client_order_id)
    while floor.core.settler.settle():
        pass
    again = restarted(floor)
    assert sizes(again, strategy) == {"take_profit": 2, "stop_loss": 2}
    again.core.close()


def test_c12_a_stop_that_filled_while_the_server_was_down_is_booked_once_at_its_start(
    floor: Floor,
) -> None:
    strategy = floor.strategy(**GUARD)
    floor.send(strategy, action="buy", quantity="2")
    stop = guards(floor, strategy)[OrderRole.STOP_LOSS]
    floor.broker.tells = False
    floor.broker.fill(stop.client_order_id, price="4995")
    floor.broker.tells = True
    again = restarted(floor)
    assert again.held(strategy) == 0
    assert again.working(strategy) == []
    assert live(again) == []
    third = restarted(again)
    with third.core.store.read() as uow:
        assert len(uow.fills.of_book(third.book(strategy))) == 2
    third.core.close()


def test_a_venue_that_will_not_cancel_a_stop_is_not_asked_without_end(floor: Floor) -> None:
    strategy = floor.strategy(stop_loss={"value": "20", "unit": "ticks"})
    floor.send(strategy, action="buy", quantity="2")
    floor.broker.cancel_answers.extend([BrokerRejected("Not now.")] * 1000)
    floor.post(strategy, action="sell", quantity="1")
    floor.executor.step(floor.clock.now())
    floor.queue.run()
    assert 0 < len(floor.broker.cancelled) <= 20
    floor.broker.cancel_answers.clear()
    floor.wait(2)
    assert sizes(floor, strategy) == {"stop_loss": 1}


def test_an_entry_that_no_decision_speaks_of_has_no_protection(floor: Floor) -> None:
    strategy = floor.strategy(**GUARD)
    alert = floor.send(strategy, action="buy", quantity="2")
    entry = floor.orders(alert)[0]
    with floor.core.store.read() as uow:
        assert guard_of(uow, floor.book(strategy)) is not None
    decision = floor.decision(alert)
    with floor.core.store.write() as uow:
        uow.decisions.save(replace(decision, settings={}))
        assert guard_of(uow, floor.book(strategy)) is None
        strange = replace(
            entry, id=floor.core.ids(), client_order_id="strange", alert_id=None, leg="strange"
        )
        uow.orders.insert(strange)
        assert guard_of(uow, floor.book(strategy)) is None


def test_d1_an_execution_looks_after_its_own_book_alone(floor: Floor) -> None:
    guarded = floor.strategy("Guarded", **GUARD)
    entry = floor.send(guarded, action="buy", quantity="1", order_type="limit", limit_price="4990")
    floor.broker.fill(floor.orders(entry)[0].client_order_id)
    other = floor.strategy("Other", **GUARD)
    answer = floor.post(other, action="buy", quantity="2")
    alert = floor.alert(str(answer.body["alert_id"]))
    assert floor.core.trader.advance(alert, floor.desk.id) is Progress.DONE
    assert sizes(floor, other) == {"take_profit": 2, "stop_loss": 2}
    assert (floor.held(guarded), guards(floor, guarded)) == (Decimal(1), {})
    assert floor.core.protector.due() == {floor.desk.id}
    floor.core.protector.tend("elsewhere")
    assert guards(floor, guarded) == {}
    floor.core.protector.tend(floor.desk.id)
    assert sizes(floor, guarded) == {"take_profit": 1, "stop_loss": 1}
