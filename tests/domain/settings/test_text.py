"""Settings as the fields of a form, both ways."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.alerts import QuantityType
from app.domain.errors import InvalidInput
from app.domain.orders import OrderType, Side, TimeInForce
from app.domain.settings import StrategySettings, from_text, to_text
from tests.support.trading import offset

FORM = {
    "name": "Breakout",
    "symbol": "ES",
    "sides": "buy",
    "sizing": "risk_dollar_amount",
    "size": "500",
    "max_position": "10",
    "order_type": "limit",
    "time_in_force": "day",
    "take_profit_value": "40",
    "take_profit_unit": "ticks",
    "stop_loss_value": "1.5",
    "stop_loss_unit": "percent",
    "trail_value": "",
    "trail_unit": "ticks",
    "max_age_s": "60",
    "cooldown_s": "0",
    "max_alerts_per_session": "",
    "dedupe_window_s": "5",
    "windows": "Mon-Fri 08:30-15:00 America/Chicago\r\n\r\n Sun 17:00-18:00 UTC ",
    "symbol_map": "NQ = MNQ\nES=MES",
    "source_allowlist": "52.89.214.238\n10.0.0.0/8",
}
SETTINGS = StrategySettings(
    allowed_side=Side.BUY,
    sizing=QuantityType.RISK_DOLLAR_AMOUNT,
    size=Decimal(500),
    max_position=Decimal(10),
    order_type=OrderType.LIMIT,
    time_in_force=TimeInForce.DAY,
    take_profit=offset("40 ticks"),
    stop_loss=offset("1.5 percent"),
    max_age_s=60,
    cooldown_s=0,
    max_alerts_per_session=None,
    dedupe_window_s=5,
    windows=("Mon-Fri 08:30-15:00 America/Chicago", "Sun 17:00-18:00 UTC"),
    symbol_map={"NQ": "MNQ", "ES": "MES"},
    source_allowlist=("52.89.214.238", "10.0.0.0/8"),
)


def wrong(**fields: str) -> dict[str, str]:
    with pytest.raises(InvalidInput) as caught:
        from_text(fields)
    return caught.value.fields


def test_a_form_is_read_field_by_field() -> None:
    assert from_text(FORM) == SETTINGS


def test_what_is_shown_in_a_form_is_read_back_unchanged() -> None:
    assert from_text(to_text(SETTINGS)) == SETTINGS
    assert from_text(to_text(StrategySettings())) == StrategySettings()


def test_an_empty_form_limits_nothing() -> None:
    assert from_text({}) == StrategySettings(max_age_s=None, dedupe_window_s=None)


@pytest.mark.parametrize(("typed", "read"), [("", None), ("0", 0), (" 7 ", 7), ("-1", -1)])
def test_zero_and_empty_are_different_in_whole_numbers(typed: str, read: int | None) -> None:
    names = ("max_age_s", "cooldown_s", "max_alerts_per_session", "dedupe_window_s")
    settings = from_text(dict.fromkeys(names, typed))
    assert [getattr(settings, name) for name in names] == [read] * 4
    assert from_text(to_text(settings)) == settings


@given(st.sampled_from(["size", "max_position"]), st.none() | st.decimals("0", "1e9", places=3))
def test_zero_and_empty_are_different_in_decimals(name: str, value: Decimal | None) -> None:
    settings = from_text({name: "" if value is None else str(value)})
    assert getattr(settings, name) == value
    assert (getattr(settings, name) is None) is (value is None)


@pytest.mark.parametrize(
    ("word", "side"), [("long", Side.BUY), ("short", Side.SELL), ("both", None)]
)
def test_sides_are_also_said_as_directions(word: str, side: Side | None) -> None:
    settings = from_text({"sides": word})
    assert settings.allowed_side is side
    assert to_text(settings)["sides"] == word


def test_every_field_that_cannot_be_read_is_named_at_once() -> None:
    found = wrong(
        sides="up",
        sizing="big",
        size="ten",
        order_type="fast",
        time_in_force="never",
        take_profit_value="-3",
        stop_loss_value="2",
        stop_loss_unit="feet",
        trail_value="x",
        max_age_s="1.5",
        cooldown_s="1234567890",
        symbol_map="NQ",
    )
    assert set(found) == {
        "sides",
        "sizing",
        "size",
        "order_type",
        "time_in_force",
        "take_profit_value",
        "stop_loss_value",
        "trail_value",
        "max_age_s",
        "cooldown_s",
        "symbol_map",
    }
    assert all(reason[0].isupper() and reason[-1] == "." for reason in found.values())


def test_as_the_alert_says_is_no_setting_of_our_own() -> None:
    settings = from_text(dict.fromkeys(("sizing", "order_type", "time_in_force"), "as_alert"))
    assert (settings.sizing, settings.order_type, settings.time_in_force) == (None, None, None)


@pytest.mark.parametrize("lines", ["=MNQ", "NQ=", "NQ=MNQ\nNQ=ES"])
def test_a_symbol_map_has_one_target_for_each_symbol(lines: str) -> None:
    assert set(wrong(symbol_map=lines)) == {"symbol_map"}
