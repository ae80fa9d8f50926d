from __future__ import annotations

from decimal import Decimal

from hypothesis import given

from app.domain.journal import RoundTrip, journal
from app.domain.metrics import measure
from app.domain.orders import Fill
from tests.support.fills import books, fills, multipliers


def trips(*nets: str) -> list[RoundTrip]:
    closed: list[RoundTrip] = []
    for net in nets:
        closed += journal(fills(("1", "100"), ("-1", str(100 + Decimal(net)))), Decimal(1)).closed
    return closed


def test_round_trips_are_counted_by_what_they_earned_after_fees() -> None:
    metrics = measure(trips("10", "-4", "0", "6"))
    assert (metrics.wins, metrics.losses, metrics.scratches) == (2, 1, 1)
    assert metrics.round_trips == 4
    assert metrics.gross_profit == 16
    assert metrics.gross_loss == 4
    assert metrics.net == 12
    assert metrics.profit_factor == 4
    assert metrics.win_rate == Decimal("0.5")
    assert metrics.expectancy == 3


def test_a_gross_gain_that_fees_eat_is_a_loss() -> None:
    closed = journal(fills(("1", "100", "3"), ("-1", "105", "3")), Decimal(1)).closed
    assert measure(closed).losses == 1


def test_without_a_loss_there_is_no_profit_factor() -> None:
    assert measure(trips("10", "0")).profit_factor is None


def test_only_losses_give_a_profit_factor_of_zero() -> None:
    assert measure(trips("-10")).profit_factor == 0


def test_without_a_round_trip_nothing_is_claimed() -> None:
    metrics = measure([])
    assert (metrics.win_rate, metrics.expectancy, metrics.profit_factor) == (None, None, None)
    assert metrics.net == 0


@given(books(), multipliers)
def test_profit_less_loss_is_the_sum_of_the_nets(booked: list[Fill], multiplier: Decimal) -> None:
    closed = journal(booked, multiplier).closed
    metrics = measure(closed)
    assert metrics.round_trips == len(closed)
    assert metrics.net == sum((trip.net for trip in closed), Decimal(0))
    assert metrics.gross_loss >= 0
