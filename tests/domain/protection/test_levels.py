"""Where take profit, stop loss and trail lie: right side, on the tick, never worse than asked."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.alerts import Offset, OffsetUnit
from app.domain.errors import InvalidInput
from app.domain.instruments import Contract
from app.domain.orders import Side
from app.domain.protection import (
    Protection,
    distance,
    offset_from_json,
    offset_to_json,
    prices,
    trail_distance,
)
from tests.support.trading import BTC, CL, ES, SPY, number, offset

CONTRACTS = st.sampled_from([ES, CL, SPY, BTC])
DISTANCES = st.one_of(
    st.builds(Offset, st.just(OffsetUnit.TICKS), st.integers(1, 500).map(Decimal)),
    st.builds(Offset, st.just(OffsetUnit.PERCENT), st.decimals("0.001", "50", places=3)),
    st.builds(Offset, st.just(OffsetUnit.AMOUNT), st.decimals("0.001", "40", places=3)),
)
ENTRIES = st.decimals("100", "9000", places=4)


@pytest.mark.parametrize(
    ("side", "profit", "loss"), [(Side.BUY, "5010", "4995"), (Side.SELL, "4990", "5005")]
)
def test_protection_lies_on_its_side_of_the_average_price(
    side: Side, profit: str, loss: str
) -> None:
    protection = Protection(offset("40 ticks"), offset("20 ticks"))
    found = prices(protection, side, Decimal(5000), ES)
    assert found == (Decimal(profit), Decimal(loss), None)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("20 ticks", "5"), ("1%", "50"), ("2.5 amount", "2.5"), ("4990 price", "10")],
)
def test_an_offset_says_its_unit_and_the_distance_follows(text: str, expected: str) -> None:
    assert distance(offset(text), Decimal(5000), ES.instrument) == Decimal(expected)


@pytest.mark.parametrize(
    ("side", "profit", "loss"), [(Side.BUY, "5002.5", "4999.5"), (Side.SELL, "4998", "5001")]
)
def test_what_lies_between_ticks_moves_to_the_better_one(
    side: Side, profit: str, loss: str
) -> None:
    protection = Protection(offset("2.1 amount"), offset("0.9 amount"))
    found = prices(protection, side, Decimal("5000.2"), ES)
    assert found[:2] == (Decimal(profit), Decimal(loss))


def test_a_level_given_as_a_price_is_that_price() -> None:
    protection = Protection(offset("5010.3 price"), offset("4990.1 price"))
    assert prices(protection, Side.BUY, Decimal(5000), ES)[:2] == (
        Decimal("5010.5"),
        Decimal("4990.25"),
    )


def test_a_stop_is_never_rounded_onto_the_entry() -> None:
    protection = Protection(stop_loss=offset("0.05 amount"))
    assert prices(protection, Side.BUY, Decimal(5000), ES).stop_loss == Decimal("4999.75")
    assert prices(protection, Side.SELL, Decimal("5000.1"), ES).stop_loss == Decimal("5000.25")


@pytest.mark.parametrize(
    ("text", "expected"), [("5 ticks", "1.25"), ("0.01%", "0.5"), ("0.01 amount", "0.25")]
)
def test_a_trail_is_whole_ticks_and_at_least_one(text: str, expected: str) -> None:
    found = prices(Protection(trail=offset(text)), Side.BUY, Decimal(5050), ES)
    assert found.trail == Decimal(expected)
    assert trail_distance(offset(text), Decimal(5050), ES.instrument) == Decimal(expected)


@pytest.mark.parametrize(("contract", "level"), [(SPY, None), (CL, "-40")])
def test_a_price_below_zero_is_only_where_the_venue_takes_it(
    contract: Contract, level: str | None
) -> None:
    protection = Protection(stop_loss=offset("100 amount"))
    assert prices(protection, Side.BUY, Decimal(60), contract).stop_loss == number(level)


def test_no_protection_has_no_prices() -> None:
    assert prices(Protection(), Side.BUY, Decimal(5000), ES) == (None, None, None)


@given(CONTRACTS, st.sampled_from(Side), ENTRIES, DISTANCES, DISTANCES)
def test_every_price_is_on_the_tick_and_on_the_right_side(
    contract: Contract, side: Side, entry: Decimal, profit: Offset, loss: Offset
) -> None:
    found = prices(Protection(profit, loss), side, entry, contract)
    instrument = contract.instrument
    for level, sign in ((found.take_profit, side.sign), (found.stop_loss, -side.sign)):
        if level is not None:
            assert not level % instrument.tick_size
            assert (level - entry) * sign > 0
    if found.take_profit is not None:
        gained = abs(found.take_profit - entry)
        assert gained >= distance(profit, entry, instrument)


@given(st.none() | DISTANCES)
def test_an_offset_survives_json(given_offset: Offset | None) -> None:
    assert offset_from_json(offset_to_json(given_offset)) == given_offset


@given(DISTANCES, DISTANCES)
def test_protection_survives_json(first: Offset, second: Offset) -> None:
    for protection in (Protection(first, second), Protection(first, trail=second), Protection()):
        assert Protection.from_json(protection.to_json()) == protection


@pytest.mark.parametrize("stored", ["20 ticks", {"value": "20"}, {"unit": "ticks"}, 20])
def test_an_offset_of_another_form_is_refused(stored: object) -> None:
    with pytest.raises(InvalidInput):
        offset_from_json(stored)


def test_a_position_has_one_stop() -> None:
    with pytest.raises(InvalidInput) as caught:
        Protection(stop_loss=offset("1%"), trail=offset("1%"))
    assert caught.value.code == "TWO_STOPS"


def test_the_stop_is_the_one_that_stands_or_trails() -> None:
    assert Protection(stop_loss=offset("1%")).stop == offset("1%")
    assert Protection(trail=offset("2%")).stop == offset("2%")
    assert Protection().stop is None
