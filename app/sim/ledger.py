"""A paper account's money: positions and cash as a fold of its fills, and the margin of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from app.domain.instruments import InstrumentKind
from app.domain.money import ZERO, exact
from app.domain.positions import FLAT, Position, apply, unrealised
from app.sim.records import PaperFill
from app.sim.terms import Terms

Marks = Callable[[str], Decimal | None]
"""Gives the price that values one unit of a symbol, or None when it is unknown."""

_HUNDRED: Final = Decimal(100)


@dataclass(frozen=True, slots=True)
class Holding:
    """The account's net position in one contract; flat ones are kept for what they realised."""

    terms: Terms
    position: Position

    @exact
    def open_pnl(self, mark: Decimal | None) -> Decimal | None:
        """Return the open P&L in money at ``mark``; None when the price is unknown."""
        return unrealised(self.position, mark, self.terms.multiplier)


@dataclass(frozen=True, slots=True)
class Margins:
    """The money that must stand behind a position, in percent of its notional, by kind."""

    percent: Mapping[InstrumentKind, Decimal]

    @exact
    def of(self, terms: Terms, quantity: Decimal, price: Decimal) -> Decimal:
        """Return the margin of ``quantity`` units at ``price``; never negative."""
        notional = abs(quantity * price * terms.multiplier)
        return notional * self.percent[terms.kind] / _HUNDRED


@dataclass(frozen=True, slots=True)
class Ledger:
    """What a paper account owns.

    ``cash`` is the starting cash plus what is realised, after commission.  ``holdings`` are net
    positions by symbol; ``books`` are the signed quantities, by symbol and strategy, that the net
    position is the sum of, so that a reduce-only order touches only its own strategy's part.
    """

    cash: Decimal
    holdings: Mapping[str, Holding] = field(default_factory=dict)
    books: Mapping[str, Mapping[str, Decimal]] = field(default_factory=dict)

    @exact
    def after(self, record: PaperFill) -> Ledger:
        """Return the ledger with one more fill."""
        fill, terms = record.fill, record.terms
        before = self.position(terms.symbol)
        position = apply(before, fill, terms.multiplier)
        parts = dict(self.books.get(terms.symbol, {}))
        book = fill.strategy_id or ""
        parts[book] = parts.get(book, ZERO) + fill.quantity * fill.side.sign
        return Ledger(
            cash=self.cash + position.realised_net - before.realised_net,
            holdings={**self.holdings, terms.symbol: Holding(terms, position)},
            books={**self.books, terms.symbol: parts},
        )

    def position(self, symbol: str) -> Position:
        """Return the net position in ``symbol``; a flat one when nothing was ever traded."""
        holding = self.holdings.get(symbol)
        return FLAT if holding is None else holding.position

    @property
    def open(self) -> list[Holding]:
        """Holdings that are not flat."""
        return [held for held in self.holdings.values() if held.position.quantity]

    @exact
    def equity(self, marks: Marks) -> Decimal | None:
        """Return cash plus open P&L; None when the price of anything held is unknown."""
        total = self.cash
        for held in self.open:
            open_pnl = held.open_pnl(marks(held.terms.symbol))
            if open_pnl is None:
                return None
            total += open_pnl
        return total

    @exact
    def tied_up(self, margins: Margins, marks: Marks) -> Decimal | None:
        """Return the margin of everything held; None when a price is unknown."""
        total = ZERO
        for held in self.open:
            mark = marks(held.terms.symbol)
            if mark is None:
                return None
            total += margins.of(held.terms, held.position.quantity, mark)
        return total

    def settled(self, marks: Marks) -> Marks:
        """Return marks that value what has no price at what it cost, as a margin desk would."""

        def mark(symbol: str) -> Decimal | None:
            known = marks(symbol)
            return self.position(symbol).average_price if known is None else known

        return mark


def rebuild(cash: Decimal, fills: Iterable[PaperFill]) -> Ledger:
    """Return the ledger that ``fills``, in the order of their numbers, lead to from ``cash``."""
    ledger = Ledger(cash)
    for record in fills:
        ledger = ledger.after(record)
    return ledger
