"""Protective orders follow the position: never two of a kind, never an old side (E1 to E8)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.orders import Order, OrderRole, OrderState, OrderType, Side, TimeInForce
from app.domain.protection import Cancel, Place, Protection, changes, desired
from tests.support.trading import ES, offset, order

BOTH = Protection(offset("40 ticks"), offset("20 ticks"))
ENTRY = Decimal(5000)


def wanted(
    working: Sequence[Order], quantity: str = "2", protection: Protection = BOTH
) -> list[str]:
    """Return what to do in words: "place take_profit 2", "cancel o1"."""
    found = changes(Decimal(quantity), ENTRY, protection, working, ES)
    return [
        f"place {each.leg.role} {each.leg.quantity}"
        if isinstance(each, Place)
        else f"cancel {each.order.id}"
        for each in found
    ]


def profit(
    quantity: str = "2",
    *,
    side: Side = Side.SELL,
    state: OrderState = OrderState.ACCEPTED,
    filled: str = "0",
    limit: str = "5010",
    name: str = "tp",
) -> Order:
    role = OrderRole.TAKE_PROFIT
    return order(role, state, side, quantity, filled=filled, limit=limit, name=name)


def loss(
    quantity: str = "2",
    *,
    side: Side = Side.SELL,
    state: OrderState = OrderState.ACCEPTED,
    stop: str = "4995",
    name: str = "sl",
) -> Order:
    return order(OrderRole.STOP_LOSS, state, side, quantity, stop=stop, name=name)


def test_a_new_position_gets_its_orders() -> None:
    assert wanted([]) == ["place take_profit 2", "place stop_loss 2"]


@pytest.mark.parametrize(
    ("quantity", "side"), [("2", Side.SELL), ("-2", Side.BUY)], ids=["long", "short"]
)
def test_protective_orders_are_reduce_only_and_good_till_cancelled(
    quantity: str, side: Side
) -> None:
    legs = desired(Decimal(quantity), ENTRY, BOTH, ES)
    assert [leg.type for leg in legs] == [OrderType.LIMIT, OrderType.STOP]
    for leg in legs:
        assert (leg.side, leg.quantity, leg.reduce_only) == (side, Decimal(2), True)
        assert leg.time_in_force is TimeInForce.GTC
        assert leg.role.protective


def test_a_trailing_stop_carries_its_distance() -> None:
    (leg,) = desired(Decimal(2), ENTRY, Protection(trail=offset("8 ticks")), ES)
    assert (leg.type, leg.trail, leg.role) == (
        OrderType.TRAILING_STOP,
        Decimal(2),
        OrderRole.TRAILING_STOP,
    )


def test_nothing_guards_a_flat_book_or_one_without_an_average_price() -> None:
    assert desired(Decimal(0), None, BOTH, ES) == ()
    assert desired(Decimal(2), None, BOTH, ES) == ()


def test_many_looks_at_a_guarded_position_change_nothing() -> None:
    assert wanted([profit(), loss()]) == []


def test_the_quantity_follows_what_is_filled_and_the_old_order_goes_first() -> None:
    assert wanted([profit("1"), loss("1")]) == ["cancel tp", "cancel sl"]
    cancelling = profit("1", state=OrderState.PENDING_CANCEL)
    assert wanted([cancelling, loss()]) == []
    assert wanted([loss()]) == ["place take_profit 2"]


def test_a_partly_filled_take_profit_that_matches_the_rest_stays() -> None:
    partly = profit("2", filled="1", state=OrderState.PARTIALLY_FILLED)
    assert wanted([partly, loss("1")], quantity="1") == []


def test_a_new_average_price_moves_the_orders() -> None:
    assert wanted([profit(limit="5009"), loss()]) == ["cancel tp"]


def test_surplus_orders_are_cancelled_and_the_right_one_stays() -> None:
    assert wanted([profit(name="a"), profit(name="b"), loss()]) == ["cancel b"]


def test_everything_goes_when_the_position_is_flat() -> None:
    assert wanted([profit(), loss()], quantity="0") == ["cancel tp", "cancel sl"]


def test_a_flip_leaves_no_order_of_the_old_side() -> None:
    assert wanted([profit(), loss()], quantity="-2") == ["cancel tp", "cancel sl"]
    assert wanted([], quantity="-2") == ["place take_profit 2", "place stop_loss 2"]


def test_a_trail_replaces_a_stop_only_when_that_is_gone() -> None:
    trail = Protection(trail=offset("8 ticks"))
    assert wanted([loss()], protection=trail) == ["cancel sl"]
    leaving = loss(state=OrderState.PENDING_CANCEL)
    assert wanted([leaving], protection=trail) == []
    assert wanted([], protection=trail) == ["place trailing_stop 2"]


@pytest.mark.parametrize("state", [OrderState.UNKNOWN, OrderState.SUBMITTING])
def test_an_order_whose_answer_is_open_is_neither_doubled_nor_cancelled(state: OrderState) -> None:
    assert wanted([profit("1", state=state), loss()]) == []


def test_entries_and_finished_orders_are_not_looked_at() -> None:
    done = profit(state=OrderState.FILLED)
    assert wanted([order(), done, loss()]) == ["place take_profit 2"]


ROLES = st.sampled_from([OrderRole.TAKE_PROFIT, OrderRole.STOP_LOSS, OrderRole.TRAILING_STOP])
STATES = st.sampled_from([state for state in OrderState if state.working])
PROTECTIONS = st.sampled_from(
    [BOTH, Protection(), Protection(trail=offset("8 ticks")), Protection(offset("1%"))]
)
QUANTITIES = st.integers(-3, 3).map(Decimal)


@given(
    st.lists(st.builds(order, ROLES, STATES, st.sampled_from(Side), st.sampled_from("123"))),
    st.lists(st.tuples(QUANTITIES, PROTECTIONS), min_size=1, max_size=6),
)
def test_orders_never_pile_up_and_settle_on_exactly_what_is_wanted(
    working: list[Order], turns: list[tuple[Decimal, Protection]]
) -> None:
    live = [replace(each, id=f"o{index}") for index, each in enumerate(working)]
    quantity, protection = Decimal(0), Protection()
    for quantity, protection in turns:
        live = turn(live, quantity, protection)
    live = [each for each in live if each.state not in {OrderState.UNKNOWN, OrderState.SUBMITTING}]
    for _ in range(3):
        live = turn(live, quantity, protection)
    legs = desired(quantity, ENTRY, protection, ES)
    assert sorted((leg.role, leg.quantity) for leg in legs) == sorted(
        (each.role, each.remaining) for each in live
    )


def turn(live: list[Order], quantity: Decimal, protection: Protection) -> list[Order]:
    """Do what is asked, and let the venue confirm every cancel that is asked for."""
    kinds = {each.role is OrderRole.TAKE_PROFIT for each in live}
    found = changes(quantity, ENTRY, protection, live, ES)
    placed = [each.leg for each in found if isinstance(each, Place)]
    assert not kinds & {leg.role is OrderRole.TAKE_PROFIT for leg in placed}
    gone = {each.order.id for each in found if isinstance(each, Cancel)}
    gone |= {each.id for each in live if each.state is OrderState.PENDING_CANCEL}
    new = [
        replace(
            order(leg.role, side=leg.side, quantity=str(leg.quantity), name=f"n{leg.role}"),
            limit_price=leg.limit_price,
            stop_price=leg.stop_price,
            trail=leg.trail,
        )
        for leg in placed
    ]
    return [each for each in live if each.id not in gone] + new
