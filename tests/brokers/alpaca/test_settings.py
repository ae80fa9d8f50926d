"""The settings of an account at Alpaca are read whole or refused by field."""

from __future__ import annotations

import pytest

from app.brokers.alpaca.settings import AlpacaSettings, Feed
from app.domain.errors import InvalidInput


def test_without_settings_prices_are_those_of_iex_and_hours_the_regular_ones() -> None:
    assert AlpacaSettings.read({}) == AlpacaSettings(Feed.IEX, extended_hours=False)


def test_what_is_set_is_read() -> None:
    read = AlpacaSettings.read({"feed": "sip", "extended_hours": True})
    assert read == AlpacaSettings(Feed.SIP, extended_hours=True)


@pytest.mark.parametrize(
    ("settings", "fields"),
    [
        ({"feed": "bloomberg"}, {"feed"}),
        ({"feed": ["iex"]}, {"feed"}),
        ({"feed": None}, {"feed"}),
        ({"extended_hours": "yes"}, {"extended_hours"}),
        ({"extended_hours": 1, "feed": 2, "colour": "red"}, {"extended_hours", "feed", "colour"}),
    ],
)
def test_each_setting_that_cannot_be_used_is_named(
    settings: dict[str, object], fields: set[str]
) -> None:
    with pytest.raises(InvalidInput) as refused:
        AlpacaSettings.read(settings)
    assert refused.value.fields.keys() == fields
    assert refused.value.code == "INVALID_SETTINGS"
