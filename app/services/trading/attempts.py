"""What was tried before to guard a position, and what is therefore not tried again, or not yet."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from app.domain.decisions import Leg
from app.domain.orders import Order, OrderRole, OrderState
from app.domain.protection import as_one, twins
from app.services.ports import UnitOfWork
from app.services.trading.cancel import BY_HAND
from app.services.trading.guard import Guard

#: The rest after an attempt that did not reach the venue; it doubles each time, up to the longest.
REST: Final = timedelta(seconds=5)
LONGEST_REST: Final = timedelta(minutes=1)
#: Refusals of a venue that are over when other orders are.
_PASSING: Final = frozenset({"QUANTITY_HELD", "WASH_TRADE"})

_Shape = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Barred:
    """Protective orders that are not sent now; ``until`` is when the first of them may be.

    ``together`` are the shapes that a venue refused as one of a pair.
    """

    shapes: frozenset[_Shape] = frozenset()
    roles: frozenset[OrderRole] = frozenset()
    until: datetime | None = None
    together: frozenset[_Shape] = frozenset()

    def allows(self, leg: Leg) -> bool:
        """Whether the order may be sent."""
        return leg.role not in self.roles and _shape(leg) not in self.shapes

    def as_one(self, legs: Sequence[Leg]) -> tuple[Leg, ...]:
        """Return those of the wanted legs that are to work at once where all of them are one.

        What a person took away is left out; of a pair that was refused the stop is wanted alone.
        """
        wanted = as_one([leg for leg in legs if leg.role not in self.roles])
        if len(wanted) > 1 and all(_shape(leg) in self.together for leg in wanted):
            return tuple(leg for leg in wanted if leg.role is not OrderRole.TAKE_PROFIT)
        return wanted


def barred(uow: UnitOfWork, guard: Guard, now: datetime) -> Barred:
    """Return what must not be sent for the position that the guard's entry opened.

    What the venue rejected is never sent again as it was, unless only other orders were in its way;
    what did not reach it rests for a while, and what a person took away stays away.
    """
    refused, together = set[_Shape](), set[_Shape]()
    rests, removed = {}, set()
    tries: Counter[_Shape] = Counter()
    attempts = _attempts(uow, guard)
    for order in attempts:
        shape, rejected = _shape(order), order.state is OrderState.REJECTED
        passing = rejected and order.reason_code in _PASSING
        if rejected and not passing:
            paired = any(twins(order, other) for other in attempts)
            (together if paired else refused).add(shape)
        elif passing or order.state is OrderState.DENIED:
            rests[shape] = order.updated_at + min(REST * 2 ** tries[shape], LONGEST_REST)
            tries[shape] += 1
        elif order.state is OrderState.CANCELED and order.reason_code == BY_HAND:
            removed.add(order.role)
    # A rest longer than the longest began before the clock was set back.
    ends = now + LONGEST_REST
    resting = {shape: until for shape, until in rests.items() if now < until <= ends}
    return Barred(
        shapes=frozenset(refused | resting.keys()),
        roles=frozenset(removed),
        until=min(resting.values(), default=None),
        together=frozenset(together),
    )


def _attempts(uow: UnitOfWork, guard: Guard) -> list[Order]:
    """The protective orders that were made for the entry, on its account, oldest first."""
    orders = uow.orders.of_alert(guard.entry.alert_id or "")
    account_id = guard.entry.account_id
    return [order for order in orders if order.account_id == account_id and order.role.protective]


def _shape(order: Order | Leg) -> _Shape:
    return (
        order.role,
        order.side,
        order.quantity,
        order.limit_price,
        order.stop_price,
        order.trail,
    )
