"""What somebody else did at the venue, and what we missed: booked once, each into its own book."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from app.domain.accounts import Account
from app.domain.events import FactKind
from app.domain.inbox import AlertState
from app.domain.orders import OrderEvent, OrderRole, OrderState
from app.domain.strategies import Strategy
from app.services.ports import BookKey
from tests.support.floor import Floor, open_floor, restarted
from tests.support.reconciling import (
    account_book,
    drifts,
    held_by,
    look,
    look_until_sure,
    manual,
    order_named,
    told,
)


@pytest.fixture
def strategy(floor: Floor) -> Strategy:
    return floor.strategy()


def fills_of(floor: Floor, strategy: Strategy, account: Account | None = None) -> list[str]:
    """The venue's ids of the fills in the strategy's book."""
    with floor.core.store.read() as uow:
        return [fill.venue_fill_id for fill in uow.fills.of_book(floor.book(strategy, account))]


def test_f21_a_trade_by_hand_goes_into_the_manual_book(floor: Floor, strategy: Strategy) -> None:
    floor.hold(strategy, "2")
    before = floor.core.store
    with before.read() as uow:
        book = uow.positions.get(floor.book(strategy))
    name = floor.broker.by_hand("1", "5010")
    look_until_sure(floor)
    with before.read() as uow:
        assert uow.positions.get(floor.book(strategy)) == book
        own = uow.positions.get(BookKey(manual(floor).id, floor.desk.id, "ESZ2026")).position
    assert own.quantity == 1
    assert own.average_price == 5010
    assert drifts(floor) == []
    order = order_named(floor, name)
    assert (order.leg, order.role, order.alert_id) == ("external", OrderRole.MANUAL, None)
    assert order.state is OrderState.FILLED
    assert len(told(floor, FactKind.EXTERNAL_TRADE)) == 1


def test_j6_a_trade_by_hand_leaves_strategies_alone(floor: Floor, strategy: Strategy) -> None:
    floor.hold(strategy, "2")
    fills = fills_of(floor, strategy)
    floor.broker.by_hand("-2")
    look_until_sure(floor)
    assert held_by(floor, strategy) == ["2", "-2"]
    assert fills_of(floor, strategy) == fills
    assert account_book(floor) == floor.broker.position == 0
    (message,) = told(floor, FactKind.EXTERNAL_TRADE)
    assert message.endswith(
        "It goes against what is held by Breakout (2): their exits will still trade."
    )


def test_j6_a_fill_that_comes_again_is_booked_once(floor: Floor) -> None:
    floor.broker.by_hand("1")
    for _ in range(4):
        look_until_sure(floor)
    assert floor.held(manual(floor)) == 1
    assert len(fills_of(floor, manual(floor))) == 1


def test_a_trade_by_hand_that_is_told_is_looked_into_at_once(floor: Floor) -> None:
    look(floor)
    assert floor.core.reconciler.due() == [floor.paper.id]
    floor.broker.by_hand("1")
    floor.work()
    assert floor.desk.id in floor.core.reconciler.due()


def test_an_order_by_hand_that_rests_is_shown_fills_into_the_manual_book_and_can_be_cancelled(
    floor: Floor, strategy: Strategy
) -> None:
    first, second = floor.broker.rest_by_hand("3"), floor.broker.rest_by_hand("-1")
    look(floor)
    assert [order_named(floor, name).state for name in (first, second)] == [OrderState.ACCEPTED] * 2
    assert order_named(floor, first).limit_price == 5000
    floor.broker.fill(first, "1")
    floor.work()
    assert order_named(floor, first).state is OrderState.PARTIALLY_FILLED
    assert floor.held(manual(floor)) == 1
    floor.core.desk.cancel_order(None, order_named(floor, second).id)
    assert floor.broker.cancelled == [second]
    assert order_named(floor, second).state is OrderState.CANCELED
    floor.send(strategy, action="buy", quantity="1")
    assert floor.broker.cancelled == [second]


def test_a_ticket_of_ours_cancels_no_order_by_hand(floor: Floor) -> None:
    name = floor.broker.rest_by_hand("3")
    look(floor)
    with floor.core.store.write() as uow:
        book = manual(floor)
        body = b'{"action": "buy", "symbol": "ESZ2026", "quantity": "1"}'
        floor.core.inbox.enqueue(uow, book.id, None, body, "by hand")
    floor.work()
    assert floor.held(manual(floor)) == 1
    assert order_named(floor, name).state is OrderState.ACCEPTED


def test_two_accounts_with_orders_of_the_same_name_keep_them_apart(floor: Floor) -> None:
    other = floor.account("other")
    floor.broker.by_hand("1", name="1")
    floor.venue.at(other.id).by_hand("-2", name="1")
    look(floor)
    look(floor, other)
    floor.venue.at(other.id).fill("1", "1")
    look(floor, other)
    assert floor.held(manual(floor)) == 1
    assert floor.held(manual(floor, other), other) == -3


def test_a_trade_in_what_we_do_not_know_is_a_difference_and_breaks_nothing(
    floor: Floor, strategy: Strategy
) -> None:
    floor.broker.by_hand("1", symbol="N O T H I N G !")
    look_until_sure(floor)
    assert [drift.symbol for drift in drifts(floor)] == ["N O T H I N G !"]
    assert floor.send(strategy, action="buy", quantity="1").state is AlertState.EXECUTED


def test_c12_a_fill_of_ours_that_was_not_reported_is_booked_once_with_the_venues_time(
    floor: Floor, strategy: Strategy
) -> None:
    floor.broker.fills_at_once = False
    alert = floor.send(strategy, action="buy", quantity="2")
    look(floor)
    floor.broker.tells = False
    floor.clock.advance(30)
    at = floor.clock.now()
    floor.broker.fill(floor.orders(alert)[0].client_order_id, "2", "4990")
    floor.clock.advance(45)
    look_until_sure(floor)
    with floor.core.store.read() as uow:
        fills = uow.fills.of_book(floor.book(strategy))
    assert [(fill.at, str(fill.price)) for fill in fills] == [(at, "4990")]
    assert floor.orders(alert)[0].state is OrderState.FILLED
    assert told(floor, FactKind.EXTERNAL_TRADE) == []


def test_an_order_of_ours_that_ended_unheard_is_ended(floor: Floor, strategy: Strategy) -> None:
    floor.broker.fills_at_once = False
    alert = floor.send(strategy, action="buy", quantity="2")
    floor.broker.tells = False
    floor.broker.end(floor.orders(alert)[0].client_order_id, OrderEvent.EXPIRE, "End of day.")
    look(floor)
    assert floor.orders(alert)[0].state is OrderState.EXPIRED
    assert drifts(floor) == []


@pytest.fixture
def put_back(floor: Floor, strategy: Strategy, tmp_path: Path) -> Floor:
    """A floor whose books went back to before its last alert was executed; its venue is ahead."""
    answer = floor.post(strategy, action="buy", quantity="2")
    assert answer.status == 202
    folder = floor.core.settings.data_dir
    backup = Path(shutil.copytree(folder, tmp_path / "backup"))
    floor.work()
    assert floor.held(strategy) == 2
    floor.clock.advance(30)
    floor.core.close()
    shutil.rmtree(folder)
    shutil.move(backup, folder)
    again = open_floor(folder, floor.clock, floor.venue)
    again.keys.update(floor.keys)
    return again


def test_c21_orders_from_before_a_restore_are_imported_and_the_alert_makes_no_second_one(
    put_back: Floor, strategy: Strategy
) -> None:
    floor = put_back
    again = restarted(floor)
    again.work()
    sent = len(again.broker.sent)
    assert sent == 1
    assert held_by(again, strategy) == ["0", "2"]
    assert account_book(again) == again.broker.position == 2
    with again.core.store.read() as uow:
        (alert,) = [
            found
            for fact in uow.facts.after(0, 100)
            if fact.alert_id and (found := uow.alerts.get(fact.alert_id)) is not None
        ][:1]
    assert (alert.state, alert.code) == (AlertState.FAILED, "ORDER_IMPORTED")
    assert drifts(again) == []
    again.core.close()
