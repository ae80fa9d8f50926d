"""Where protection lies: offsets and the prices that they lead to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Final, NamedTuple

from app.domain.alerts import Offset, OffsetUnit
from app.domain.errors import InvalidInput
from app.domain.instruments import Contract, Instrument
from app.domain.money import CONTEXT, exact, to_step, wire
from app.domain.orders import Side

_HUNDRED: Final = Decimal(100)


@dataclass(frozen=True, slots=True)
class Protection:
    """What guards a position; None is "not guarded that way".

    Raises InvalidInput TWO_STOPS when it has a stop loss and a trailing stop.
    """

    take_profit: Offset | None = None
    stop_loss: Offset | None = None
    trail: Offset | None = None

    def __post_init__(self) -> None:
        if self.stop_loss and self.trail:
            raise InvalidInput("A position has one stop: a loss or a trail.", code="TWO_STOPS")

    @property
    def stop(self) -> Offset | None:
        """The stop, whether it stands or trails."""
        return self.stop_loss or self.trail

    def to_json(self) -> dict[str, object]:
        """Return the form in which it is stored; ``from_json`` reads it."""
        return {
            "take_profit": offset_to_json(self.take_profit),
            "stop_loss": offset_to_json(self.stop_loss),
            "trail": offset_to_json(self.trail),
        }

    @staticmethod
    def from_json(stored: Mapping[str, object]) -> Protection:
        """Return what ``to_json`` made; raises InvalidInput when it was something else."""
        return Protection(
            take_profit=offset_from_json(stored.get("take_profit")),
            stop_loss=offset_from_json(stored.get("stop_loss")),
            trail=offset_from_json(stored.get("trail")),
        )


def offset_to_json(offset: Offset | None) -> dict[str, str] | None:
    """Return the offset as ``{"value", "unit"}``, its value a decimal string."""
    if offset is None:
        return None
    return {"value": wire(offset.value), "unit": str(offset.unit)}


def offset_from_json(stored: object) -> Offset | None:
    """Return the offset that ``offset_to_json`` made; raises InvalidInput for anything else."""
    if stored is None:
        return None
    if not isinstance(stored, Mapping) or {"value", "unit"} - stored.keys():
        raise InvalidInput("An offset is stored as value and unit.", code="BAD_OFFSET")
    return Offset.parse(f"{stored['value']} {stored['unit']}")


class Prices(NamedTuple):
    """Where protection lies: two prices and a distance, all on the tick.

    None where there is none, or where the venue cannot take the price (below zero).
    """

    take_profit: Decimal | None
    stop_loss: Decimal | None
    trail: Decimal | None


@exact
def distance(offset: Offset, entry: Decimal, instrument: Instrument) -> Decimal:
    """Return how far ``offset`` lies from the price ``entry``, in price, never below zero."""
    match offset.unit:
        case OffsetUnit.TICKS:
            return offset.value * instrument.tick_size
        case OffsetUnit.PERCENT:
            return abs(entry) * offset.value / _HUNDRED
        case OffsetUnit.AMOUNT:
            return offset.value
    return abs(entry - offset.value)


@exact
def prices(protection: Protection, side: Side, average: Decimal, contract: Contract) -> Prices:
    """Return the prices that guard a position opened by ``side`` at ``average``.

    What lies between two ticks moves to the one that is better for the trader: a larger profit, a
    smaller loss, a shorter trail.
    """
    instrument = contract.instrument
    return Prices(
        take_profit=_level(protection.take_profit, side, average, instrument, profit=True),
        stop_loss=_level(protection.stop_loss, side, average, instrument, profit=False),
        trail=trail_distance(protection.trail, average, instrument) if protection.trail else None,
    )


@exact
def trail_distance(trail: Offset, entry: Decimal, instrument: Instrument) -> Decimal:
    """Return how far a stop trails behind the price: whole ticks, rounded down, at least one."""
    ticks = to_step(distance(trail, entry, instrument), instrument.tick_size, ROUND_FLOOR)
    return max(ticks, instrument.tick_size)


def _level(
    offset: Offset | None, side: Side, average: Decimal, instrument: Instrument, *, profit: bool
) -> Decimal | None:
    if offset is None:
        return None
    rounding = ROUND_CEILING if side is Side.BUY else ROUND_FLOOR
    raw = offset.value
    if offset.unit is not OffsetUnit.PRICE:
        away = side.sign if profit else -side.sign
        raw = CONTEXT.add(average, away * distance(offset, average, instrument))
    level = to_step(raw, instrument.tick_size, rounding)
    if not profit and offset.unit is not OffsetUnit.PRICE:
        level = _below_entry(level, side, average, instrument)
    return level if instrument.accepts_price(level) else None


def _below_entry(level: Decimal, side: Side, average: Decimal, instrument: Instrument) -> Decimal:
    """Keep a stop on the losing side: rounded onto the entry it would close what just opened."""
    if (average - level) * side.sign > 0:
        return level
    rounding = ROUND_CEILING if side is Side.BUY else ROUND_FLOOR
    nearest = to_step(average, instrument.tick_size, rounding)
    return nearest - side.sign * instrument.tick_size
