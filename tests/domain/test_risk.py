"""Limits before orders go out; what only reduces always passes."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from app.domain import risk
from app.domain.decisions import Leg
from app.domain.instruments import Contract
from app.domain.orders import OrderRole, Side
from app.domain.planning import Market, Plan
from app.domain.risk import Limits, trading_allowed
from app.domain.safety.switches import TradingState
from tests.support.trading import BTC, CL, ES, SPY, code, number

ACTIVE, REDUCING, HALTED = TradingState.ACTIVE, TradingState.REDUCING, TradingState.HALTED
CLOSE = Leg("close", Side.SELL, Decimal(2), OrderRole.EXIT, reduce_only=True)
OPEN = Leg("open", Side.SELL, Decimal(2), OrderRole.ENTRY)
EXIT = Plan("ESZ2026", Decimal(2), Decimal(0), (CLOSE,))
ENTRY = Plan("ESZ2026", Decimal(0), Decimal(-2), (OPEN,))
REVERSAL = Plan("ESZ2026", Decimal(2), Decimal(-2), (CLOSE, OPEN))


def limits(
    contract: Contract = ES,
    price: str | None = "5000",
    power: str | None = None,
    cap: str | None = None,
) -> Limits:
    market = Market(number(price), buying_power=number(power))
    return Limits(contract, max_position=number(cap), market=market)


@pytest.mark.parametrize(
    ("server", "account", "strategy", "expected"),
    [
        (ACTIVE, ACTIVE, ACTIVE, None),
        (HALTED, ACTIVE, ACTIVE, "TRADING_HALTED"),
        (ACTIVE, HALTED, ACTIVE, "TRADING_HALTED"),
        (ACTIVE, ACTIVE, HALTED, "TRADING_HALTED"),
        (REDUCING, ACTIVE, ACTIVE, "TRADING_REDUCING"),
        (REDUCING, ACTIVE, HALTED, "TRADING_HALTED"),
        (ACTIVE, ACTIVE, REDUCING, "TRADING_REDUCING"),
    ],
)
def test_a_switch_on_any_level_stops_what_opens_and_never_an_exit(
    server: TradingState, account: TradingState, strategy: TradingState, expected: str | None
) -> None:
    switched = replace(limits(), server=server, account=account, strategy=strategy)
    assert code(risk.check(ENTRY, switched)) == expected
    assert code(risk.check(REVERSAL, switched)) == expected
    assert risk.check(EXIT, switched) is None


def test_the_refusal_names_the_level_that_is_halted() -> None:
    found = trading_allowed(ACTIVE, HALTED)
    assert found is not None
    assert found.detail.startswith("Trading is halted on the account;")


@pytest.mark.parametrize(
    ("held", "wanted", "cap", "expected"),
    [
        ("0", "-2", "2", None),
        ("0", "-2", None, None),
        ("0", "-3", "2", "MAX_POSITION"),
        ("3", "-3", "2", "MAX_POSITION"),
        ("-4", "-4", "2", None),
        ("-4", "-5", "2", "MAX_POSITION"),
    ],
)
def test_a_position_above_the_cap_is_only_kept_never_made(
    held: str, wanted: str, cap: str | None, expected: str | None
) -> None:
    plan = replace(ENTRY, held=Decimal(held), wanted=Decimal(wanted))
    assert code(risk.check(plan, limits(cap=cap))) == expected


@pytest.mark.parametrize(
    ("name", "price", "market", "expected"),
    [
        ("limit_price", "7500", "5000", None),
        ("limit_price", "7500.25", "5000", "BAD_PRICE"),
        ("stop_price", "500", "5000", "BAD_PRICE"),
        ("stop_price", "500", None, None),
        ("stop_price", "-40", "-20", None),
    ],
)
def test_a_price_far_from_the_market_is_a_slip(
    name: str, price: str, market: str | None, expected: str | None
) -> None:
    limit = Decimal(price) if name == "limit_price" else None
    stop = Decimal(price) if name == "stop_price" else None
    plan = replace(ENTRY, legs=(replace(OPEN, limit_price=limit, stop_price=stop),))
    assert code(risk.check(plan, limits(CL, market))) == expected


@pytest.mark.parametrize(
    ("plan", "contract", "price", "power", "expected"),
    [
        (ENTRY, SPY, "168", None, None),
        (ENTRY, SPY, "168", "336", None),
        (ENTRY, SPY, "168", "335.99", "NO_BUYING_POWER"),
        (ENTRY, SPY, None, "1", None),
        (ENTRY, BTC, "7400", "14000", "NO_BUYING_POWER"),
        (ENTRY, ES, "5000", "1", None),
        (ENTRY, ES, "5000", "0", "NO_BUYING_POWER"),
        (ENTRY, ES, None, "-5", "NO_BUYING_POWER"),
        (REVERSAL, SPY, "168", "1", None),
        (EXIT, SPY, "168", "0", None),
    ],
)
def test_only_what_certainly_cannot_be_paid_for_is_refused(
    plan: Plan, contract: Contract, price: str | None, power: str | None, expected: str | None
) -> None:
    assert code(risk.check(plan, limits(contract, price, power))) == expected
