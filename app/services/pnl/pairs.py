"""One strategy on one account: what it realised, what it holds, and where its day began."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from app.domain.accounts import Account
from app.domain.money import ZERO, exact
from app.domain.positions import Position, unrealised
from app.domain.strategies import Strategy, StrategyKind, StrategyState

PairKey = tuple[str, str]
"""Strategy and account."""

Marks = Mapping[str, Decimal | None]
"""The price that values each symbol now, None where it is unknown."""


@dataclass(frozen=True, slots=True)
class Holding:
    """One book: its position, what one unit cost, and the money of a price move of one per unit."""

    position: Position
    average_price: Decimal
    multiplier: Decimal

    def value(self, mark: Decimal | None) -> Decimal | None:
        """The open P&L at ``mark``; None when the price is unknown."""
        return unrealised(self.position, mark, self.multiplier)


@dataclass(frozen=True, slots=True)
class Worth:
    """What all books of an account come to at one moment.

    ``realised`` is net of commission since the first fill; ``open_pnl`` is None while a price is
    unknown.  ``contracts`` are what is held, unsigned, after books of one contract are netted.
    """

    realised: Decimal
    open_pnl: Decimal | None
    contracts: Decimal


@exact
def worth_of(pairs: Iterable[Pair]) -> Worth:
    """Return what the pairs of one account come to at the marks that they were valued at last."""
    realised, opened, known = ZERO, ZERO, True
    held: dict[str, Decimal] = {}
    for pair in pairs:
        realised += pair.realised
        known = known and pair.open_pnl is not None
        opened += pair.open_pnl or ZERO
        for symbol, holding in pair.holdings.items():
            held[symbol] = held.get(symbol, ZERO) + holding.position.quantity
    return Worth(realised, opened if known else None, sum(map(abs, held.values()), ZERO))


@dataclass(slots=True)
class Pair:
    """One strategy on one account, by symbol what it holds; flat books are not in ``holdings``.

    ``open_pnl`` is None while a price is unknown.  The day's P&L is counted from ``day_realised``
    and ``day_open``, which hold from ``day_began`` until ``day_ends`` (None while they have to be
    found).
    """

    strategy: Strategy
    account: Account
    holdings: dict[str, Holding] = field(default_factory=dict)
    positions: Mapping[str, Position] = field(default_factory=dict)
    realised: Decimal = ZERO
    open_pnl: Decimal | None = ZERO
    day_began: datetime | None = None
    day_ends: datetime | None = None
    day_realised: Decimal = ZERO
    day_open: Decimal = ZERO

    @property
    def key(self) -> PairKey:
        """Strategy and account."""
        return self.strategy.id, self.account.id

    @property
    @exact
    def paid(self) -> Decimal:
        """What is held cost in cash; zero at a venue that only takes margin."""
        held = self.positions.values() if self.account.traits.pays else ()
        return sum((position.basis for position in held), ZERO)

    def within_its_day(self, now: datetime) -> bool:
        """Whether the day's figures are those of ``now``, on whichever side the clock went."""
        if self.day_began is None or self.day_ends is None:
            return False
        return self.day_began <= now < self.day_ends

    @exact
    def hold(self, positions: Mapping[str, Position], multipliers: Mapping[str, Decimal]) -> None:
        """Take over the books of the pair, flat ones included."""
        self.positions = positions
        self.realised = sum((position.realised_net for position in positions.values()), ZERO)
        self.holdings = {
            symbol: Holding(position, position.average_price or ZERO, multipliers[symbol])
            for symbol, position in positions.items()
            if position.quantity
        }

    @exact
    def value(self, marks: Marks) -> None:
        """Mark what is held; one unknown price makes the whole unknown."""
        total = ZERO
        for symbol, holding in self.holdings.items():
            part = holding.value(marks.get(symbol))
            if part is None:
                self.open_pnl = None
                return
            total += part
        self.open_pnl = total

    def traded_since(self, at: datetime) -> bool:
        """Whether anything was filled at or after ``at``."""
        return any(
            position.last_at is not None and position.last_at >= at
            for position in self.positions.values()
        )

    @property
    def active(self) -> bool:
        """Whether its P&L is recorded: it may trade, or it holds something.

        A manual book is recorded from its first trade on.  What is in the archive is off.
        """
        if self.holdings:
            return True
        if self.strategy.kind is StrategyKind.MANUAL:
            return bool(self.positions)
        return self.strategy.state is not StrategyState.OFF
