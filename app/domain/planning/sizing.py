"""How large a trade is: from what the alert or the strategy says to a quantity the venue takes.

Quantities are rounded down to the instrument's step, never up, and each change of the number
leaves a step that says why.  A size that needs a price, equity or a stop that is not known is
refused; it is never guessed.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal
from typing import Final

from app.domain.alerts import Intent, Offset, QuantityType
from app.domain.decisions import Denied, Step
from app.domain.instruments import Contract
from app.domain.money import ONE, divide, exact, plain, to_step, wire
from app.domain.protection import distance
from app.domain.refusals import denied
from app.domain.settings import Resolved

_HUNDRED: Final = Decimal(100)


@dataclass(frozen=True, slots=True)
class Market:
    """What is known of the market and the account; None is unknown, never zero.

    ``price`` is the fresh price of one unit, ``equity`` and ``buying_power`` are money.
    """

    price: Decimal | None = None
    equity: Decimal | None = None
    buying_power: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Context:
    """What a size is measured by: ``held`` is signed, ``price`` the one the order expects to get,
    ``stop`` the stop that will guard the position.
    """

    contract: Contract
    held: Decimal
    price: Decimal | None = None
    equity: Decimal | None = None
    stop: Offset | None = None


@dataclass(frozen=True, slots=True)
class Sized:
    """A quantity above zero, a multiple of the instrument's step, and how it came about."""

    quantity: Decimal
    steps: tuple[Step, ...] = ()


def size(intent: Intent, settings: Resolved, context: Context) -> Sized | Denied:
    """Return the quantity to enter with: by the strategy's sizing, else as the alert says."""
    chosen = settings.settings
    if chosen.sizing is not None and chosen.sizing is not QuantityType.PERCENT_OF_POSITION:
        return measure(chosen.size, chosen.sizing, settings.quantity_factor, context)
    return measure(intent.quantity, intent.quantity_type, settings.quantity_factor, context)


def own_sizing(intent: Intent, settings: Resolved) -> bool:
    """Whether our quantity is measured by anything but the sender's own number of units.

    Then the sender's position sizes say only the direction and the proportions of the trade.
    """
    sizing = settings.settings.sizing
    if sizing is not None and sizing is not QuantityType.PERCENT_OF_POSITION:
        return True
    return intent.quantity is not None and intent.quantity_type is not QuantityType.FIXED


@exact
def measure(
    amount: Decimal | None, kind: QuantityType, factor: Decimal, context: Context
) -> Sized | Denied:
    """Return ``amount`` of ``kind`` as a quantity, times ``factor``, rounded down to the step.

    A percentage of the position is not multiplied: the position already is.
    """
    if amount is None:
        return denied("NO_QUANTITY")
    if amount < 0:
        return denied("BAD_QUANTITY")
    raw = _raw(amount, kind, context)
    if isinstance(raw, Denied):
        return raw
    steps = [] if kind is QuantityType.FIXED else [Step(kind, amount, plain(raw), _reason(kind))]
    scaled = raw
    if kind is not QuantityType.PERCENT_OF_POSITION and factor != ONE:
        scaled = raw * factor
        steps.append(Step("quantity_factor", plain(raw), plain(scaled), f"times {wire(factor)}"))
    return _rounded(scaled, steps, context.contract)


def _rounded(quantity: Decimal, steps: list[Step], contract: Contract) -> Sized | Denied:
    step = contract.instrument.quantity_step
    rounded = to_step(quantity, step, ROUND_FLOOR)
    if not rounded:
        return denied(
            "QUANTITY_ROUNDS_TO_ZERO", quantity=quantity, symbol=contract.symbol, step=step
        )
    if rounded != quantity:
        steps.append(reduced("quantity_step", quantity, rounded))
    return Sized(rounded, tuple(steps))


def reduced(name: str, before: Decimal, after: Decimal) -> Step:
    """Return the step of a limit that bites: ``reduced 12 -> 10 (max_position)``."""
    return Step(
        name, plain(before), plain(after), f"reduced {wire(before)} -> {wire(after)} ({name})"
    )


def _raw(amount: Decimal, kind: QuantityType, context: Context) -> Decimal | Denied:
    match kind:
        case QuantityType.FIXED:
            return amount
        case QuantityType.DOLLAR_AMOUNT:
            return _by_value(amount, context)
        case QuantityType.RISK_DOLLAR_AMOUNT:
            return _by_risk(amount, context)
        case QuantityType.PERCENT_OF_EQUITY:
            if context.equity is None:
                return denied("NO_EQUITY")
            return _by_value(max(context.equity, Decimal(0)) * amount / _HUNDRED, context)
    if not context.held:
        return denied("NO_POSITION", symbol=context.contract.symbol)
    return abs(context.held) * amount / _HUNDRED


def _by_value(money: Decimal, context: Context) -> Decimal | Denied:
    price = context.price
    if price is None or price <= 0:
        return denied("NO_PRICE", symbol=context.contract.symbol)
    return divide(money, price * context.contract.instrument.multiplier)


def _by_risk(money: Decimal, context: Context) -> Decimal | Denied:
    if context.stop is None:
        return denied("STOP_NEEDED_FOR_RISK_SIZE")
    if context.price is None:
        return denied("NO_PRICE", symbol=context.contract.symbol)
    instrument = context.contract.instrument
    per_unit = distance(context.stop, context.price, instrument) * instrument.multiplier
    return divide(money, per_unit) if per_unit else denied("STOP_NEEDED_FOR_RISK_SIZE")


def _reason(kind: QuantityType) -> str:
    return f"sized by {kind.replace('_', ' ')}"


@exact
def cap(wanted: Decimal, held: Decimal, limit: Decimal | None, contract: Contract) -> Decimal:
    """Return the signed position ``wanted`` kept within ``limit`` units either way.

    The limit stops a position from growing; it never shrinks one that is held already, because an
    entry must not turn into an exit.
    """
    if limit is None or abs(wanted) <= limit:
        return wanted
    allowed = to_step(limit, contract.instrument.quantity_step, ROUND_FLOOR)
    if wanted * held > 0:
        allowed = max(allowed, abs(held))
    return min(allowed, abs(wanted)).copy_sign(wanted)
