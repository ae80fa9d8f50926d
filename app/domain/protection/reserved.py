"""Protective orders where the venue holds back what they may trade: all of a book's are one thing.

A second exit of the same units is refused there.  So take profit and stop go out as one pair, of
which the end of one is the end of both, and nothing new goes out before every older one is known to
be gone.  A trailing stop cannot be one of a pair: it guards alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal
from typing import Final

from app.domain.decisions import Leg
from app.domain.money import ONE, ZERO, exact, plain, to_step
from app.domain.orders import Order, OrderRole, can_cancel
from app.domain.protection.orders import Cancel, Place, matches

#: What the names of a pair's legs have after their role, before the number that both share.
_PAIR: Final = ":pair"


@dataclass(frozen=True, slots=True)
class Resting:
    """A protective order that may still fill.

    ``taken`` is what the other one of its pair has filled: the venue takes it off this one.
    ``ending`` says that the other one has ended, so that the end of this one is on its way.
    """

    order: Order
    taken: Decimal = ZERO
    ending: bool = False

    @property
    def remaining(self) -> Decimal:
        """The unsigned quantity that may still fill."""
        return max(self.order.remaining - self.taken, ZERO)


def pair_name(role: OrderRole, number: int) -> str:
    """Return the name of one leg of an alert's pair ``number``."""
    return f"{role}{_PAIR}{number}"


def twins(first: Order, second: Order) -> bool:
    """Whether the two are the legs of one pair."""
    number = _pair_of(first)
    return number is not None and number == _pair_of(second) and first.id != second.id


def leading(orders: Iterable[Order]) -> list[Order]:
    """Return the orders with only the first of each pair: to cancel that one cancels both."""
    found: list[Order] = []
    for order in orders:
        if not any(twins(order, other) for other in found):
            found.append(order)
    return found


def as_one(legs: Sequence[Leg]) -> tuple[Leg, ...]:
    """Return those of the wanted legs that may work at once: beside a trailing stop nothing."""
    trailing = tuple(leg for leg in legs if leg.role is OrderRole.TRAILING_STOP)
    return trailing or tuple(legs)


@exact
def unclaimed(held: Decimal, working: Iterable[Order], *, whole: bool) -> Decimal:
    """Return the signed part of what is held that no exit under way may trade.

    ``whole`` leaves out the fraction of a unit.
    """
    ahead = sum((each.remaining for each in working if _takes_from(held, each)), ZERO)
    left = max(abs(held) - ahead, ZERO)
    left = to_step(left, ONE, ROUND_FLOOR) if whole else left
    return plain(left if held > 0 else -left)


def changes_as_one(wanted: Sequence[Leg], resting: Sequence[Resting]) -> list[Place | Cancel]:
    """Return what to do so that just the ``wanted`` legs guard, which go out as one.

    ``resting`` are the book's protective orders that may still fill.  Call it again after each
    change of the position and each confirmed cancel: while any of them may fill, nothing is placed.
    """
    live = [each for each in resting if each.order.state.working]
    if not live:
        return [Place(leg) for leg in wanted]
    if _fits(live, wanted):
        return []
    return [Cancel(each.order) for each in live if not each.ending and can_cancel(each.order)]


def _fits(live: Sequence[Resting], wanted: Sequence[Leg]) -> bool:
    if len(live) != len(wanted) or any(each.ending for each in live):
        return False
    return all(any(matches(each.order, each.remaining, leg) for each in live) for leg in wanted)


def _takes_from(held: Decimal, order: Order) -> bool:
    return not order.role.protective and order.side.sign * held < 0 and order.state.working


def _pair_of(order: Order) -> tuple[str | None, str, str] | None:
    _, paired, number = order.leg.partition(_PAIR)
    return (order.alert_id, order.account_id, number) if paired else None
