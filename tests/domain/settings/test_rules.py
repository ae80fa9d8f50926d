"""Settings that make no sense are refused when saved, each with its reason."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from app.domain.alerts import QuantityType
from app.domain.errors import InvalidInput
from app.domain.orders import OrderType, Side, TimeInForce
from app.domain.settings import AccountLink, StrategySettings, validate, validate_link
from tests.support.trading import number, offset

FIXED, EQUITY, POSITION = (
    QuantityType.FIXED,
    QuantityType.PERCENT_OF_EQUITY,
    QuantityType.PERCENT_OF_POSITION,
)
LEVELS = {"take_profit": offset("5000 price"), "stop_loss": offset("5100 price")}


def faults(settings: StrategySettings) -> dict[str, str]:
    with pytest.raises(InvalidInput) as caught:
        validate(settings)
    assert caught.value.code == "BAD_SETTINGS"
    return caught.value.fields


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"sizing": FIXED, "size": Decimal(2), "max_position": Decimal(2)},
        {"sizing": EQUITY, "size": Decimal(1000)},
        {"sizing": POSITION, "size": Decimal(100)},
        {"sizing": QuantityType.RISK_DOLLAR_AMOUNT, "size": Decimal(500)},
        {"max_age_s": None, "dedupe_window_s": 0, "cooldown_s": 0},
        {"take_profit": offset("2%"), "stop_loss": offset("20 ticks")},
        {"allowed_side": Side.SELL, **LEVELS},
        {"allowed_side": Side.BUY, "stop_loss": offset("4900 price"), "take_profit": offset("1%")},
        {"order_type": OrderType.STOP, "time_in_force": TimeInForce.GTC},
        {"order_type": OrderType.LIMIT, "time_in_force": TimeInForce.IOC},
        {"windows": ("Mon-Fri 08:30-15:00 America/Chicago",)},
        {"symbol_map": {"NQ": "MNQ", "ES": "MES"}},
        {"source_allowlist": ("52.89.214.238", "10.0.0.0/8", "::1")},
    ],
)
def test_settings_that_make_sense_are_accepted(settings: dict[str, Any]) -> None:
    validate(StrategySettings(**settings))


@pytest.mark.parametrize(
    ("settings", "field", "reason"),
    [
        ({"size": Decimal(1)}, "size", "needs a sizing"),
        ({"sizing": FIXED}, "size", "needs a size"),
        ({"sizing": FIXED, "size": Decimal(0)}, "size", "above 0"),
        ({"sizing": FIXED, "size": Decimal(-1)}, "size", "above 0"),
        ({"sizing": EQUITY, "size": Decimal(1001)}, "size", "up to 1000"),
        ({"sizing": POSITION, "size": Decimal(101)}, "size", "up to 100"),
        ({"max_position": Decimal(0)}, "max_position", "above 0"),
        (
            {"sizing": FIXED, "size": Decimal(3), "max_position": Decimal(2)},
            "max_position",
            "above the max position",
        ),
        ({"stop_loss": offset("1%"), "trail": offset("1%")}, "trail", "one stop"),
        ({"trail": offset("4900 price")}, "trail", "distance"),
        ({"take_profit": offset("5000 price")}, "take_profit", "one direction"),
        ({"stop_loss": offset("5000 price")}, "stop_loss", "one direction"),
        ({"stop_loss": offset("100%")}, "stop_loss", "never be reached"),
        ({"trail": offset("150%")}, "trail", "never be reached"),
        ({"allowed_side": Side.BUY, **LEVELS}, "take_profit", "above the stop loss"),
        (
            {
                "allowed_side": Side.SELL,
                "take_profit": offset("5100 price"),
                "stop_loss": offset("5100 price"),
            },
            "take_profit",
            "below the stop loss",
        ),
        (
            {"order_type": OrderType.STOP, "time_in_force": TimeInForce.IOC},
            "time_in_force",
            "waits for its price",
        ),
        ({"max_age_s": 0}, "max_age_s", "from 1"),
        ({"max_age_s": -5}, "max_age_s", "from 1"),
        ({"cooldown_s": -1}, "cooldown_s", "from 0"),
        ({"max_alerts_per_session": 0}, "max_alerts_per_session", "from 1"),
        ({"dedupe_window_s": 700_000}, "dedupe_window_s", "to 604800"),
        ({"windows": ("always",)}, "windows", "cannot be read"),
        ({"symbol_map": {"NQ": "nq"}}, "symbol_map", "itself"),
        ({"symbol_map": {"NQ": "ES", "es": "NQ"}}, "symbol_map", "mapped again"),
        ({"source_allowlist": ("tradingview.com",)}, "source_allowlist", "no address"),
    ],
)
def test_settings_that_contradict_each_other_are_refused_in_words(
    settings: dict[str, Any], field: str, reason: str
) -> None:
    found = faults(StrategySettings(**settings))
    assert set(found) == {field}
    assert reason in found[field]


def test_every_bad_setting_is_named_and_reasons_for_one_are_joined() -> None:
    settings = StrategySettings(max_position=Decimal(0), windows=("x", "y"), cooldown_s=-1)
    found = faults(settings)
    assert set(found) == {"max_position", "windows", "cooldown_s"}
    assert "'x'" in found["windows"]
    assert "'y'" in found["windows"]


def test_an_account_may_differ_by_a_factor_and_a_tighter_cap() -> None:
    validate_link(AccountLink("a", Decimal("0.1"), Decimal(1)))
    for factor, cap, field in (("0", None, "quantity_factor"), ("1", "0", "max_position")):
        with pytest.raises(InvalidInput) as caught:
            validate_link(AccountLink("a", Decimal(factor), number(cap)))
        assert set(caught.value.fields) == {field}
