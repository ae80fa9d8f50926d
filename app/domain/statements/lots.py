"""Lots: what one side of a comparison knows of an order or a fill, which may be taken in parts."""

from __future__ import annotations

import heapq
from collections.abc import Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Final, TypeVar

from app.domain.money import ZERO, divide, exact, plain
from app.domain.orders import Side

T = TypeVar("T")

Work = Generator[None, None, T]
"""Work that may be left alone at each step, for others to get their turn."""

_PIECE: Final = 200


@dataclass(frozen=True, slots=True)
class Part:
    """Some quantity of one execution: unsigned, price per unit, the fee of this quantity.

    ``id`` names the execution on its own side; ``fee`` is None where nothing is told;
    ``note`` says where it comes from: a line of the file, or the alert behind a fill.
    """

    id: str
    at: datetime
    quantity: Decimal
    price: Decimal
    fee: Decimal | None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Lot:
    """Executions of one side of one subject that belong together, oldest first.

    ``subject`` is what must be the same on both sides: a contract, or a product.  ``names`` are ids
    that both sides may know it by; ``multiplier`` is money per point and unit.
    """

    subject: str
    symbol: str
    side: Side
    multiplier: Decimal
    parts: Sequence[Part]
    names: frozenset[str] = frozenset()

    @property
    def quantity(self) -> Decimal:
        """Unsigned quantity of all parts."""
        return self.parts[0].quantity if len(self.parts) == 1 else _quantity(self.parts)

    @exact
    def moved(self) -> tuple[Decimal, Decimal | None]:
        """Return the money before fees, negative when something was bought, and the fees.

        Fees are those that are known (+ cost); None when none is.
        """
        worth = sum((part.quantity * part.price for part in self.parts), ZERO)
        known = [part.fee for part in self.parts if part.fee is not None]
        fee = sum(known, ZERO) if known else None
        return -worth * self.side.sign * self.multiplier, fee

    @property
    def price(self) -> Decimal:
        """Average price, rounded to 18 places."""
        return self.parts[0].price if len(self.parts) == 1 else _average(self.parts)

    @property
    def at(self) -> datetime:
        """When it was complete."""
        return self.parts[-1].at

    @property
    def notes(self) -> Sequence[str]:
        """Where its parts come from, each once."""
        return list(dict.fromkeys(part.note for part in self.parts if part.note))

    @property
    def order(self) -> tuple[object, ...]:
        """By what lots are sorted, so that no order of arrival matters."""
        first = self.parts[0]
        ids = tuple(part.id for part in self.parts)
        return (self.subject, self.side, self.at, first.price, self.quantity, ids)

    def split(self, quantity: Decimal) -> tuple[Lot, Lot | None]:
        """Return the oldest ``quantity`` of it, and the rest; None when nothing is left.

        The fee of a part that is cut is shared by quantity; both shares add up to it exactly.
        """
        if quantity == self.quantity:
            return self, None
        taken, left = _cut(self.parts, quantity)
        return replace(self, parts=taken), replace(self, parts=left) if left else None


@exact
def _quantity(parts: Sequence[Part]) -> Decimal:
    return sum((part.quantity for part in parts), ZERO)


@exact
def _average(parts: Sequence[Part]) -> Decimal:
    worth = sum((part.quantity * part.price for part in parts), ZERO)
    return plain(divide(worth, _quantity(parts)))


@exact
def _cut(parts: Sequence[Part], quantity: Decimal) -> tuple[list[Part], list[Part]]:
    """The parts up to ``quantity``, which is less than all of them have, and those behind it."""
    taken: list[Part] = []
    left = list(parts)
    while quantity:
        part = left.pop(0)
        if part.quantity > quantity:
            share = None if part.fee is None else divide(part.fee * quantity, part.quantity)
            rest = None if part.fee is None or share is None else part.fee - share
            left.insert(0, replace(part, quantity=part.quantity - quantity, fee=rest))
            part = replace(part, quantity=quantity, fee=share)
        taken.append(part)
        quantity -= part.quantity
    return taken, left


def joined(lots: Iterable[Lot], keys: Mapping[str, str | None]) -> Work[list[Lot]]:
    """Return the lots with those added up that have the same key; ``keys`` is by a part's id.

    What has no key stays alone.  Only lots of one subject, side and symbol are added up.
    """
    groups: dict[tuple[str, ...], list[Lot]] = {}
    for lot in lots:
        own = lot.parts[0].id
        key = keys.get(own)
        name = ("alone", own) if key is None else ("key", key)
        groups.setdefault((lot.subject, lot.symbol, lot.side, *name), []).append(lot)
        yield
    return (yield from in_order([_sum(group) for group in groups.values()]))


def _sum(lots: Sequence[Lot]) -> Lot:
    if len(lots) == 1:
        return lots[0]
    parts = [part for lot in lots for part in lot.parts]
    names = frozenset().union(*(lot.names for lot in lots))
    return replace(lots[0], parts=sorted(parts, key=lambda part: (part.at, part.id)), names=names)


def in_order(lots: Sequence[Lot]) -> Work[list[Lot]]:
    """Return the lots sorted, a few at a time: a long list at once would hold everything up."""
    pieces = []
    for start in range(0, len(lots), _PIECE):
        pieces.append(sorted(lots[start : start + _PIECE], key=lambda lot: lot.order))
        yield
    found = []
    for lot in heapq.merge(*pieces, key=lambda lot: lot.order):
        found.append(lot)
        yield
    return found
