"""A copy of the open books in memory, kept true by facts, so that each second costs no queries."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Final

from app.domain.accounts import Account
from app.domain.events import Fact, FactKind
from app.domain.instruments import resolve
from app.domain.money import ZERO
from app.domain.positions import Position, unrealised
from app.domain.sessions import Roll, day_bounds, next_roll, trading_day
from app.domain.strategies import Strategy, StrategyKind, StrategyState
from app.services.ports import BookKey, Clock, Quotes, Store

_CHANGES: Final = frozenset({FactKind.STRATEGY_CHANGED, FactKind.ACCOUNT_CHANGED})


@dataclass(slots=True)
class Holding:
    """One book: its position and the money that a price move of one makes per unit."""

    position: Position
    multiplier: Decimal


@dataclass(slots=True)
class Pair:
    """One strategy on one account: what it realised, what it holds, and where its day began.

    ``open_pnl`` is None while a price is unknown; ``known_open`` is the last known one.
    """

    strategy: Strategy
    account: Account
    holdings: dict[str, Holding] = field(default_factory=dict)
    realised: Decimal = ZERO
    open_pnl: Decimal | None = ZERO
    known_open: Decimal = ZERO
    day_ends: datetime | None = None
    day_realised: Decimal = ZERO
    day_open: Decimal = ZERO

    def value(self, marks: Mapping[str, Decimal | None]) -> None:
        """Mark what is held; one unknown price makes the whole unknown."""
        total: Decimal | None = ZERO
        for symbol, holding in self.holdings.items():
            part = unrealised(holding.position, marks.get(symbol), holding.multiplier)
            total = None if total is None or part is None else total + part
        self.open_pnl = total
        if total is not None:
            self.known_open = total

    def sum_realised(self, positions: Iterable[Position]) -> None:
        """Take over what all books of the pair realised, flat ones included."""
        self.realised = sum((position.realised_net for position in positions), ZERO)

    def roll_over(self, now: datetime) -> None:
        """Begin a new trading day when the account's one has ended."""
        if self.day_ends is not None and now >= self.day_ends:
            self.day_realised, self.day_open = self.realised, self.known_open
            self.day_ends = next_roll(now, Roll.parse(self.account.roll))

    @property
    def active(self) -> bool:
        """Whether its P&L is recorded: it may trade, or it holds something."""
        if any(holding.position.quantity for holding in self.holdings.values()):
            return True
        if self.strategy.kind is StrategyKind.MANUAL:
            return bool(self.realised)
        return self.strategy.archived_at is None and self.strategy.state is not StrategyState.OFF


class Books:
    """The pairs of every strategy and account; call ``refresh`` before reading them."""

    def __init__(self, store: Store, clock: Clock, quotes: Quotes) -> None:
        self._store = store
        self._clock = clock
        self._quotes = quotes
        self._lock = threading.Lock()
        self._stale = True
        self._dirty: set[BookKey] = set()
        self._positions: dict[tuple[str, str], dict[str, Position]] = {}
        self.pairs: dict[tuple[str, str], Pair] = {}
        self.version = 0

    def follow(self, facts: Sequence[Fact]) -> None:
        """Listen to the bus: remember what has to be read again."""
        with self._lock:
            for fact in facts:
                if fact.kind in _CHANGES:
                    self._stale = True
                elif fact.kind is FactKind.POSITION_CHANGED:
                    symbol = str(fact.data["symbol"])
                    key = BookKey(fact.strategy_id or "", fact.account_id or "", symbol)
                    self._dirty.add(key)

    def refresh(self) -> None:
        """Read again what changed since the last call."""
        with self._lock:
            stale, self._stale = self._stale, False
            dirty, self._dirty = self._dirty, set()
        if stale:
            self._load()
        elif dirty:
            self._reload(dirty)

    def value(self, now: datetime) -> None:
        """Mark every pair at the fresh quotes, and begin the days that have begun."""
        marks: dict[str, Decimal | None] = {}
        for pair in self.pairs.values():
            for symbol in pair.holdings:
                if symbol not in marks:
                    quote = self._quotes.fresh(symbol, now)
                    marks[symbol] = None if quote is None else quote.mark
        for pair in self.pairs.values():
            pair.roll_over(now)
            pair.value(marks)

    def of_user(self, user_id: str | None) -> Iterator[Pair]:
        """The user's pairs; every pair when ``user_id`` is None."""
        for pair in self.pairs.values():
            if user_id is None or pair.strategy.user_id == user_id:
                yield pair

    def equity(self, account_id: str) -> Decimal | None:
        """The account's starting cash plus all its P&L now; None while a price is unknown."""
        pairs = [pair for pair in self.pairs.values() if pair.account.id == account_id]
        if not pairs:
            return None
        total = pairs[0].account.starting_cash
        for pair in pairs:
            if pair.open_pnl is None:
                return None
            total += pair.realised + pair.open_pnl
        return total

    def _load(self) -> None:
        with self._store.read() as uow:
            accounts = {account.id: account for account in uow.accounts.list()}
            strategies = {each.id: each for each in uow.strategies.list(archived=True)}
            books = uow.positions.all()
        known = self.pairs
        self._positions = {}
        for key, position in books.items():
            pair_key = (key.strategy_id, key.account_id)
            self._positions.setdefault(pair_key, {})[key.symbol] = position
        self.pairs = {}
        for strategy in strategies.values():
            linked = {link.account_id for link in strategy.accounts}
            traded = {account for each, account in self._positions if each == strategy.id}
            for account_id in sorted(linked | traded):
                if account_id in accounts:
                    self._add(strategy, accounts[account_id], known)
        self.version += 1
        self._begin_days([pair for pair in self.pairs.values() if pair.day_ends is None])

    def _add(
        self, strategy: Strategy, account: Account, known: Mapping[tuple[str, str], Pair]
    ) -> None:
        key = (strategy.id, account.id)
        pair = known.get(key) or Pair(strategy, account)
        pair.strategy, pair.account = strategy, account
        self.pairs[key] = pair
        self._fill(pair)

    def _fill(self, pair: Pair) -> None:
        positions = self._positions.get((pair.strategy.id, pair.account.id), {})
        pair.sum_realised(positions.values())
        today = self._clock.now().date()
        pair.holdings = {
            symbol: Holding(position, resolve(symbol, today).instrument.multiplier)
            for symbol, position in positions.items()
            if position.quantity
        }

    def _reload(self, keys: set[BookKey]) -> None:
        with self._store.read() as uow:
            for key in keys:
                pair_key = (key.strategy_id, key.account_id)
                book = uow.positions.get(key)
                self._positions.setdefault(pair_key, {})[key.symbol] = book.position
        for pair_key in {(key.strategy_id, key.account_id) for key in keys}:
            if pair_key in self.pairs:
                self._fill(self.pairs[pair_key])

    def _begin_days(self, pairs: Sequence[Pair]) -> None:
        """Find where the day of each pair began: what it had realised and held at the roll."""
        now = self._clock.now()
        with self._store.read() as uow:
            series = {(each.strategy_id, each.account_id): each.id for each in uow.history.series()}
            for pair in pairs:
                roll = Roll.parse(pair.account.roll)
                start, pair.day_ends = day_bounds(trading_day(now, roll), roll)
                own = uow.fills.realised_since(pair.strategy.id, pair.account.id, start)
                pair.day_realised = pair.realised - own
                curve = series.get((pair.strategy.id, pair.account.id)) or series.get(
                    (pair.strategy.id, None)
                )
                before = uow.history.open_before(curve, start) if curve is not None else None
                pair.day_open = before if before is not None else ZERO
