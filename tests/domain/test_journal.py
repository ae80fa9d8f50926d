from __future__ import annotations

import random
from decimal import Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from app.domain.journal import Direction, RoundTrip, Trip, advance, journal
from app.domain.money import ZERO
from app.domain.orders import Fill
from app.domain.positions import fold, unrealised
from tests.support.fills import MONDAY, books, fill, fills, multipliers, prices

ES = Decimal(50)


def test_a_round_trip_runs_from_flat_to_flat() -> None:
    booked = fills(("1", "100", "2"), ("1", "110", "2"), ("-2", "120", "4"))
    (trip,), under_way = journal(booked, ES)
    assert trip == RoundTrip(
        symbol="ESZ2026",
        direction=Direction.LONG,
        opened_at=MONDAY,
        closed_at=booked[2].at,
        opening_fill_id="F0000",
        closing_fill_id="F0002",
        peak_quantity=Decimal(2),
        quantity=Decimal(2),
        average_entry=Decimal(105),
        average_exit=Decimal(120),
        gross=Decimal(1500),
        commission=Decimal(8),
    )
    assert trip.net == 1492
    assert under_way is None


def test_a_short_round_trip_earns_when_it_is_bought_back_lower() -> None:
    (trip,), _ = journal(fills(("-1", "100"), ("1", "90")), ES)
    assert trip.direction is Direction.SHORT
    assert trip.gross == 500


def test_a_partial_close_leaves_the_trip_under_way() -> None:
    closed, trip = journal(fills(("3", "100"), ("-1", "110")), ES)
    assert closed == ()
    assert trip is not None
    assert trip.quantity == 2
    assert trip.exited == 1
    assert trip.exit_cost == 110


def test_a_short_trip_under_way_has_a_negative_quantity() -> None:
    _, trip = journal(fills(("-3", "100"), ("1", "110")), ES)
    assert trip is not None
    assert trip.quantity == -2


def test_quantity_counts_all_entries_and_the_peak_what_was_open_at_once() -> None:
    (trip,), _ = journal(fills(("2", "10"), ("-1", "11"), ("2", "12"), ("-3", "13")), ES)
    assert trip.quantity == 4
    assert trip.peak_quantity == 3


def test_a_flip_closes_one_trip_and_opens_the_next_and_splits_its_commission() -> None:
    booked = fills(("2", "100", "2"), ("-3", "110", "1"), ("1", "105", "1"))
    first, second = journal(booked, ES).closed
    assert first.commission + second.commission == 4
    assert first.commission == Decimal("2.666666666666666667")
    assert first.closed_at == second.opened_at == booked[1].at
    assert first.closing_fill_id == second.opening_fill_id == "F0001"
    assert first.gross == 1000
    assert second.gross == 250


def test_a_flip_leaves_the_next_trip_under_way() -> None:
    _, trip = journal(fills(("2", "100"), ("-3", "110")), ES)
    assert trip == Trip(
        symbol="ESZ2026",
        direction=Direction.SHORT,
        opened_at=fill("1", "1", number=1).at,
        opening_fill_id="F0001",
        peak_quantity=Decimal(1),
        entered=Decimal(1),
        entry_cost=Decimal(110),
    )


def test_the_worst_and_best_of_a_trip_are_taken_at_the_prices_of_its_fills() -> None:
    (trip,) = journal(fills(("1", "100"), ("1", "90"), ("-1", "120"), ("-1", "80")), ES).closed
    # 0 at the entry, -500 where more was bought, +2500 at the first exit, +500 at the last.
    assert (trip.worst, trip.best, trip.gross) == (Decimal(-500), Decimal(2500), Decimal(500))


def test_a_trip_under_way_is_worth_what_it_realised_and_its_open_part() -> None:
    _, trip = journal(fills(("-3", "100"), ("1", "110")), ES)
    assert trip is not None
    assert trip.value(Decimal(90), ES) == -500 + 1000
    assert (trip.worst, trip.best) == (Decimal(-1500), ZERO)


def test_no_fills_make_an_empty_journal() -> None:
    assert journal([], ES) == ((), None)


@given(books(), multipliers, prices)
def test_finished_trips_and_the_open_one_add_up_to_the_total(
    booked: list[Fill], multiplier: Decimal, mark: Decimal
) -> None:
    closed, trip = journal(booked, multiplier)
    position, factor = fold(booked, multiplier), Fraction(multiplier)
    total = sum((Fraction(each.net) for each in closed), Fraction(0))
    if trip:
        value = Fraction(trip.quantity) * Fraction(mark)
        paid = Fraction(trip.exit_cost - trip.entry_cost) * trip.direction.sign
        total += (paid + value) * factor - Fraction(trip.commission)
    open_pnl = unrealised(position, mark, multiplier)
    assert open_pnl is not None
    assert total == Fraction(position.realised_net) + Fraction(open_pnl)
    assert (trip.quantity if trip else 0) == position.quantity


@given(books(), multipliers, st.randoms(use_true_random=False))
def test_a_journal_rebuilt_from_any_arrival_equals_the_one_kept_fill_by_fill(
    booked: list[Fill], multiplier: Decimal, chance: random.Random
) -> None:
    kept, trip = list[RoundTrip](), None
    for each in booked:
        closed, trip = advance(trip, each, multiplier)
        kept += [closed] if closed else []
    arrived = booked + chance.choices(booked, k=2)
    chance.shuffle(arrived)
    assert journal(arrived, multiplier) == (tuple(kept), trip)


@given(books(), multipliers)
def test_the_worst_and_best_enclose_the_result_and_nothing(
    booked: list[Fill], multiplier: Decimal
) -> None:
    closed, trip = journal(booked, multiplier)
    for each in closed:
        assert each.worst is not None
        assert each.best is not None
        assert each.worst <= min(each.gross, ZERO) <= max(each.gross, ZERO) <= each.best
    assert trip is None or trip.worst <= 0 <= trip.best
