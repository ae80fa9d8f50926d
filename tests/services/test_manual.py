"""By hand: tickets, closes and cancels take the same way as every alert."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from app.domain.errors import Conflict, InvalidInput, NotFound
from app.domain.inbox import AlertSource, AlertState
from app.domain.orders import OrderState, OrderType, Side, TimeInForce
from app.domain.strategies import StrategyKind, StrategyState
from app.services.manual import Ticket
from tests.support.floor import ES, Floor


def ticket(floor: Floor, **changes: object) -> Ticket:
    made = Ticket(floor.desk.id, "ES", Side.BUY, Decimal(2))
    return replace(made, **changes)  # type: ignore[arg-type]


def test_a_ticket_trades_in_the_accounts_manual_book(floor: Floor) -> None:
    alert = floor.core.desk.ticket(None, ticket(floor))
    floor.work()
    done = floor.alert(alert.id)
    assert (done.state, done.source) == (AlertState.EXECUTED, AlertSource.MANUAL)
    with floor.core.store.read() as uow:
        manual = uow.strategies.manual_of(floor.desk.id)
    assert manual is not None
    assert manual.kind is StrategyKind.MANUAL
    assert floor.held(manual) == 2


def test_a_ticket_wakes_the_executor(floor: Floor) -> None:
    rings: list[int] = []
    floor.core.work_arrived.to(lambda: rings.append(1))
    floor.core.desk.ticket(None, ticket(floor))
    assert rings == [1]


def test_a_ticket_for_a_strategy_trades_in_its_book_and_within_its_limits(floor: Floor) -> None:
    strategy = floor.strategy(max_position="1")
    floor.core.desk.ticket(None, ticket(floor, strategy_id=strategy.id))
    floor.work()
    assert floor.held(strategy) == 1


def test_a_persons_own_order_passes_the_strategys_filters_also_when_it_crosses_zero(
    floor: Floor,
) -> None:
    strategy = floor.strategy(allowed_side="buy", cooldown_s=600, max_alerts_per_session=1)
    floor.hold(strategy, "1")
    floor.core.strategies.set_state(None, strategy.id, StrategyState.OFF)
    alert = floor.core.desk.ticket(None, ticket(floor, strategy_id=strategy.id, side=Side.SELL))
    floor.work()
    assert floor.alert(alert.id).state is AlertState.EXECUTED
    assert [order.leg for order in floor.orders(alert)] == ["close", "open"]
    assert floor.held(strategy) == -1


def test_a_persons_own_order_does_not_pass_a_halt(floor: Floor) -> None:
    floor.halt()
    alert = floor.core.desk.ticket(None, ticket(floor))
    floor.work()
    assert floor.alert(alert.id).code == "TRADING_HALTED"
    assert floor.broker.sent == []


def test_a_ticket_keeps_its_type_prices_and_time_in_force(floor: Floor) -> None:
    alert = floor.core.desk.ticket(
        None,
        ticket(
            floor,
            order_type=OrderType.STOP_LIMIT,
            limit_price=Decimal("5010.25"),
            stop_price=Decimal(5010),
            time_in_force=TimeInForce.DAY,
        ),
    )
    floor.work()
    order = floor.orders(floor.alert(alert.id))[0]
    assert (order.type, order.limit_price, order.stop_price, order.time_in_force) == (
        OrderType.STOP_LIMIT,
        Decimal("5010.25"),
        Decimal(5010),
        TimeInForce.DAY,
    )


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"quantity": Decimal(0)}, "quantity"),
        ({"quantity": Decimal(-1)}, "quantity"),
        ({"order_type": OrderType.LIMIT}, "limit_price"),
        ({"order_type": OrderType.STOP}, "stop_price"),
        ({"order_type": OrderType.STOP_LIMIT, "limit_price": Decimal(5000)}, "stop_price"),
    ],
)
def test_a_ticket_that_lacks_something_names_the_field_and_sends_nothing(
    floor: Floor, changes: dict[str, object], field: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        floor.core.desk.ticket(None, ticket(floor, **changes))
    assert list(refused.value.fields) == [field]
    floor.work()
    assert floor.broker.sent == []


def test_a_ticket_for_a_symbol_that_is_none_is_refused(floor: Floor) -> None:
    with pytest.raises(InvalidInput):
        floor.core.desk.ticket(None, ticket(floor, symbol="QQQQQQQ9"))


def test_a_ticket_on_an_account_that_the_strategy_does_not_trade_is_refused(floor: Floor) -> None:
    strategy = floor.strategy()
    with pytest.raises(InvalidInput) as refused:
        floor.core.desk.ticket(
            None, ticket(floor, account_id=floor.paper.id, strategy_id=strategy.id)
        )
    assert list(refused.value.fields) == ["account_id"]


@pytest.mark.parametrize("changes", [{"account_id": "none"}, {"strategy_id": "none"}])
def test_a_ticket_for_nothing_that_exists_is_not_found(
    floor: Floor, changes: dict[str, object]
) -> None:
    with pytest.raises(NotFound):
        floor.core.desk.ticket(None, ticket(floor, **changes))


def test_f6_another_users_account_strategy_position_and_order_are_not_found(floor: Floor) -> None:
    strategy = floor.strategy()
    floor.hold(strategy, "1")
    resting = floor.send(
        strategy, action="buy", quantity="1", order_type="limit", limit_price="4990"
    )
    desk = floor.core.desk
    with pytest.raises(NotFound):
        desk.ticket("somebody", ticket(floor))
    with pytest.raises(NotFound):
        desk.close_position("somebody", floor.book(strategy))
    with pytest.raises(NotFound):
        desk.cancel_order("somebody", floor.orders(resting)[0].id)
    with pytest.raises(NotFound):
        desk.cancel_order(None, "none")


def test_f6_another_users_strategy_is_not_found_on_an_account_of_ones_own(floor: Floor) -> None:
    strategy = floor.strategy()
    ann = floor.core.users.create("ann", "correct horse battery")
    bob = floor.core.users.create("bob", "correct horse battery")
    own = floor.core.accounts.create_paper(bob.id, "own")
    assert floor.core.strategies.get(ann.id, strategy.id).user_id == ann.id
    with pytest.raises(NotFound, match="strategy"):
        floor.core.desk.ticket(bob.id, ticket(floor, account_id=own.id, strategy_id=strategy.id))


def test_a_position_is_closed_at_the_market(floor: Floor) -> None:
    strategy = floor.strategy()
    floor.hold(strategy, "-3")
    alert = floor.core.desk.close_position(None, floor.book(strategy))
    floor.work()
    assert floor.alert(alert.id).state is AlertState.EXECUTED
    assert floor.held(strategy) == 0
    assert floor.broker.position == 0


def test_a_position_that_is_not_there_cannot_be_closed(floor: Floor) -> None:
    strategy = floor.strategy()
    with pytest.raises(Conflict, match=ES):
        floor.core.desk.close_position(None, floor.book(strategy))


def test_a_working_order_is_cancelled_and_an_ended_one_is_a_conflict(floor: Floor) -> None:
    strategy = floor.strategy()
    alert = floor.send(strategy, action="buy", quantity="1", order_type="limit", limit_price="4990")
    order = floor.orders(alert)[0]
    floor.core.desk.cancel_order(None, order.id)
    assert floor.orders(alert)[0].state is OrderState.CANCELED
    with pytest.raises(Conflict, match="canceled"):
        floor.core.desk.cancel_order(None, order.id)
