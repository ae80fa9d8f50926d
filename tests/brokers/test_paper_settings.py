"""The settings of a paper account."""

from __future__ import annotations

import random
from datetime import timedelta
from decimal import Decimal

import pytest

from app.brokers.paper_settings import PaperSettings
from app.domain.errors import InvalidInput
from app.domain.instruments import InstrumentKind

D = Decimal


def test_without_settings_trading_is_free_immediate_and_unlimited() -> None:
    settings = PaperSettings.read({})
    assert settings.rules.costs.commission(D(9), D(9)) == 0
    assert settings.rules.costs.immediate
    assert settings.rules.liquidity is None
    assert settings.rules.margins.percent == {
        InstrumentKind.FUTURE: D(2),
        InstrumentKind.STOCK: D(25),
        InstrumentKind.CRYPTO: D(25),
    }


def test_every_setting_is_read_from_strings_and_numbers_alike() -> None:
    settings = PaperSettings.read(
        {
            "commission_per_unit": "2.25",
            "commission_percent": 0.1,
            "commission_minimum": 1,
            "slippage_ticks": "1",
            "latency_ms": 50,
            "latency_jitter_ms": "20",
            "liquidity_per_quote": "5",
            "margin_percent": "20",
            "seed": 7,
        }
    )
    costs = settings.rules.costs
    assert (costs.per_unit, costs.percent, costs.minimum) == (D("2.25"), D("0.1"), D(1))
    assert (costs.slippage_ticks, costs.latency_ms, costs.jitter_ms) == (D(1), 50, 20)
    assert costs.delay(random.Random(1)) >= timedelta(milliseconds=50)
    assert (settings.rules.liquidity, settings.seed) == (D(5), 7)
    assert set(settings.rules.margins.percent.values()) == {D(20)}


def test_leverage_is_the_margin_the_other_way_round() -> None:
    assert set(PaperSettings.read({"leverage": 4}).rules.margins.percent.values()) == {D(25)}


def test_an_empty_setting_has_its_default_and_zero_is_a_value() -> None:
    settings = PaperSettings.read({"liquidity_per_quote": None, "latency_ms": None, "seed": 0})
    assert settings == PaperSettings.read({})
    with pytest.raises(InvalidInput):
        PaperSettings.read({"liquidity_per_quote": 0})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("commission_per_unit", -1),
        ("commission_per_unit", "a lot"),
        ("commission_percent", 11),
        ("commission_minimum", True),
        ("slippage_ticks", "0.5"),
        ("latency_ms", 60_001),
        ("latency_ms", "1.5"),
        ("latency_jitter_ms", -1),
        ("liquidity_per_quote", 0),
        ("margin_percent", 0),
        ("margin_percent", 101),
        ("leverage", "0.5"),
        ("seed", -1),
        ("slippage", 1),
    ],
)
def test_a_setting_that_cannot_be_used_is_refused_by_name(name: str, value: object) -> None:
    with pytest.raises(InvalidInput) as caught:
        PaperSettings.read({name: value})
    assert set(caught.value.fields) == {name}
    assert name in caught.value.detail


def test_every_fault_is_named_at_once() -> None:
    with pytest.raises(InvalidInput) as caught:
        PaperSettings.read({"latency_ms": -1, "margin_percent": 5, "leverage": 20, "colour": 1})
    assert set(caught.value.fields) == {"latency_ms", "leverage", "colour"}
