from __future__ import annotations

import random
from dataclasses import astuple, replace
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.errors import InvariantBroken
from app.domain.orders import Fill, Side
from app.domain.positions import (
    FLAT,
    Lot,
    Lots,
    Position,
    apply,
    closing_part,
    converted,
    effect,
    fifo,
    fold,
    history,
    ordered,
    pair,
    unrealised,
)
from tests.support.fills import MONDAY, books, fill, fills, multipliers, prices

ES = Decimal(50)
ONE = Decimal(1)


def steps(booked: list[Fill], multiplier: Decimal) -> list[Position]:
    positions = [FLAT]
    for each in booked:
        positions.append(apply(positions[-1], each, multiplier))
    return positions[1:]


def test_a_buy_from_flat_opens_at_its_price() -> None:
    position = apply(FLAT, fill("2", "7225.25", "4.1"), ES)
    assert position.quantity == 2
    assert position.average_price == Decimal("7225.25")
    assert position.realised_gross == 0
    assert position.realised_net == Decimal("-4.1")
    assert position.opened_at == MONDAY
    assert position.fills == 1


def test_a_scale_in_averages_the_cost_without_the_multiplier() -> None:
    position = fold(fills(("1", "100"), ("3", "104")), ES)
    assert position.average_price == 103
    assert position.basis == 412


def test_a_partial_close_realises_its_share_and_keeps_the_average() -> None:
    position = fold(fills(("4", "100"), ("-1", "110")), ES)
    assert position.quantity == 3
    assert position.average_price == 100
    assert position.realised_gross == 500


def test_a_short_earns_when_the_price_falls() -> None:
    position = fold(fills(("-2", "100"), ("1", "90")), ES)
    assert position.realised_gross == 500
    assert unrealised(position, Decimal(95), ES) == 250


def test_a_flip_closes_at_the_old_average_and_opens_at_the_fill() -> None:
    position = fold(fills(("2", "100", "1"), ("-5", "110", "2.5")), ES)
    assert position.quantity == -3
    assert position.average_price == 110
    assert position.realised_gross == 1000
    assert position.commission == Decimal("3.5")
    assert position.opened_at == fills(("2", "100"), ("-5", "110"))[1].at


def test_a_closed_position_is_exactly_flat_and_keeps_what_it_earned() -> None:
    position = fold(fills(("3", "10.1"), ("-0.7", "9"), ("-2.3", "9.9")), ONE)
    assert position.quantity == 0
    assert position.basis == 0
    assert position.opened_at is None
    assert position.average_price is None
    assert position.realised_gross == Decimal("-1.23")


def test_the_opening_time_stays_while_the_side_stays() -> None:
    position = fold(fills(("1", "10"), ("2", "11"), ("-1", "12")), ONE)
    assert position.opened_at == MONDAY


def test_the_opening_time_stays_for_fractions_too() -> None:
    assert fold(fills(("0.5", "10"), ("-0.2", "12")), ONE).opened_at == MONDAY


def test_each_step_knows_what_its_fill_realised_and_cost() -> None:
    first, second = history(fills(("2", "100", "4"), ("-1", "110", "-0.5")), ES)
    assert first.before == FLAT
    assert first.after == second.before
    assert first.realised_gross == 0
    assert first.commission == 4
    assert second.realised_gross == 500
    assert second.commission == Decimal("-0.5")


def test_prices_at_and_below_zero_are_prices() -> None:
    position = fold(fills(("1", "0"), ("-1", "-37.63")), Decimal(1000))
    assert position.realised_gross == -37630


def test_an_unknown_price_leaves_the_open_pnl_unknown() -> None:
    assert unrealised(apply(FLAT, fill("1", "10"), ONE), None, ONE) is None


def test_the_open_pnl_of_nothing_is_zero_at_any_price() -> None:
    assert unrealised(FLAT, None, ES) == 0
    assert unrealised(FLAT, Decimal(5), ES) == 0


def test_a_fee_kept_in_coin_shrinks_the_quantity_and_is_a_commission_at_the_price() -> None:
    bought = effect(fill("2", "3000", "1", base_fee="0.005"), ONE)
    assert bought.quantity == Decimal("1.995")
    assert bought.commission == 16


@pytest.mark.parametrize(
    "broken",
    [
        fill("1", "10", base_fee="1"),
        fill("-2", "10", base_fee="0.5"),
        replace(fill("1", "10"), quantity=Decimal(0)),
        replace(fill("1", "10"), quantity=Decimal(-1)),
    ],
)
def test_a_fill_that_books_no_quantity_stops_the_worker(broken: Fill) -> None:
    with pytest.raises(InvariantBroken, match="books no quantity"):
        apply(FLAT, broken, ONE)


@pytest.mark.parametrize(
    ("held", "change", "closing"),
    [
        ("0", "5", "0"),
        ("2", "3", "0"),
        ("-2", "-3", "0"),
        ("2", "-1", "-1"),
        ("2", "-5", "-2"),
        ("-2", "1", "1"),
        ("-2", "5", "2"),
    ],
)
def test_a_close_is_what_points_against_the_position_and_no_more(
    held: str, change: str, closing: str
) -> None:
    assert closing_part(Decimal(held), Decimal(change)) == Decimal(closing)


def test_a_fill_continues_the_book_when_it_is_later_than_all_others() -> None:
    position = apply(FLAT, fill("1", "10", number=5), ONE)
    assert FLAT.continues(fill("1", "10"))
    assert position.continues(fill("1", "10", number=6))
    assert position.continues(replace(fill("1", "10", number=6), at=fill("1", "1", number=5).at))
    assert not position.continues(fill("1", "10", number=4))
    assert not position.continues(fill("1", "10", number=5))


def test_the_same_venue_id_on_another_account_is_another_fill() -> None:
    first = fill("1", "10")
    assert len(ordered([first, first, replace(first, account_id="other")])) == 2


def test_each_share_is_converted_at_the_rate_of_its_own_fill() -> None:
    booked = fills(("1", "100", "2"), ("-1", "110", "2"))
    rates = {booked[0].venue_fill_id: Decimal("1.1"), booked[1].venue_fill_id: Decimal("1.2")}
    total = converted(booked, Decimal(25), lambda each: rates[each.venue_fill_id])
    assert total == Decimal("-2.2") + Decimal(248) * Decimal("1.2")


def test_fifo_closes_the_oldest_lot_first() -> None:
    lots = fifo(fills(("1", "100"), ("1", "110"), ("-1", "120")), ES)
    assert lots.open == (Lot(ONE, Decimal(110)),)
    assert lots.realised_gross == 1000
    assert lots.unrealised(Decimal(120), ES) == 500


def test_fifo_keeps_the_rest_of_a_lot_in_its_place() -> None:
    lots = fifo(fills(("3", "100"), ("1", "110"), ("-2", "120")), ONE)
    assert lots.open == (Lot(ONE, Decimal(100)), Lot(ONE, Decimal(110)))


def test_fifo_crosses_zero_through_all_lots() -> None:
    lots = fifo(fills(("1", "100"), ("1", "110"), ("-3", "120")), ONE)
    assert lots.open == (Lot(Decimal(-1), Decimal(120)),)
    assert lots.realised_gross == 30


def test_fifo_without_a_price_is_unknown_unless_nothing_is_open() -> None:
    assert Lots().unrealised(None, ES) == 0
    assert pair(Lots(), fill("1", "10"), ES).unrealised(None, ES) is None


@given(books(), multipliers, prices)
def test_realised_plus_open_equals_cash_plus_value_exactly_at_every_step(
    booked: list[Fill], multiplier: Decimal, mark: Decimal
) -> None:
    factor, cash, held = Fraction(multiplier), Fraction(0), Fraction(0)
    for each, position in zip(booked, steps(booked, multiplier), strict=True):
        cash -= Fraction(each.quantity) * each.side.sign * Fraction(each.price) * factor
        kept = Fraction(each.base_fee)
        cash -= Fraction(each.commission)
        held += Fraction(each.quantity) * each.side.sign - kept
        open_pnl = unrealised(position, mark, multiplier)
        assert open_pnl is not None
        assert Fraction(position.quantity) == held
        total = Fraction(position.realised_net) + Fraction(open_pnl)
        assert total == cash + held * Fraction(mark) * factor


@given(books(), multipliers, prices)
def test_fifo_and_average_cost_split_the_same_total(
    booked: list[Fill], multiplier: Decimal, mark: Decimal
) -> None:
    position, lots = fold(booked, multiplier), fifo(booked, multiplier)
    average, first_in = unrealised(position, mark, multiplier), lots.unrealised(mark, multiplier)
    assert average is not None
    assert first_in is not None
    assert Fraction(position.realised_gross) + Fraction(average) == Fraction(
        lots.realised_gross
    ) + Fraction(first_in)
    assert sum((Fraction(lot.quantity) for lot in lots.open), Fraction(0)) == position.quantity


@given(books(), multipliers, st.randoms(use_true_random=False))
def test_any_order_and_repetition_of_arrival_leads_to_the_same_books(
    booked: list[Fill], multiplier: Decimal, chance: random.Random
) -> None:
    arrived = booked + chance.choices(booked, k=3)
    chance.shuffle(arrived)
    assert fold(arrived, multiplier) == steps(booked, multiplier)[-1]
    assert fifo(arrived, multiplier) == fifo(booked, multiplier)


@given(books(), multipliers)
def test_the_average_lies_within_the_prices_that_opened_the_position(
    booked: list[Fill], multiplier: Decimal
) -> None:
    before, entries = FLAT, list[Decimal]()
    for each, position in zip(booked, steps(booked, multiplier), strict=True):
        if before.quantity * position.quantity <= 0:
            entries = []
        if abs(position.quantity) > abs(before.quantity) or not entries:
            entries.append(each.price)
        if position.average_price is not None:
            # A cost rounded at the eighteenth place weighs more on a quantity of 1e-8.
            slack = Decimal("1e-9")
            assert min(entries) - slack <= position.average_price <= max(entries) + slack
        before = position


@given(books(), multipliers)
def test_every_amount_of_a_position_can_be_stored_in_18_places(
    booked: list[Fill], multiplier: Decimal
) -> None:
    for position in steps(booked, multiplier):
        amounts = [part for part in astuple(position) if isinstance(part, Decimal)]
        assert len(amounts) == 4
        assert all((Fraction(amount) * 10**18).denominator == 1 for amount in amounts)


@given(books(most=6), multipliers)
def test_a_position_that_is_closed_is_exactly_zero(booked: list[Fill], multiplier: Decimal) -> None:
    position = fold(booked, multiplier)
    if not position.quantity:
        assert position.basis == 0
        return
    closing = Fill(
        venue_fill_id="Z",
        account_id="paper",
        symbol="BTCUSD",
        side=Side.of(-position.quantity),
        quantity=abs(position.quantity),
        price=Decimal("1.23456789"),
        commission=Decimal(0),
        at=booked[-1].at,
    )
    closed = apply(position, closing, multiplier)
    assert closed.quantity == 0
    assert closed.basis == 0
    assert closed.opened_at is None
