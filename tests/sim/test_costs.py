"""What trading costs."""

from __future__ import annotations

import random
from datetime import timedelta
from decimal import Decimal

import pytest

from app.domain.orders import Side
from app.sim.costs import Costs

D = Decimal


@pytest.mark.parametrize(
    ("costs", "quantity", "notional", "expected"),
    [
        (Costs(), "2", "680000", "0"),
        (Costs(per_unit=D("2.25")), "2", "680000", "4.50"),
        (Costs(percent=D("0.1")), "0.5", "47500", "47.5"),
        (Costs(percent=D("0.1")), "0.5", "-47500", "47.5"),
        (Costs(per_unit=D("0.005"), minimum=D(1)), "100", "16800", "1"),
        (Costs(per_unit=D("0.005"), minimum=D(1)), "300", "50400", "1.5"),
        (Costs(percent=D("0.1")), "0.00000001", "0.00074", "0.00000074"),
    ],
)
def test_commission_is_per_unit_plus_a_percentage_and_at_least_the_minimum(
    costs: Costs, quantity: str, notional: str, expected: str
) -> None:
    assert costs.commission(D(quantity), D(notional)) == D(expected)


def test_slippage_worsens_the_price_on_both_sides() -> None:
    costs = Costs(slippage_ticks=D(2))
    assert costs.taken(Side.BUY, D("100"), D("0.25")) == D("100.5")
    assert costs.taken(Side.SELL, D("100"), D("0.25")) == D("99.5")
    assert Costs().taken(Side.SELL, D("100"), D("0.25")) == D("100")


def test_slippage_never_takes_a_price_above_zero_to_zero_or_below() -> None:
    costs = Costs(slippage_ticks=D(3))
    assert costs.taken(Side.SELL, D("0.02"), D("0.01")) == D("0.01")
    assert costs.taken(Side.SELL, D("-37.63"), D("0.01")) == D("-37.66")


def test_the_delay_is_the_latency_plus_a_jitter_that_the_seed_decides() -> None:
    costs = Costs(latency_ms=50, jitter_ms=20)
    drawn = [costs.delay(random.Random(seed)) for seed in range(200)]
    assert min(drawn) >= timedelta(milliseconds=50)
    assert max(drawn) <= timedelta(milliseconds=70)
    assert len(set(drawn)) > 10
    assert drawn == [costs.delay(random.Random(seed)) for seed in range(200)]


def test_without_latency_an_order_is_in_the_market_at_once() -> None:
    assert Costs().immediate
    assert Costs().delay(random.Random(1)) == timedelta(0)
    assert not Costs(latency_ms=1).immediate
    assert not Costs(jitter_ms=1).immediate
