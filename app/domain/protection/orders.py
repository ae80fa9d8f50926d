"""Which protective orders a position should have, and what to place or cancel to get there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from app.domain.decisions import Leg
from app.domain.instruments import Contract
from app.domain.orders import (
    Order,
    OrderRole,
    OrderState,
    OrderType,
    Side,
    TimeInForce,
    can_cancel,
)
from app.domain.protection.levels import Protection, prices

#: At most one live order of each kind guards a position: one take profit, and one stop.
_KINDS: Final = (
    frozenset({OrderRole.TAKE_PROFIT}),
    frozenset({OrderRole.STOP_LOSS, OrderRole.TRAILING_STOP}),
)


def desired(
    quantity: Decimal, average: Decimal | None, protection: Protection, contract: Contract
) -> tuple[Leg, ...]:
    """Return the orders that should guard a position of the signed ``quantity``; none when flat."""
    if not quantity or average is None:
        return ()
    at = prices(protection, Side.of(quantity), average, contract)
    legs: list[Leg] = []
    if at.take_profit is not None:
        legs.append(_leg(quantity, OrderRole.TAKE_PROFIT, limit=at.take_profit))
    if at.stop_loss is not None:
        legs.append(_leg(quantity, OrderRole.STOP_LOSS, stop=at.stop_loss))
    if at.trail is not None:
        legs.append(_leg(quantity, OrderRole.TRAILING_STOP, trail=at.trail))
    return tuple(legs)


_TYPES: Final = {
    OrderRole.TAKE_PROFIT: OrderType.LIMIT,
    OrderRole.STOP_LOSS: OrderType.STOP,
    OrderRole.TRAILING_STOP: OrderType.TRAILING_STOP,
}


def _leg(
    quantity: Decimal,
    role: OrderRole,
    *,
    limit: Decimal | None = None,
    stop: Decimal | None = None,
    trail: Decimal | None = None,
) -> Leg:
    return Leg(
        name=str(role),
        side=Side.of(quantity).opposite,
        quantity=abs(quantity),
        role=role,
        type=_TYPES[role],
        time_in_force=TimeInForce.GTC,
        limit_price=limit,
        stop_price=stop,
        trail=trail,
        reduce_only=True,
    )


@dataclass(frozen=True, slots=True)
class Place:
    """A protective order to send."""

    leg: Leg


@dataclass(frozen=True, slots=True)
class Cancel:
    """A protective order to cancel; what replaces it follows once that is confirmed."""

    order: Order


def changes(
    quantity: Decimal,
    average: Decimal | None,
    protection: Protection,
    working: Sequence[Order],
    contract: Contract,
) -> list[Place | Cancel]:
    """Return what to do so that exactly the right orders guard the signed ``quantity``.

    ``working`` are the book's orders that may still fill; only the protective ones are looked at.
    Call it again after each change of the position and each confirmed cancel: a kind whose old
    order may still fill gets no new one.
    """
    legs = desired(quantity, average, protection, contract)
    found: list[Place | Cancel] = []
    for kind in _KINDS:
        live = [order for order in working if order.role in kind and order.state.working]
        wanted = next((leg for leg in legs if leg.role in kind), None)
        found += _mend(live, wanted)
    return found


def _mend(live: Sequence[Order], wanted: Leg | None) -> list[Place | Cancel]:
    kept = next((each for each in live if wanted and matches(each, each.remaining, wanted)), None)
    surplus = [order for order in live if order is not kept]
    if wanted and not live:
        return [Place(wanted)]
    return [Cancel(order) for order in surplus if can_cancel(order)]


def matches(order: Order, remaining: Decimal, leg: Leg) -> bool:
    """Return whether the order, of which ``remaining`` may still fill, guards as ``leg`` would."""
    return order.state is not OrderState.PENDING_CANCEL and (
        (order.role, order.side, remaining, order.limit_price, order.stop_price, order.trail)
        == (leg.role, leg.side, leg.quantity, leg.limit_price, leg.stop_price, leg.trail)
    )
