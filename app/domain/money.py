"""Exact decimal numbers: reading, writing and rounding of money, prices and quantities."""

from __future__ import annotations

import decimal
from collections.abc import Callable
from decimal import ROUND_HALF_EVEN, Decimal
from functools import wraps
from typing import Final, ParamSpec, TypeVar

from app.domain.errors import InvalidInput

_P = ParamSpec("_P")
_R = TypeVar("_R")

ZERO: Final = Decimal(0)
ONE: Final = Decimal(1)
CENT: Final = Decimal("0.01")

#: Finest step of any stored amount; divisions are rounded to it, sums and products are exact.
QUANTUM: Final = Decimal("1e-18")
PLACES: Final = 18

#: Wide enough that a product of three stored numbers, or any sum of such products, never rounds.
CONTEXT: Final = decimal.Context(prec=120, rounding=ROUND_HALF_EVEN)

_LARGEST: Final = Decimal("1e15")


def exact(function: Callable[_P, _R]) -> Callable[_P, _R]:
    """Make ``+``, ``-``, ``*`` inside ``function`` exact: Python's own limit is 28 digits."""

    @wraps(function)
    def within(*args: _P.args, **kwargs: _P.kwargs) -> _R:
        with decimal.localcontext(CONTEXT):
            return function(*args, **kwargs)

    return within


def parse(value: object, field: str = "value") -> Decimal:
    """Return ``value`` as a finite Decimal below 1e15 in size, read to 18 places half-even.

    A float is read through its text.  Raises InvalidInput for anything that is not such a number;
    zero is a value like any other.
    """
    number = _read(value, field)
    if (
        not number.is_finite()
        or number.copy_abs() >= _LARGEST  # abs() itself would overflow on 1e9999999
        or (number and number.adjusted() < -PLACES)
    ):
        raise InvalidInput(
            f"{field} must be a finite number between 1e-18 and 1e15 in size.",
            fields={field: "out of range"},
        )
    return storable(number) if number else ZERO


def _read(value: object, field: str) -> Decimal:
    if isinstance(value, Decimal):
        return value
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise InvalidInput(f"{field} must be a number.", fields={field: "must be a number"})
    if isinstance(value, int):
        return Decimal(value)
    text = str(value).strip()
    try:
        # Decimal also reads 1_000 and other scripts' digits, which no sender means.
        number = Decimal(text) if text.isascii() and "_" not in text else None
    except decimal.InvalidOperation:
        number = None
    if number is None:
        raise InvalidInput(
            f"{field} must be a number, not {text[:40]!r}.", fields={field: "must be a number"}
        )
    return number


def storable(amount: Decimal, factor: Decimal = ONE) -> Decimal:
    """Return ``amount`` rounded half-even so that ``amount * factor`` has at most 18 places.

    What is coarse enough already, as every real price times quantity is, comes back unchanged.
    """
    places = PLACES - max(0, -_exponent(factor.normalize(CONTEXT)))
    if -_exponent(amount) <= places:
        return amount
    return amount.quantize(ONE.scaleb(-places), context=CONTEXT)


def _exponent(number: Decimal) -> int:
    return int(number.as_tuple().exponent)


def divide(numerator: Decimal, denominator: Decimal) -> Decimal:
    """Return the quotient rounded half-even to 18 places, the finest step that is stored."""
    return CONTEXT.divide(numerator, denominator).quantize(QUANTUM, context=CONTEXT)


def to_step(value: Decimal, step: Decimal, rounding: str = ROUND_HALF_EVEN) -> Decimal:
    """Return ``value`` rounded to a multiple of ``step`` (a tick, a quantity step, a cent)."""
    steps = CONTEXT.divide(value, step).to_integral_value(rounding=rounding)
    return plain(CONTEXT.multiply(steps, step))


def plain(value: Decimal) -> Decimal:
    """Return ``value`` without trailing zeros, exponents or a negative zero."""
    if not value:
        return ZERO
    normal = value.normalize(CONTEXT)
    if normal == normal.to_integral_value():
        return normal.quantize(ONE, context=CONTEXT)
    return normal


def wire(value: Decimal) -> str:
    """Return the decimal string that leaves the server: no exponent, no trailing zeros."""
    if not value:
        return "0"
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
