"""What a book's protection lacks now: which protective orders to cancel and which to place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from app.domain.accounts import Traits
from app.domain.decisions import Leg
from app.domain.instruments import Contract
from app.domain.money import ZERO
from app.domain.orders import Order, OrderState, OrderType
from app.domain.positions import Position
from app.domain.protection import (
    Cancel,
    Place,
    Protection,
    Resting,
    changes,
    changes_as_one,
    desired,
    twins,
    unclaimed,
)
from app.services.ports import UnitOfWork
from app.services.trading.attempts import Barred
from app.services.trading.send import GRACE


@dataclass(frozen=True, slots=True)
class Case:
    """A book as its protection is looked at.

    ``working`` are its orders that may still fill; ``wanted`` is what is to guard it, ``bars`` what
    must not be sent now, and ``traits`` what its venue is like.
    """

    position: Position
    wanted: Protection
    working: Sequence[Order]
    contract: Contract
    bars: Barred
    traits: Traits


@dataclass(frozen=True, slots=True)
class Mend:
    """What to cancel and to place now.

    ``pair`` says that the places are one request, ``ending`` that the end of an order is expected.
    """

    cancels: tuple[Order, ...]
    places: tuple[Leg, ...]
    pair: bool = False
    ending: bool = False


def mend(uow: UnitOfWork, case: Case, now: datetime) -> Mend:
    """Return what to do so that the right orders guard the book."""
    if case.traits.reserves:
        return _as_one(uow, case, now)
    quantity, average = case.position.quantity, case.position.average_price
    found = changes(quantity, average, case.wanted, case.working, case.contract)
    places = tuple(leg for leg in _places(found) if case.bars.allows(leg))
    return Mend(_cancels(found), places)


def _as_one(uow: UnitOfWork, case: Case, now: datetime) -> Mend:
    whole = case.contract.instrument.kind in case.traits.whole
    quantity = unclaimed(case.position.quantity, case.working, whole=whole)
    legs = desired(quantity, case.position.average_price, case.wanted, case.contract)
    wanted = case.bars.as_one(legs)
    guards = [order for order in case.working if order.role.protective]
    resting = [_resting(uow, order, now) for order in guards]
    found = changes_as_one(wanted, resting)
    places = _places(found)
    # The venue refuses a lone exit that could meet an entry, and such an entry is soon filled.
    entering = len(places) == 1 and any(_at_market(order) for order in case.working)
    if entering or not all(case.bars.allows(leg) for leg in places):
        places = ()
    ending = any(each.ending for each in resting)
    return Mend(_cancels(found), places, pair=len(places) > 1, ending=ending)


def _places(found: Sequence[Place | Cancel]) -> tuple[Leg, ...]:
    return tuple(each.leg for each in found if isinstance(each, Place))


def _cancels(found: Sequence[Place | Cancel]) -> tuple[Order, ...]:
    return tuple(each.order for each in found if isinstance(each, Cancel))


def _resting(uow: UnitOfWork, order: Order, now: datetime) -> Resting:
    """The order with what the other one of its pair means for it."""
    family = uow.orders.of_alert(order.alert_id) if order.alert_id else ()
    other = next((each for each in family if twins(order, each)), None)
    taken = ZERO if other is None else other.filled_quantity
    return Resting(order, taken, ending=other is not None and _ends(other, now))


def _ends(order: Order, now: datetime) -> bool:
    """Whether the order has just ended or is about to, and the other one of its pair with it."""
    over = order.state.terminal or order.state is OrderState.PENDING_CANCEL
    # Both ways: a stamp from the future is of a clock that was set back since.
    return over and abs(now - order.updated_at) < GRACE


def _at_market(order: Order) -> bool:
    return not order.reduce_only and order.type is OrderType.MARKET
