"""Limits before orders go out; what only reduces always passes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from app.domain import risk
from app.domain.decisions import Leg
from app.domain.instruments import Contract
from app.domain.orders import Order, OrderRole, Side
from app.domain.planning import Market, Plan
from app.domain.risk import Limits, opening_allowed
from app.domain.safety.switches import Scope, Stop, Switch, TradingState
from tests.support.trading import BTC, CL, ES, SPY, code, number, order

REDUCING, HALTED = TradingState.REDUCING, TradingState.HALTED
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


def stop(state: TradingState, scope: Scope = Scope.SERVER, subject: str = "the server") -> Stop:
    at = datetime(2026, 11, 16, 16, 0, 5, tzinfo=UTC)
    return Stop(Switch(scope, "", state, at, detail="The feed lies."), subject, "anna")


@pytest.mark.parametrize(
    ("state", "expected"), [(HALTED, "TRADING_HALTED"), (REDUCING, "TRADING_REDUCING")]
)
def test_a_switch_stops_what_opens_and_never_an_exit(state: TradingState, expected: str) -> None:
    switched = replace(limits(), stop=stop(state))
    assert code(risk.check(ENTRY, switched)) == expected
    assert code(risk.check(REVERSAL, switched)) == expected
    assert risk.check(EXIT, switched) is None
    assert risk.check(ENTRY, limits()) is None


def test_the_refusal_says_what_is_stopped_since_when_by_whom_why_and_what_to_do() -> None:
    found = opening_allowed(stop(HALTED, Scope.ACCOUNT, "the account desk"))
    assert found is not None
    assert found.detail == (
        "Trading is halted on the account desk since 2026-11-16 16:00:05 UTC, by anna:"
        " The feed lies. Only exits and cancels pass."
        " Resume trading on the account desk when the reason is gone."
    )


def exiting(quantity: str, side: Side = Side.SELL, role: OrderRole = OrderRole.EXIT) -> Leg:
    return Leg("close", side, Decimal(quantity), role, reduce_only=True, symbol="ESZ2026")


def resting(quantity: str, role: OrderRole = OrderRole.EXIT, *, reduces: bool = True) -> Order:
    return replace(order(role, side=Side.SELL, quantity=quantity), reduce_only=reduces)


@pytest.mark.parametrize(
    ("held", "leg", "working", "allowed"),
    [
        ("2", exiting("2"), [], True),
        ("2", exiting("3"), [], False),
        ("0", exiting("1"), [], False),
        ("-2", exiting("1"), [], False),
        ("-2", exiting("2", Side.BUY), [], True),
        ("2", exiting("1"), [resting("1")], True),
        ("2", exiting("1"), [resting("1"), resting("1")], False),
        ("2", exiting("2"), [resting("2", OrderRole.STOP_LOSS)], True),
        ("2", exiting("2", role=OrderRole.STOP_LOSS), [resting("2")], True),
        ("0", exiting("2", role=OrderRole.STOP_LOSS), [], False),
        ("-2", exiting("2", Side.BUY), [resting("2")], True),
        ("2", exiting("2"), [resting("2", OrderRole.ENTRY, reduces=False)], True),
    ],
)
def test_an_exit_passes_for_what_is_held_less_the_exits_that_rest_before_it(
    held: str, leg: Leg, working: list[Order], *, allowed: bool
) -> None:
    found = risk.closing_allowed(leg, Decimal(held), working)
    assert code(found) == (None if allowed else "NOTHING_LEFT_TO_CLOSE")


def test_what_has_filled_of_an_exit_that_rests_is_no_longer_before_another() -> None:
    half = replace(resting("2"), filled_quantity=Decimal(1))
    assert risk.closing_allowed(exiting("1"), Decimal(2), [half]) is None


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
