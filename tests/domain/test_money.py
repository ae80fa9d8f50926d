from __future__ import annotations

from decimal import ROUND_DOWN, Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.errors import InvalidInput
from app.domain.money import divide, exact, parse, plain, storable, to_step, wire

numbers = st.decimals(Decimal("-1e14"), Decimal("1e14"), places=18)


@pytest.mark.parametrize(
    ("given_", "expected"),
    [
        ("1.50", "1.5"),
        (" 2 ", "2"),
        ("-0.25", "-0.25"),
        ("1e3", "1000"),
        (0.1, "0.1"),
        (7, "7"),
        (0, "0"),
        (Decimal("0.000000000000000001"), "0.000000000000000001"),
    ],
)
def test_a_number_is_read_exactly_as_it_is_written(given_: object, expected: str) -> None:
    assert parse(given_) == Decimal(expected)


@pytest.mark.parametrize("text", ["", "ten", "1,5", "1_000", "١٢", "--1", "0x10", "{{close}}"])
def test_text_that_is_no_number_is_refused_with_the_name_of_its_field(text: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        parse(text, "quantity")
    assert refused.value.fields == {"quantity": "must be a number"}
    assert "quantity" in refused.value.detail


@pytest.mark.parametrize("value", [None, True, False, [1], {}, b"1"])
def test_what_is_neither_number_nor_text_is_refused(value: object) -> None:
    with pytest.raises(InvalidInput, match="must be a number"):
        parse(value)


@pytest.mark.parametrize(
    "value",
    [
        "NaN",
        "sNaN",
        "Infinity",
        "-inf",
        "1e15",
        "1e400",
        "1e9999999",
        "-1e9999999",
        "9e-19",
        float("nan"),
    ],
)
def test_a_number_that_cannot_be_stored_is_refused(value: object) -> None:
    with pytest.raises(InvalidInput, match="finite number between"):
        parse(value)


@pytest.mark.parametrize("text", ["0", "-0", "0e999999", "0e-999999"])
def test_zero_is_plain_zero_however_it_is_written(text: str) -> None:
    assert str(parse(text)) == "0"


@pytest.mark.parametrize("text", ["999999999999999.9999999999999999", "-999999999999999.5"])
def test_the_largest_number_below_the_limit_is_read(text: str) -> None:
    assert parse(text) == Decimal(text)


def test_a_whole_number_too_long_to_print_is_refused() -> None:
    with pytest.raises(InvalidInput, match="finite number between"):
        parse(10**5000)


def test_digits_finer_than_the_store_are_rounded_half_even_when_read() -> None:
    assert parse("0.1000000000000000005") == Decimal("0.1")
    assert parse("0.1000000000000000015") == Decimal("0.100000000000000002")


def test_sums_inside_exact_keep_every_digit() -> None:
    large, small = Decimal(10**14), Decimal("0.000000000000000001")
    assert Fraction(exact(lambda: large + small)()) == Fraction(large) + Fraction(small)
    assert Fraction(large + small) != Fraction(large) + Fraction(small)


@given(numbers, numbers, numbers)
def test_a_product_of_three_stored_numbers_is_exact(a: Decimal, b: Decimal, c: Decimal) -> None:
    product = exact(lambda: a * b * c)()
    assert Fraction(product) == Fraction(a) * Fraction(b) * Fraction(c)


@given(numbers, numbers.filter(bool))
def test_a_quotient_is_within_half_a_step_of_the_truth(a: Decimal, b: Decimal) -> None:
    error = abs(Fraction(divide(a, b)) - Fraction(a) / Fraction(b))
    assert error <= Fraction(1, 2 * 10**18)


@given(numbers, st.sampled_from(["1", "50", "0.5", "0.1", "12.5", "125000", "1E+3"]))
def test_a_storable_amount_times_its_factor_has_at_most_18_places(a: Decimal, text: str) -> None:
    factor = Decimal(text)
    amount = storable(exact(lambda: a * a)(), factor)
    scaled = Fraction(amount) * Fraction(factor) * 10**18
    assert scaled.denominator == 1
    assert abs(Fraction(amount) - Fraction(a) ** 2) <= Fraction(1, 10**17)


def test_an_amount_that_is_coarse_enough_stays_as_it_is() -> None:
    assert str(storable(Decimal("7225.250"), Decimal("0.5"))) == "7225.250"


@pytest.mark.parametrize(
    ("value", "step", "expected"),
    [
        ("7225.30", "0.25", "7225.25"),
        ("-0.12", "0.05", "-0.1"),
        ("110.671", "0.015625", "110.671875"),
        ("0.125", "0.01", "0.12"),
        ("17", "5", "15"),
    ],
)
def test_a_value_goes_to_the_nearest_step(value: str, step: str, expected: str) -> None:
    assert to_step(Decimal(value), Decimal(step)) == Decimal(expected)


def test_a_value_can_go_down_to_a_step() -> None:
    assert to_step(Decimal("1.99"), Decimal("0.5"), ROUND_DOWN) == Decimal("1.5")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("1.500", "1.5"),
        ("1E+3", "1000"),
        ("-0.00", "0"),
        ("0E-18", "0"),
        ("1E-18", "0.000000000000000001"),
        ("100", "100"),
        ("-2.10", "-2.1"),
    ],
)
def test_a_number_leaves_without_exponent_trailing_zeros_or_negative_zero(
    value: str, text: str
) -> None:
    assert wire(Decimal(value)) == text


@given(numbers)
def test_what_is_written_reads_back_as_the_same_number(value: Decimal) -> None:
    assert parse(wire(value)) == value == plain(value)
