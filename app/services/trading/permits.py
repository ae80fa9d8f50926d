"""Permits: asked again just before an order goes out that was decided, or sent, some time ago."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final, Protocol

from app.domain import risk
from app.domain.decisions import Decision, Denied, Leg, Step
from app.domain.orders import Order, client_order_id
from app.domain.planning import Plan
from app.domain.protection import Protection
from app.domain.refusals import denied
from app.services.ports import BookKey, UnitOfWork
from app.services.trading.guard import protection_of
from app.services.trading.switches import stop_of

#: The step of a decision at which the rules of its account made an entry smaller.
SIZED_DOWN: Final = "funded_rules"


@dataclass(frozen=True, slots=True)
class Opening:
    """An entry that is about to be sent, and what stands or falls with it.

    ``protection`` is what would guard the book then.  ``gone`` are the orders by id that are
    cancelled before it goes out; ``own`` is the one of the entry itself, None until it is written.
    ``closes`` is the book that is closed before.  ``automated`` is that no person sends it.
    """

    key: BookKey
    leg: Leg
    protection: Protection
    automated: bool
    gone: frozenset[str] = frozenset()
    own: str | None = None
    closes: BookKey | None = None


@dataclass(frozen=True, slots=True)
class Ruling:
    """How much of an entry may go out, unsigned, and why no more; None when all of it may."""

    quantity: Decimal
    refusal: Denied | None = None


class Gate(Protocol):
    """Judges entries by rules that are the account's own."""

    def judge(self, uow: UnitOfWork, opening: Opening) -> Ruling | None:
        """Return what may go out now, None for an account without such rules.

        Until the caller's transaction ends nobody else is judged for the same account, so that two
        entries never take the same room.
        """


def opening_of(
    planned: Plan, key: BookKey, replaced: Iterable[Order], *, automated: bool
) -> Opening:
    """Return the part of the plan that opens; ``replaced`` are the orders that it cancels first."""
    leg = next(leg for leg in planned.legs if not leg.reduce_only)
    closed = next((each.symbol or planned.symbol for each in planned.legs if each != leg), None)
    return Opening(
        key=key,
        leg=leg,
        protection=planned.protection or Protection(),
        automated=automated,
        gone=frozenset(order.id for order in replaced),
        closes=None if closed is None else replace(key, symbol=closed),
    )


def opening_again(uow: UnitOfWork, decision: Decision, leg: Leg, *, automated: bool) -> Opening:
    """Return a leg of an earlier decision that opens; its own order may be written already."""
    own = client_order_id(decision.alert_id, decision.account_id, leg.name)
    order = uow.orders.by_client_id(own)
    symbol = leg.symbol or decision.symbol or ""
    return Opening(
        key=BookKey(decision.strategy_id, decision.account_id, symbol),
        leg=leg,
        protection=protection_of(decision),
        automated=automated,
        own=None if order is None else order.id,
    )


def fitted(planned: Plan, ruling: Ruling | None) -> Plan | Denied:
    """Return the plan with no more to open than the ruling allows, or why nothing may."""
    if ruling is None or ruling.refusal is None:
        return planned
    if not ruling.quantity:
        return ruling.refusal
    leg = next(leg for leg in planned.legs if not leg.reduce_only)
    return planned.opening_only(ruling.quantity, SIZED_DOWN, _smaller(leg, ruling, ruling.refusal))


def cut(decision: Decision, leg: Leg, ruling: Ruling | None) -> Decision | Denied:
    """Return the decision with its leg no larger than the ruling allows, or why it may not go."""
    if ruling is None or ruling.refusal is None:
        return decision
    if not ruling.quantity:
        return ruling.refusal
    why, smaller = _smaller(leg, ruling, ruling.refusal), replace(leg, quantity=ruling.quantity)
    taken_off = (leg.quantity - ruling.quantity) * leg.side.sign
    return replace(
        decision,
        wanted=None if decision.wanted is None else decision.wanted - taken_off,
        legs=tuple(smaller if each == leg else each for each in decision.legs),
        steps=(*decision.steps, Step(SIZED_DOWN, leg.quantity, ruling.quantity, why.detail)),
        code=why.code,
        detail=why.detail,
    )


def _smaller(leg: Leg, ruling: Ruling, why: Denied) -> Denied:
    after = ruling.quantity
    return denied("FUNDED_SIZED_DOWN", before=leg.quantity, after=after, why=why.detail)


def refusal_to_send(uow: UnitOfWork, key: BookKey, leg: Leg, own: Order | None) -> Denied | None:
    """Return why the leg may not go out on the book now, or None.

    What opens needs every switch to be active.  What closes must still close: the position may
    have gone, or another exit may be ahead.  ``own`` is the leg's order when it is written already.
    """
    if not leg.reduce_only:
        return risk.opening_allowed(stop_of(uow, key.strategy_id, key.account_id))
    held = uow.positions.get(key).position.quantity
    working = uow.orders.working(key.strategy_id, key.account_id, key.symbol)
    others = [order for order in working if own is None or order.id != own.id]
    quantity = leg.quantity if own is None else own.remaining
    return risk.closing_allowed(replace(leg, quantity=quantity, symbol=key.symbol), held, others)


def refusal_to_resend(uow: UnitOfWork, order: Order) -> Denied | None:
    """Return why an order that is written and not at its venue may not be sent now, or None.

    Where a venue reserves, protection is never sent again by itself: it may be one of a pair, and
    what it would hold back may be needed for an exit by now.  It is placed anew where it is wanted.
    """
    account = uow.accounts.get(order.account_id)
    if order.role.protective and account is not None and account.traits.reserves:
        return denied("PROTECTION_RENEWED")
    key = BookKey(order.strategy_id or "", order.account_id, order.symbol)
    leg = Leg(order.leg, order.side, order.quantity, order.role, reduce_only=order.reduce_only)
    return refusal_to_send(uow, key, leg, order)
