"""Settings as records and JSON, and how they hold on one account."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.alerts import Offset, OffsetUnit, QuantityType
from app.domain.errors import InvalidInput
from app.domain.orders import OrderType, Side, TimeInForce
from app.domain.sessions import Window
from app.domain.settings import AccountLink, StrategySettings, resolved
from tests.support.trading import number, offset

AMOUNTS = st.decimals("0", "1e9", places=4, allow_nan=False)
OFFSETS = st.builds(
    Offset, st.sampled_from([OffsetUnit.PRICE, OffsetUnit.AMOUNT]), AMOUNTS.filter(bool)
)
TEXTS = st.text("ABC019./-: ", min_size=1, max_size=12).map(str.strip).filter(bool)
SETTINGS = st.builds(
    StrategySettings,
    allowed_side=st.none() | st.sampled_from(Side),
    sizing=st.none() | st.sampled_from(QuantityType),
    size=st.none() | AMOUNTS,
    max_position=st.none() | AMOUNTS,
    order_type=st.none() | st.sampled_from(OrderType),
    time_in_force=st.none() | st.sampled_from(TimeInForce),
    take_profit=st.none() | OFFSETS,
    stop_loss=st.none() | OFFSETS,
    trail=st.none() | OFFSETS,
    max_age_s=st.none() | st.integers(0, 10_000),
    cooldown_s=st.none() | st.integers(0, 10_000),
    max_alerts_per_session=st.none() | st.integers(0, 10_000),
    dedupe_window_s=st.none() | st.integers(0, 10_000),
    windows=st.lists(TEXTS, max_size=3).map(tuple),
    symbol_map=st.dictionaries(TEXTS, TEXTS, max_size=3),
    source_allowlist=st.lists(TEXTS, max_size=3).map(tuple),
)


@given(SETTINGS)
def test_settings_survive_json(settings: StrategySettings) -> None:
    assert StrategySettings.from_json(json.loads(json.dumps(settings.to_json()))) == settings


def test_what_is_absent_in_json_has_its_default() -> None:
    assert StrategySettings.from_json({}) == StrategySettings()


@pytest.mark.parametrize("value", [0, None])
def test_zero_and_no_limit_are_different_after_json(value: int | None) -> None:
    settings = StrategySettings(max_age_s=value, dedupe_window_s=value)
    read = StrategySettings.from_json(settings.to_json())
    assert (read.max_age_s, read.dedupe_window_s) == (value, value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("allowed_side", "up"),
        ("sizing", 3),
        ("size", "many"),
        ("max_age_s", "12"),
        ("max_age_s", True),
        ("windows", "Mon"),
        ("windows", [1]),
        ("symbol_map", ["NQ"]),
        ("symbol_map", {"NQ": 1}),
        ("take_profit", {"value": "1"}),
        ("stop_loss", "1"),
    ],
)
def test_stored_values_of_another_kind_are_refused(name: str, value: object) -> None:
    with pytest.raises(InvalidInput):
        StrategySettings.from_json({name: value})


@pytest.mark.parametrize(
    ("own", "link", "tighter"),
    [(None, None, None), ("5", None, "5"), (None, "3", "3"), ("5", "3", "3")],
)
def test_the_tighter_max_position_holds_on_an_account(
    own: str | None, link: str | None, tighter: str | None
) -> None:
    settings = StrategySettings(max_position=number(own))
    found = resolved("s", settings, AccountLink("a", max_position=number(link)))
    assert found.max_position == number(tighter)
    assert found.to_json()["max_position"] == tighter


def test_the_snapshot_holds_the_settings_and_what_differs_on_the_account() -> None:
    settings = StrategySettings(take_profit=offset("20 ticks"))
    snapshot = resolved("s", settings, AccountLink("a", Decimal("0.5"))).to_json()
    assert snapshot["take_profit"] == {"value": "20", "unit": "ticks"}
    assert (snapshot["account_id"], snapshot["quantity_factor"]) == ("a", "0.5")
    assert json.loads(json.dumps(snapshot)) == snapshot


def test_windows_are_read_once_when_resolved() -> None:
    window = "Mon-Fri 08:30-15:00 America/Chicago"
    found = resolved("s", StrategySettings(windows=(window,)), AccountLink("a"))
    assert found.windows == (Window.parse(window),)
    with pytest.raises(InvalidInput):
        resolved("s", StrategySettings(windows=("always",)), AccountLink("a"))
