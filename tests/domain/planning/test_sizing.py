"""How large a trade is, and that every change of the number says why."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.alerts import Intent, QuantityType
from app.domain.decisions import Denied
from app.domain.instruments import Contract
from app.domain.planning import Context, Sized, measure, size
from app.domain.planning.sizing import cap, own_sizing, reduced
from app.domain.settings import Resolved
from tests.support.trading import BTC, ES, SPY, asked, number, offset, rules

CONTRACTS = st.sampled_from([ES, SPY, BTC])
AMOUNTS = st.decimals("0", "1e7", places=6)


def context(
    contract: Contract = ES,
    held: str = "0",
    price: str | None = "5000",
    equity: str | None = "100000",
    stop: str | None = "40 ticks",
) -> Context:
    guard = None if stop is None else offset(stop)
    return Context(contract, Decimal(held), number(price), number(equity), guard)


def amount(quantity: str, kind: str) -> Intent:
    return asked(action="buy", quantity=quantity, quantity_type=kind)


def sized(found: Sized | Denied) -> Sized:
    assert isinstance(found, Sized), found
    return found


def refused(found: Sized | Denied) -> str:
    assert isinstance(found, Denied), found
    return found.code


@pytest.mark.parametrize(
    ("quantity", "kind", "where", "expected"),
    [
        ("3", "fixed", context(), "3"),
        ("800000", "dollar_amount", context(), "3"),
        ("50000", "dollar_amount", context(SPY, price="168.14"), "297.371238"),
        ("2000", "risk_dollar_amount", context(), "4"),
        ("2000", "risk_dollar_amount", context(stop="1%"), "0"),
        ("2600", "risk_dollar_amount", context(stop="4990 price"), "5"),
        ("500", "percent_of_equity", context(), "2"),
        ("10", "percent_of_equity", context(BTC, price="7400", equity="1000"), "0.01351351"),
        ("50", "percent_of_position", context(held="-5"), "2"),
    ],
)
def test_a_size_is_measured_and_rounded_down_to_the_step(
    quantity: str, kind: str, where: Context, expected: str
) -> None:
    found = size(amount(quantity, kind), rules(), where)
    if Decimal(expected):
        assert sized(found).quantity == Decimal(expected)
    else:
        assert refused(found) == "QUANTITY_ROUNDS_TO_ZERO"


@pytest.mark.parametrize(
    ("kind", "where", "code"),
    [
        ("dollar_amount", context(price=None), "NO_PRICE"),
        ("dollar_amount", context(price="0"), "NO_PRICE"),
        ("dollar_amount", context(price="-37"), "NO_PRICE"),
        ("risk_dollar_amount", context(stop=None), "STOP_NEEDED_FOR_RISK_SIZE"),
        ("risk_dollar_amount", context(price=None), "NO_PRICE"),
        ("risk_dollar_amount", context(stop="5000 price"), "STOP_NEEDED_FOR_RISK_SIZE"),
        ("percent_of_equity", context(equity=None), "NO_EQUITY"),
        ("percent_of_equity", context(equity="0"), "QUANTITY_ROUNDS_TO_ZERO"),
        ("percent_of_equity", context(equity="-5"), "QUANTITY_ROUNDS_TO_ZERO"),
        ("percent_of_equity", context(price=None), "NO_PRICE"),
        ("percent_of_position", context(), "NO_POSITION"),
    ],
)
def test_what_is_not_known_is_refused_and_never_guessed(
    kind: str, where: Context, code: str
) -> None:
    assert refused(size(amount("100", kind), rules(), where)) == code


def test_the_strategys_sizing_wins_over_the_alerts() -> None:
    settings = rules(sizing="fixed", size="4")
    found = sized(size(amount("9", "fixed"), settings, context()))
    assert (found.quantity, found.steps) == (Decimal(4), ())


def test_a_percentage_of_the_position_sizes_exits_so_entries_are_as_the_alert_says() -> None:
    settings = rules(sizing="percent_of_position", size="50")
    assert sized(size(amount("9", "fixed"), settings, context())).quantity == Decimal(9)


def test_no_quantity_and_a_quantity_of_zero_are_different() -> None:
    assert refused(size(asked(action="buy"), rules(), context())) == "NO_QUANTITY"
    none = measure(None, QuantityType.FIXED, Decimal(1), context())
    zero = measure(Decimal(0), QuantityType.FIXED, Decimal(1), context())
    minus = measure(Decimal(-1), QuantityType.FIXED, Decimal(1), context())
    assert [refused(found) for found in (none, zero, minus)] == [
        "NO_QUANTITY",
        "QUANTITY_ROUNDS_TO_ZERO",
        "BAD_QUANTITY",
    ]


def test_every_change_of_the_number_leaves_a_step() -> None:
    found = sized(size(amount("1250000", "dollar_amount"), rules(factor="0.5"), context()))
    assert found.quantity == Decimal(2)
    assert [(step.name, step.before, step.after, step.reason) for step in found.steps] == [
        ("dollar_amount", Decimal(1250000), Decimal(5), "sized by dollar amount"),
        ("quantity_factor", Decimal(5), Decimal("2.5"), "times 0.5"),
        ("quantity_step", Decimal("2.5"), Decimal(2), "reduced 2.5 -> 2 (quantity_step)"),
    ]


def test_a_factor_does_not_multiply_what_is_measured_by_the_position() -> None:
    found = size(amount("50", "percent_of_position"), rules(factor="3"), context(held="4"))
    assert sized(found).quantity == Decimal(2)


def test_a_limit_that_bites_says_so() -> None:
    assert reduced("max_position", Decimal(12), Decimal(10)).reason == (
        "reduced 12 -> 10 (max_position)"
    )


MONEY = {"quantity": "2", "quantity_type": "dollar_amount"}
FIXED = rules(sizing="fixed", size="1")
PART = rules(sizing="percent_of_position", size="50")


@pytest.mark.parametrize(
    ("settings", "fields", "own"),
    [
        (rules(), {"quantity": "2"}, False),
        (rules(), {}, False),
        (rules(), MONEY, True),
        (FIXED, {}, True),
        (PART, {"quantity": "2"}, False),
    ],
)
def test_our_own_sizing_is_anything_but_the_senders_units(
    settings: Resolved, fields: dict[str, object], own: bool
) -> None:
    assert own_sizing(asked(action="buy", **fields), settings) is own


@pytest.mark.parametrize(
    ("wanted", "held", "limit", "expected"),
    [
        ("12", "0", "10", "10"),
        ("-12", "0", "10", "-10"),
        ("12", "0", None, "12"),
        ("10", "0", "10", "10"),
        ("12", "11", "10", "11"),
        ("12", "15", "10", "12"),
        ("12", "-15", "10", "10"),
        ("12", "0", "10.5", "10"),
        ("0", "15", "10", "0"),
    ],
)
def test_a_cap_stops_growth_and_never_shrinks_what_is_held(
    wanted: str, held: str, limit: str | None, expected: str
) -> None:
    assert cap(Decimal(wanted), Decimal(held), number(limit), ES) == Decimal(expected)


@given(CONTRACTS, AMOUNTS, st.sampled_from(QuantityType), st.decimals("0.001", "100", places=3))
def test_a_quantity_is_above_zero_on_the_step_and_never_more_than_asked(
    contract: Contract, asked_for: Decimal, kind: QuantityType, factor: Decimal
) -> None:
    found = measure(asked_for, kind, factor, context(contract, held="-3"))
    if isinstance(found, Denied):
        assert found.code == "QUANTITY_ROUNDS_TO_ZERO"
        return
    assert found.quantity > 0
    assert not found.quantity % contract.instrument.quantity_step
    if kind is QuantityType.FIXED:
        assert found.quantity <= asked_for * factor
    if kind is QuantityType.DOLLAR_AMOUNT:
        value = found.quantity * 5000 * contract.instrument.multiplier
        assert value <= asked_for * factor + Decimal("1e-9")
