"""Orders with their histories, and fills that are booked once."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from app.domain.errors import Conflict, NotFound
from app.domain.orders import (
    EXTERNAL,
    OrderEvent,
    OrderRole,
    OrderState,
    OrderType,
    Side,
    TimeInForce,
)
from app.services.ports import OrderStep
from app.store.unit_of_work import SqlStore
from tests.support.records import (
    ACCOUNT,
    BOOK,
    NOON,
    SECOND,
    STRATEGY,
    alert,
    fill,
    furnish,
    order,
)


@pytest.fixture(autouse=True)
def furnished(store: SqlStore) -> None:
    furnish(store)
    with store.write() as unit:
        unit.alerts.insert(alert(1))
        unit.accounts.insert(replace(ACCOUNT, id="account-2", name="second"))
        unit.strategies.insert(replace(STRATEGY, id="strategy-2", name="Other"))


WHOLE = order(
    1,
    side=Side.SELL,
    type=OrderType.STOP_LIMIT,
    time_in_force=TimeInForce.IOC,
    role=OrderRole.STOP_LOSS,
    state=OrderState.PARTIALLY_FILLED,
    alert_id="alert-0001",
    limit_price=Decimal("5000.25"),
    stop_price=Decimal("-3.5"),
    trail=Decimal("0.00000001"),
    reduce_only=True,
    filled_quantity=Decimal("0.5"),
    average_price=Decimal("5000.123456789012345678"),
    venue_order_id="V1",
    reason_code="WHY",
    reason="Because.",
    signal_price=Decimal(5001),
)


def test_an_order_is_kept_whole(store: SqlStore) -> None:
    with store.write() as unit:
        unit.orders.insert(WHOLE)
    with store.read() as unit:
        assert unit.orders.get("order-0001") == WHOLE
        assert unit.orders.by_client_id("sb-1") == WHOLE
        assert unit.orders.of_alert("alert-0001") == [WHOLE]
        assert unit.orders.get("nothing") is None
        assert unit.orders.by_client_id("nothing") is None


def test_the_same_leg_is_never_a_second_order(store: SqlStore) -> None:
    with store.write() as unit:
        unit.orders.insert(order(1))
    with pytest.raises(Conflict), store.write() as unit:
        unit.orders.insert(order(2, client_order_id="sb-1"))
    with store.read() as unit:
        assert unit.orders.get("order-0002") is None


def test_a_step_changes_the_order_and_is_remembered(store: SqlStore) -> None:
    first = order(1, state=OrderState.SUBMITTING)
    accepted = replace(
        first, state=OrderState.ACCEPTED, updated_at=NOON + SECOND, venue_order_id="V1"
    )
    filled = replace(
        accepted,
        state=OrderState.FILLED,
        updated_at=NOON + 2 * SECOND,
        filled_quantity=Decimal(2),
        average_price=Decimal("5000.5"),
    )
    steps = [
        OrderStep(
            first.id, NOON + SECOND, OrderEvent.ACCEPT, OrderState.SUBMITTING, OrderState.ACCEPTED
        ),
        OrderStep(
            first.id,
            NOON + 2 * SECOND,
            OrderEvent.FILL,
            OrderState.ACCEPTED,
            OrderState.FILLED,
            "2 at 5000.5",
        ),
    ]
    with store.write() as unit:
        unit.orders.insert(first)
        unit.orders.update(accepted, steps[0])
        unit.orders.update(filled, steps[1])
        unit.orders.update(filled, None)
    with store.read() as unit:
        assert unit.orders.get(first.id) == filled
        assert unit.orders.history(first.id) == steps
        assert unit.orders.history("order-0002") == []


def test_what_an_order_is_does_not_change_with_its_state(store: SqlStore) -> None:
    with store.write() as unit:
        unit.orders.insert(order(1))
        unit.orders.update(replace(order(1), symbol="NQZ2026", side=Side.SELL), None)
    with store.read() as unit:
        assert unit.orders.get("order-0001") == order(1)


def test_changing_an_order_that_does_not_exist_is_said(store: SqlStore) -> None:
    with pytest.raises(NotFound), store.write() as unit:
        unit.orders.update(order(1), None)


def test_working_orders_are_those_that_may_still_fill(store: SqlStore) -> None:
    with store.write() as unit:
        for number, state in enumerate(OrderState):
            unit.orders.insert(order(number, state=state))
    with store.read() as unit:
        found = unit.orders.working()
    assert [each.state for each in found] == [state for state in OrderState if state.working]


def test_working_orders_are_found_by_strategy_account_and_symbol(store: SqlStore) -> None:
    with store.write() as unit:
        unit.orders.insert(order(1))
        unit.orders.insert(order(2, strategy_id="strategy-2"))
        unit.orders.insert(order(3, account_id="account-2"))
        unit.orders.insert(order(4, symbol="NQZ2026"))
        unit.orders.insert(order(5, strategy_id=None))
    with store.read() as unit:

        def numbers(*where: str | None) -> list[int]:
            return [int(each.id[-4:]) for each in unit.orders.working(*where)]

        assert numbers() == [1, 2, 3, 4, 5]
        assert numbers("strategy-1") == [1, 3, 4]
        assert numbers(None, "account-1") == [1, 2, 4, 5]
        assert numbers(None, None, "NQZ2026") == [4]
        assert numbers("strategy-1", "account-1", "ESZ2026") == [1]


def test_the_last_entry_is_the_newest_that_filled_at_least_in_part(store: SqlStore) -> None:
    part = {"filled_quantity": Decimal(1)}
    with store.write() as unit:
        assert unit.orders.last_entry(BOOK) is None
        unit.orders.insert(order(1, **part))
        unit.orders.insert(order(2, **part))
        unit.orders.insert(order(3))
        unit.orders.insert(order(4, **part, role=OrderRole.EXIT))
        unit.orders.insert(order(5, **part, symbol="NQZ2026"))
        found = unit.orders.last_entry(BOOK)
    assert found is not None
    assert found.id == "order-0002"


def test_openings_of_an_account_are_those_that_were_sent_from_an_instant_on(
    store: SqlStore,
) -> None:
    withdrawn = {"state": OrderState.EXPIRED, "reason_code": "EXPIRED_BEFORE_SENDING"}
    with store.write() as unit:
        unit.orders.insert(order(1))
        unit.orders.insert(order(2, state=OrderState.REJECTED))
        unit.orders.insert(order(3, state=OrderState.EXPIRED))
        unit.orders.insert(order(4, created_at=NOON - SECOND))
        unit.orders.insert(order(5, reduce_only=True))
        unit.orders.insert(order(6, state=OrderState.DENIED))
        unit.orders.insert(order(7, **withdrawn))
        unit.orders.insert(order(8, leg=EXTERNAL))
        unit.orders.insert(order(9, account_id="account-2"))
    with store.read() as unit:
        assert unit.orders.count_openings(ACCOUNT.id, NOON) == 3
        assert unit.orders.count_openings(ACCOUNT.id, NOON, but="order-0001") == 2
        assert unit.orders.count_openings(ACCOUNT.id, NOON - SECOND) == 4


def test_a_fill_is_booked_once_for_each_account(store: SqlStore) -> None:
    with store.write() as unit:
        assert unit.fills.insert(fill(1), Decimal(0), NOON)
        assert not unit.fills.insert(fill(1, price=Decimal(1)), Decimal(5), NOON)
        assert unit.fills.insert(fill(1, account_id="account-2"), Decimal(0), NOON)
        assert unit.fills.of_book(BOOK) == [fill(1)]


def test_fills_of_a_book_come_in_their_own_order(store: SqlStore) -> None:
    with store.write() as unit:
        unit.orders.insert(order(1))
        late = [
            fill(3, order_id="order-0001", base_fee=Decimal("0.001")),
            fill(9, at=NOON + SECOND, side=Side.SELL),
            fill(1, order_id="order-0001"),
            fill(2, symbol="NQZ2026"),
            fill(4, strategy_id=None),
        ]
        for each in late:
            unit.fills.insert(each, Decimal(0), NOON)
        assert unit.fills.of_book(BOOK) == [late[2], late[1], late[0]]
        assert unit.fills.of_order("order-0001") == [late[2], late[0]]
        booked = unit.fills.booked("order-0001")
        assert [each.fill for each in booked] == [late[2], late[0]]
        assert {each.booked_at for each in booked} == {NOON}


def test_fills_of_an_account_are_found_from_an_instant_on(store: SqlStore) -> None:
    other = replace(fill(4), account_id="account-2")
    with store.write() as unit:
        for each in (fill(1), fill(2), fill(3), other):
            unit.fills.insert(each, Decimal(0), NOON)
    with store.read() as unit:
        assert unit.fills.since("account-1", fill(2).at) == [fill(2), fill(3)]
        assert unit.fills.since("account-2", fill(1).at) == [other]


def test_what_fills_realised_is_added_up_exactly_after_fees(store: SqlStore) -> None:
    large = Decimal("123456789012345.000000000000000001")
    with store.write() as unit:
        unit.fills.insert(fill(1), Decimal(100), NOON)
        unit.fills.insert(fill(2), large, NOON)
        unit.fills.insert(fill(3, strategy_id="strategy-2"), Decimal(10), NOON)
        unit.fills.insert(fill(4, account_id="account-2", strategy_id=None), Decimal(1), NOON)

        def since(strategy: str | None, account: str | None, second: int) -> Decimal:
            return unit.fills.realised_since(strategy, account, NOON + second * SECOND)

        assert since("strategy-1", "account-1", 2) == Decimal("123456789012340.500000000000000001")
        assert since("strategy-2", None, 0) == Decimal("5.5")
        assert since(None, "account-2", 0) == Decimal("-3.5")
        assert since(None, None, 3) == Decimal(2)
        assert since(None, None, 5) == Decimal(0)


def test_a_late_fill_corrects_what_another_realised(store: SqlStore) -> None:
    with store.write() as unit:
        unit.fills.insert(fill(1), Decimal(100), NOON)
        unit.fills.set_realised(fill(1), Decimal("-50.25"))
        assert unit.fills.realised_since(None, None, NOON) == Decimal("-54.75")
    with pytest.raises(NotFound), store.write() as unit:
        unit.fills.set_realised(fill(2), Decimal(1))
