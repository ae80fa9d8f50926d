"""Order types and prices: set or as the alert says; on the tick and never harmful (C3, C8)."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.alerts import Intent
from app.domain.instruments import Contract
from app.domain.orders import OrderType, Side
from app.domain.planning.pricing import entry_price
from app.domain.settings import Resolved
from tests.support.trading import (
    BTC,
    CL,
    ES,
    SPY,
    asked,
    code,
    market,
    number,
    outcome,
    planned,
    rules,
)


def buy(**fields: object) -> Intent:
    return asked(action="buy", quantity="1", **fields)


@pytest.mark.parametrize(
    ("intent", "settings", "kind"),
    [
        (buy(), rules(), OrderType.MARKET),
        (buy(limit_price="4990"), rules(), OrderType.LIMIT),
        (buy(limit_price="4990"), rules(order_type="market"), OrderType.MARKET),
        (buy(price="4990"), rules(order_type="limit"), OrderType.LIMIT),
        (buy(stop_price="5010"), rules(), OrderType.STOP),
        (buy(stop_price="5010", limit_price="5012"), rules(), OrderType.STOP_LIMIT),
        (buy(order_type="trailing_stop", trail="8 ticks"), rules(), OrderType.TRAILING_STOP),
    ],
)
def test_the_strategys_order_type_wins_over_the_alerts(
    intent: Intent, settings: Resolved, kind: OrderType
) -> None:
    (leg,) = planned(outcome(intent, settings=settings)).legs
    assert leg.type is kind


@pytest.mark.parametrize(
    ("side", "limit", "stop"), [("buy", "5010", "5008.25"), ("sell", "5010.25", "5008")]
)
def test_a_price_between_ticks_moves_away_from_harm_and_says_so(
    side: str, limit: str, stop: str
) -> None:
    intent = asked(action=side, quantity="1", limit_price="5010.1", stop_price="5008.2")
    found = planned(outcome(intent))
    assert (found.legs[0].limit_price, found.legs[0].stop_price) == (number(limit), number(stop))
    assert [(step.name, step.before, step.after) for step in found.steps] == [
        ("limit_price", Decimal("5010.1"), number(limit)),
        ("stop_price", Decimal("5008.2"), number(stop)),
    ]
    assert "multiple of the tick 0.25" in found.steps[0].reason


def test_a_strategy_of_limit_orders_enters_at_the_signals_price_and_says_so() -> None:
    found = planned(outcome(buy(price="4990"), settings=rules(order_type="limit")))
    assert found.legs[0].limit_price == Decimal(4990)
    assert [step.reason for step in found.steps] == ["the price of the signal"]
    named = planned(
        outcome(buy(price="4990", limit_price="4980"), settings=rules(order_type="limit"))
    )
    assert named.legs[0].limit_price == Decimal(4980)
    assert named.steps == ()


@pytest.mark.parametrize(
    ("kind", "fields", "expected"),
    [
        ("limit", {}, "NO_LIMIT_PRICE"),
        ("stop", {"price": "5010"}, "NO_STOP_PRICE"),
        ("stop_limit", {"price": "5010", "stop_price": "5010"}, "NO_LIMIT_PRICE"),
        ("stop_limit", {"limit_price": "5010"}, "NO_STOP_PRICE"),
        ("trailing_stop", {}, "NO_TRAIL"),
    ],
)
def test_an_order_type_without_its_price_is_refused(
    kind: str, fields: dict[str, object], expected: str
) -> None:
    assert code(outcome(buy(**fields), settings=rules(order_type=kind))) == expected


@pytest.mark.parametrize("price", ["0", "-10", "0.1"])
def test_a_price_of_zero_or_less_never_reaches_the_venue(price: str) -> None:
    assert code(outcome(buy(limit_price=price))) == "BAD_PRICE"


def test_crude_oil_may_trade_below_zero() -> None:
    found = outcome(buy(limit_price="-10"), contract=CL, at=market("-9"))
    assert planned(found).legs[0].limit_price == Decimal(-10)


@pytest.mark.parametrize(
    ("trail", "price", "expected"),
    [("8 ticks", None, "2"), ("0.1%", "5000", "5"), ("2.6 amount", None, "2.5")],
)
def test_an_entry_may_trail_the_price(trail: str, price: str | None, expected: str) -> None:
    intent = buy(order_type="trailing_stop", trail=trail)
    found = planned(outcome(intent, at=market(price)))
    assert found.legs[0].trail == Decimal(expected)
    assert found.protection is not None
    assert found.protection.trail is None


def test_a_trail_in_percent_needs_a_price() -> None:
    intent = buy(order_type="trailing_stop", trail="0.1%")
    assert code(outcome(intent, at=market(None))) == "NO_PRICE"


@pytest.mark.parametrize(
    ("fields", "settings", "expected"),
    [
        ({}, rules(), "5000"),
        ({"limit_price": "4990"}, rules(), "4990"),
        ({"stop_price": "5010"}, rules(), "5010"),
        ({"stop_price": "5010", "limit_price": "5012"}, rules(), "5012"),
        ({"limit_price": "4990"}, rules(order_type="market"), "5000"),
    ],
)
def test_a_size_is_measured_by_the_price_that_the_order_expects(
    fields: dict[str, object], settings: Resolved, expected: str
) -> None:
    assert entry_price(buy(**fields), settings, market()) == Decimal(expected)


@pytest.mark.parametrize(
    ("side", "fields"),
    [
        ("buy", {"take_profit": "4990"}),
        ("buy", {"stop_loss": "5010"}),
        ("sell", {"take_profit": "5010"}),
        ("sell", {"stop_loss": "4990"}),
        ("buy", {"stop_loss": "6000 amount"}),
        ("sell", {"take_profit": "100%"}),
        ("buy", {"limit_price": "4980", "stop_loss": "4985"}),
    ],
)
def test_protection_on_the_wrong_side_or_below_zero_refuses_the_entry(
    side: str, fields: dict[str, object]
) -> None:
    assert code(outcome(asked(action=side, quantity="1", **fields))) == "BAD_PRICE"


@pytest.mark.parametrize(
    ("side", "fields"),
    [
        ("buy", {"take_profit": "5010", "stop_loss": "4990"}),
        ("sell", {"take_profit": "4990", "stop_loss": "5010"}),
        ("buy", {"limit_price": "4980", "stop_loss": "4975"}),
        ("buy", {"trail": "8 ticks"}),
    ],
)
def test_protection_on_its_side_passes(side: str, fields: dict[str, object]) -> None:
    assert planned(outcome(asked(action=side, quantity="1", **fields))).protection


def test_protection_is_not_judged_without_a_price() -> None:
    found = planned(outcome(buy(stop_loss="5010"), at=market(None)))
    assert found.protection is not None


@given(
    st.sampled_from([ES, CL, SPY, BTC]),
    st.sampled_from(Side),
    st.decimals("1", "9000", places=5),
    st.decimals("1", "9000", places=5),
)
def test_prices_are_on_the_tick_and_never_worse_than_asked(
    contract: Contract, side: Side, limit: Decimal, stop: Decimal
) -> None:
    intent = asked(action=str(side), quantity="1", limit_price=str(limit), stop_price=str(stop))
    (leg,) = planned(outcome(intent, contract=contract, at=market(None))).legs
    assert leg.limit_price is not None
    assert leg.stop_price is not None
    assert not leg.limit_price % contract.instrument.tick_size
    assert not leg.stop_price % contract.instrument.tick_size
    assert (limit - leg.limit_price) * side.sign >= 0
    assert (leg.stop_price - stop) * side.sign >= 0
