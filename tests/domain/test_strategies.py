"""Strategies: which account they trade on, which symbol an alert means, when a key is valid."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from app.domain.settings import AccountLink, StrategySettings
from app.domain.strategies import Strategy, StrategyState, WebhookKey, symbol_for
from tests.support.trading import NOW


def strategy(**symbol_map: str) -> Strategy:
    return Strategy(
        id="s1",
        name="Breakout",
        symbol="ES",
        state=StrategyState.ON,
        settings=StrategySettings(symbol_map=symbol_map, max_position=Decimal(5)),
        accounts=(AccountLink("a1"), AccountLink("a2", Decimal(2), Decimal(3))),
        created_at=NOW,
        updated_at=NOW,
    )


def test_an_account_is_linked_by_its_exact_id_with_what_differs_there() -> None:
    link = strategy().link("a2")
    assert link is not None
    assert (link.quantity_factor, link.max_position) == (Decimal(2), Decimal(3))


@pytest.mark.parametrize("account", ["A1", "a", "a3", ""])
def test_an_account_that_is_not_linked_exactly_is_not_found(account: str) -> None:
    assert strategy().link(account) is None


@pytest.mark.parametrize(
    ("sent", "traded"),
    [
        (None, "ES"),
        ("CL", "CL"),
        ("NQ", "MNQ"),
        ("nq1!", "MNQ"),
        ("CME_MINI:NQ1!", "MNQ"),
        ("NQ1\\!", "MNQ"),
        ("NQ2!", "NQ2!"),
        (" nq ", "MNQ"),
    ],
)
def test_a_symbol_is_mapped_once_however_it_is_written(sent: str | None, traded: str) -> None:
    assert symbol_for(strategy(NQ="MNQ", MNQ="ES"), sent) == traded


def test_a_replaced_key_is_valid_until_the_overlap_ends() -> None:
    key = WebhookKey("k", "s1", NOW, "hash", "secret", expires_at=NOW)
    assert key.valid(NOW - timedelta(seconds=1))
    assert not key.valid(NOW)
    assert WebhookKey("k", "s1", NOW, "hash", "secret").valid(NOW)


def test_a_key_never_shows_its_secret() -> None:
    shown = repr(WebhookKey("k", "s1", NOW, "the-hash", "the-secret"))
    assert "the-hash" not in shown
    assert "the-secret" not in shown
