"""Order types and prices of the legs: on the tick, on the right side, and known, or refused.

A price between two ticks moves to the one that does no harm: a limit never gets worse than asked,
a stop never triggers sooner.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Final

from app.domain.alerts import Intent, Offset, OffsetUnit
from app.domain.decisions import Denied, Leg, Step
from app.domain.instruments import Contract
from app.domain.money import plain, to_step
from app.domain.orders import OrderType, Side
from app.domain.planning.sizing import Market
from app.domain.protection import Protection, prices, trail_distance
from app.domain.refusals import denied
from app.domain.settings import Resolved

Priced = tuple[Leg, tuple[Step, ...]]

_LIMITED: Final = frozenset({OrderType.LIMIT, OrderType.STOP_LIMIT})
_TRIGGERED: Final = frozenset({OrderType.STOP, OrderType.STOP_LIMIT})


def entry_type(intent: Intent, settings: Resolved) -> OrderType:
    """Return how an entry is to be filled: as set, else as the alert says, else at the market."""
    return settings.settings.order_type or intent.order_type or OrderType.MARKET


def entry_price(intent: Intent, settings: Resolved, market: Market) -> Decimal | None:
    """Return the price that an entry expects: of its own limit or stop, else the market's."""
    kind = entry_type(intent, settings)
    if kind in _LIMITED and intent.limit_price is not None:
        return intent.limit_price
    if kind is OrderType.STOP and intent.stop_price is not None:
        return intent.stop_price
    return market.price


def price_leg(
    leg: Leg, intent: Intent, settings: Resolved, market: Market, contract: Contract
) -> Priced | Denied:
    """Return the leg with the prices that its type needs, and a step for each that moved."""
    steps: list[Step] = []
    if leg.type in _LIMITED:
        asked = _limit(intent, settings, steps)
        limit = _tick("limit_price", leg, asked, contract, steps)
        if isinstance(limit, Denied):
            return limit
        leg = replace(leg, limit_price=limit)
    if leg.type in _TRIGGERED:
        stop = _tick("stop_price", leg, intent.stop_price, contract, steps)
        if isinstance(stop, Denied):
            return stop
        leg = replace(leg, stop_price=stop)
    if leg.type is OrderType.TRAILING_STOP:
        return _trailing(leg, intent.trail, market, contract)
    return leg, tuple(steps)


def _limit(intent: Intent, settings: Resolved, steps: list[Step]) -> Decimal | None:
    """A strategy that always enters with limit orders does so at the signal's price."""
    if intent.limit_price is not None or settings.settings.order_type is not OrderType.LIMIT:
        return intent.limit_price
    if intent.price is not None:
        steps.append(Step("limit_price", None, intent.price, "the price of the signal"))
    return intent.price


def _tick(
    name: str, leg: Leg, price: Decimal | None, contract: Contract, steps: list[Step]
) -> Decimal | Denied:
    if price is None:
        return denied(f"NO_{name.upper()}", type=leg.type.replace("_", " "))
    up = (leg.side is Side.SELL) is (name == "limit_price")
    rounding = ROUND_CEILING if up else ROUND_FLOOR
    instrument = contract.instrument
    on_tick = to_step(price, instrument.tick_size, rounding)
    if not instrument.accepts_price(on_tick):
        return bad_price(name, price, contract, "it must be above zero")
    if on_tick != price:
        reason = f"moved to a multiple of the tick {plain(instrument.tick_size)}"
        steps.append(Step(name, plain(price), on_tick, reason))
    return on_tick


def _trailing(
    leg: Leg, trail: Offset | None, market: Market, contract: Contract
) -> Priced | Denied:
    if trail is None:
        return denied("NO_TRAIL")
    if market.price is None and trail.unit is OffsetUnit.PERCENT:
        return denied("NO_PRICE", symbol=contract.symbol)
    entry = Decimal(0) if market.price is None else market.price
    return replace(leg, trail=trail_distance(trail, entry, contract.instrument)), ()


def bad_price(name: str, price: Decimal, contract: Contract, reason: str) -> Denied:
    """Return the refusal of a price, with its name in words and the reason."""
    words = name.replace("_", " ")
    return denied("BAD_PRICE", name=words, price=price, symbol=contract.symbol, reason=reason)


def protection_fault(
    protection: Protection, leg: Leg, market: Market, contract: Contract
) -> Denied | None:
    """Return why a position entered by ``leg`` cannot be guarded so: a price on the wrong side,
    or below zero.  None when all is well, or when no price is known to judge by.
    """
    entry = next(
        (at for at in (leg.limit_price, leg.stop_price, market.price) if at is not None), None
    )
    if entry is None:
        return None
    found = prices(protection, leg.side, entry, contract)
    return _guard_fault(
        "take_profit", protection.take_profit, found.take_profit, entry, leg.side, contract
    ) or _guard_fault(
        "stop_loss", protection.stop_loss, found.stop_loss, entry, leg.side.opposite, contract
    )


def _guard_fault(
    name: str,
    offset: Offset | None,
    level: Decimal | None,
    entry: Decimal,
    beyond: Side,
    contract: Contract,
) -> Denied | None:
    if offset is None:
        return None
    if level is None:
        return bad_price(name, offset.value, contract, f"{offset} from {plain(entry)} is no price")
    if (level - entry) * beyond.sign <= 0:
        where = "above" if beyond is Side.BUY else "below"
        return bad_price(name, level, contract, f"it must lie {where} the entry at {plain(entry)}")
    return None
