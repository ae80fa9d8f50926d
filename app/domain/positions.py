"""Positions as folds of fills: average cost, flips, fees, multipliers and fractions, exactly.

The exact cost of the open quantity is kept and the average price is derived from it.  So cash paid
and received always equals what is realised plus what is open, to the last digit, at every step.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import reduce
from typing import Final, NamedTuple

from app.domain.errors import InvariantBroken
from app.domain.money import CONTEXT, ZERO, divide, exact, storable
from app.domain.orders import Fill, Side


@dataclass(frozen=True, slots=True)
class Effect:
    """What a fill does to a book: signed quantity, price per unit, commission (+ cost, - rebate).

    A fee that the venue kept in the bought coin is taken out of the quantity and added to the
    commission at the fill's price.
    """

    quantity: Decimal
    price: Decimal
    commission: Decimal


@exact
def effect(fill: Fill, multiplier: Decimal) -> Effect:
    """Return what ``fill`` does; raises InvariantBroken when no quantity is left to book."""
    kept = fill.base_fee
    if fill.quantity - kept <= 0 or (kept and fill.side is Side.SELL):
        raise InvariantBroken(f"Fill {fill.venue_fill_id} of {fill.symbol} books no quantity.")
    return Effect(
        quantity=(fill.quantity - kept) * fill.side.sign,
        price=fill.price,
        commission=cost(fill.commission, kept, fill.price, multiplier),
    )


@exact
def cost(commission: Decimal, kept: Decimal, price: Decimal, multiplier: Decimal) -> Decimal:
    """Return what a fill costs whose venue kept ``kept`` coins; negative for a rebate."""
    return commission + storable(kept * price * multiplier)


def closing_part(held: Decimal, change: Decimal) -> Decimal:
    """Return the signed part of ``change`` that reduces ``held``: 0 when both point one way."""
    if held * change >= 0:
        return ZERO
    return max(change, -held) if held > 0 else min(change, -held)


@dataclass(frozen=True, slots=True)
class Position:
    """One book's holding of one instrument and what it has earned since its first fill.

    ``quantity`` is signed, negative if short; ``basis`` is the signed cost of the open quantity,
    quantity times price without the multiplier; ``realised_gross`` is money before commission and
    ``commission`` a positive cost, both over all cycles; ``fills`` counts what was booked;
    ``opened_at`` is None when flat.  The last two fields say which fill was booked last.
    """

    quantity: Decimal = ZERO
    basis: Decimal = ZERO
    realised_gross: Decimal = ZERO
    commission: Decimal = ZERO
    fills: int = 0
    opened_at: datetime | None = None
    last_at: datetime | None = None
    last_fill_id: str | None = None

    @property
    def average_price(self) -> Decimal | None:
        """Average cost of one unit in the quote currency, 18 places; None when flat."""
        return divide(self.basis, self.quantity) if self.quantity else None

    @property
    @exact
    def realised_net(self) -> Decimal:
        """Money realised after all commissions, those of the open part too; negative if lost."""
        return self.realised_gross - self.commission

    def continues(self, fill: Fill) -> bool:
        """True when ``fill`` comes after all that was booked; else the book is folded anew."""
        if self.last_at is None or self.last_fill_id is None:
            return True
        return (fill.at, fill.venue_fill_id) > (self.last_at, self.last_fill_id)


FLAT: Final = Position()


@exact
def apply(position: Position, fill: Fill, multiplier: Decimal) -> Position:
    """Return the position after ``fill``; one that crosses zero closes first, then opens."""
    change = effect(fill, multiplier)
    closing = closing_part(position.quantity, change.quantity)
    cost = storable(change.quantity * change.price, multiplier)
    closing_cost = storable(closing * change.price, multiplier)
    released = _released(position, closing, multiplier)
    quantity = position.quantity + change.quantity
    return Position(
        quantity=quantity or ZERO,
        basis=position.basis - released + cost - closing_cost if quantity else ZERO,
        realised_gross=position.realised_gross - (released + closing_cost) * multiplier,
        commission=position.commission + change.commission,
        fills=position.fills + 1,
        opened_at=_opened_at(position, quantity, fill.at),
        last_at=fill.at,
        last_fill_id=fill.venue_fill_id,
    )


def _released(position: Position, closing: Decimal, multiplier: Decimal) -> Decimal:
    """The part of the basis that leaves with ``closing``: all of it when nothing stays open."""
    if not closing:
        return ZERO
    share = CONTEXT.divide(position.basis * -closing, position.quantity)
    return storable(share, multiplier)


def _opened_at(before: Position, quantity: Decimal, at: datetime) -> datetime | None:
    if not quantity:
        return None
    return before.opened_at if before.quantity * quantity > 0 else at


@exact
def unrealised(position: Position, mark: Decimal | None, multiplier: Decimal) -> Decimal | None:
    """Return the open P&L at ``mark``, negative if losing; None when the price is unknown.

    A flat position has no open P&L, whatever the price: that 0 is known.
    """
    if not position.quantity:
        return ZERO
    return None if mark is None else (position.quantity * mark - position.basis) * multiplier


def ordered(fills: Iterable[Fill]) -> list[Fill]:
    """Return ``fills`` without repeats of (account, venue fill id), by time and venue fill id."""
    first: dict[tuple[str, str], Fill] = {}
    for fill in fills:
        first.setdefault((fill.account_id, fill.venue_fill_id), fill)
    return sorted(first.values(), key=lambda fill: (fill.at, fill.venue_fill_id, fill.account_id))


class Step(NamedTuple):
    """A fill with the position before and after it."""

    fill: Fill
    before: Position
    after: Position

    @property
    @exact
    def realised_gross(self) -> Decimal:
        """Money that the fill realised before commission; negative if lost."""
        return self.after.realised_gross - self.before.realised_gross

    @property
    @exact
    def commission(self) -> Decimal:
        """What the fill cost, a fee kept in coin included; negative for a rebate."""
        return self.after.commission - self.before.commission


def history(fills: Iterable[Fill], multiplier: Decimal) -> Iterator[Step]:
    """Yield each step of the position that ``fills`` of one book lead to, oldest first."""
    before = FLAT
    for fill in ordered(fills):
        after = apply(before, fill, multiplier)
        yield Step(fill, before, after)
        before = after


def fold(fills: Iterable[Fill], multiplier: Decimal) -> Position:
    """Return the position that ``fills`` of one book lead to, however they arrived."""
    return reduce(lambda position, fill: apply(position, fill, multiplier), ordered(fills), FLAT)


@exact
def converted(
    fills: Iterable[Fill], multiplier: Decimal, rate: Callable[[Fill], Decimal]
) -> Decimal:
    """Return the net realised money in the account's currency.

    Each fill's share is converted at ``rate(fill)``, account currency per quote currency at the
    fill, and stays as it was then.
    """
    shares = (
        storable((step.realised_gross - step.commission) * rate(step.fill))
        for step in history(fills, multiplier)
    )
    return sum(shares, ZERO)


@dataclass(frozen=True, slots=True)
class Lot:
    """An open piece of a position: signed quantity and the price that it was filled at."""

    quantity: Decimal
    price: Decimal


@dataclass(frozen=True, slots=True)
class Lots:
    """The same position matched first in, first out, as some venues report it.

    ``open`` holds the oldest lot first; ``realised_gross`` is money before commission.  The total
    with the open P&L equals that of the average cost, the split between the two differs.
    """

    open: tuple[Lot, ...] = ()
    realised_gross: Decimal = ZERO

    @exact
    def unrealised(self, mark: Decimal | None, multiplier: Decimal) -> Decimal | None:
        """Return the open P&L at ``mark``; None when lots are open and the price is unknown."""
        if not self.open:
            return ZERO
        if mark is None:
            return None
        return sum((lot.quantity * (mark - lot.price) for lot in self.open), ZERO) * multiplier


@exact
def pair(lots: Lots, fill: Fill, multiplier: Decimal) -> Lots:
    """Return the lots after ``fill``: the oldest are closed first, what is left opens a lot."""
    change = effect(fill, multiplier)
    left, points, index = change.quantity, ZERO, 0
    remaining: tuple[Lot, ...] = ()
    while index < len(lots.open) and left:
        oldest = lots.open[index]
        matched = closing_part(oldest.quantity, left)
        if not matched:
            break
        points -= matched * (change.price - oldest.price)
        left -= matched
        index += 1
        if oldest.quantity + matched:
            remaining = (Lot(oldest.quantity + matched, oldest.price),)
    remaining += lots.open[index:]
    opened = (Lot(left, change.price),) if left else ()
    return Lots(remaining + opened, lots.realised_gross + storable(points, multiplier) * multiplier)


def fifo(fills: Iterable[Fill], multiplier: Decimal) -> Lots:
    """Return the lots that ``fills`` of one book lead to, however they arrived."""
    return reduce(lambda lots, fill: pair(lots, fill, multiplier), ordered(fills), Lots())
