"""A copy of the open books in memory, kept true by facts, so that each second costs no queries."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from app.domain.accounts import Account
from app.domain.events import Fact, FactKind
from app.domain.instruments import resolve
from app.domain.money import ZERO, exact
from app.domain.positions import Position
from app.domain.sessions import Roll, day_bounds, trading_day
from app.domain.strategies import Strategy
from app.services.pnl.figures import summary
from app.services.pnl.pairs import Pair, PairKey, Worth, worth_of
from app.services.ports import BookKey, Clock, Quotes, Store, UnitOfWork


@dataclass(slots=True)
class _Changes:
    """What has to be read again, by id."""

    everything: bool = False
    accounts: set[str] = field(default_factory=set)
    strategies: set[str] = field(default_factory=set)
    books: set[BookKey] = field(default_factory=set)

    def __bool__(self) -> bool:
        return bool(self.everything or self.accounts or self.strategies or self.books)

    def add(self, fact: Fact) -> None:
        """Note what ``fact`` says has changed."""
        if fact.kind is FactKind.STRATEGY_CHANGED and fact.strategy_id:
            self.strategies.add(fact.strategy_id)
        elif fact.kind is FactKind.ACCOUNT_CHANGED and fact.account_id:
            self.accounts.add(fact.account_id)
        elif fact.kind is FactKind.ACCOUNT_CHANGED:
            self.everything = True
        elif fact.kind is FactKind.POSITION_CHANGED:
            symbol = str(fact.data["symbol"])
            self.books.add(BookKey(fact.strategy_id or "", fact.account_id or "", symbol))

    def merge(self, others: _Changes) -> None:
        """Add what ``others`` hold."""
        self.everything |= others.everything
        self.accounts |= others.accounts
        self.strategies |= others.strategies
        self.books |= others.books


class Books:
    """The pairs of every strategy and account; call ``refresh`` before reading ``pairs``.

    ``version`` changes whenever there are other pairs, or they may belong to somebody else.
    """

    def __init__(self, store: Store, clock: Clock, quotes: Quotes) -> None:
        self._store = store
        self._clock = clock
        self._quotes = quotes
        self._noting = threading.Lock()
        self._reading = threading.RLock()
        self._changes = _Changes(everything=True)
        self._accounts: dict[str, Account] = {}
        self._positions: dict[PairKey, dict[str, Position]] = {}
        self._multipliers: dict[str, Decimal] = {}
        self.pairs: dict[PairKey, Pair] = {}
        self.version = 0

    def follow(self, facts: Sequence[Fact]) -> None:
        """Listen to the bus: remember what has to be read again."""
        with self._noting:
            for fact in facts:
                self._changes.add(fact)

    def forget(self) -> None:
        """Know nothing more, so that everything is read anew: another server traded meanwhile."""
        with self._reading, self._noting:
            self.pairs = {}
            self._changes.everything = True

    def refresh(self) -> None:
        """Read again what changed since the last call; what could not be read stays noted."""
        with self._reading:
            with self._noting:
                changes, self._changes = self._changes, _Changes()
            if not changes:
                return
            try:
                self._read(changes)
            except BaseException:
                with self._noting:
                    self._changes.merge(changes)
                raise

    def value(self, now: datetime) -> None:
        """Mark every pair at the fresh quotes, and begin the days that have begun."""
        with self._reading:
            self._value(self.pairs.values(), now)

    def of_user(self, user_id: str | None) -> Iterator[Pair]:
        """The user's pairs; every pair when ``user_id`` is None."""
        for pair in tuple(self.pairs.values()):
            if user_id is None or pair.strategy.user_id == user_id:
                yield pair

    @exact
    def equity(self, account_id: str) -> Decimal | None:
        """The account's capital plus all its P&L now; None while a price is unknown.

        An account without any book is unknown too.
        """
        with self._reading:
            worth = self.worths({account_id}).get(account_id)
            if worth is None or worth.open_pnl is None:
                return None
            return self._accounts[account_id].capital + worth.realised + worth.open_pnl

    def today(self, account_id: str) -> Decimal | None:
        """The account's P&L of its trading day, as pages show it; None while a price is unknown."""
        with self._reading:
            self.refresh()
            now = self._clock.now()
            pairs = [pair for pair in self.pairs.values() if pair.account.id == account_id]
            self._value(pairs, now)
            return summary(pairs, None, now).today_pnl

    def worths(self, account_ids: Collection[str]) -> Mapping[str, Worth]:
        """What all books of each of these accounts come to now; accounts without a book are out."""
        with self._reading:
            self.refresh()
            found: dict[str, list[Pair]] = {}
            for pair in self.pairs.values():
                if pair.account.id in account_ids:
                    found.setdefault(pair.account.id, []).append(pair)
            self._value([pair for pairs in found.values() for pair in pairs], self._clock.now())
            return {account_id: worth_of(pairs) for account_id, pairs in found.items()}

    def _value(self, pairs: Collection[Pair], now: datetime) -> None:
        ended = [pair for pair in pairs if not pair.within_its_day(now)]
        if ended:
            self._begin_days(ended, now)
        marks: dict[str, Decimal | None] = {}
        for pair in pairs:
            for symbol in pair.holdings:
                if symbol not in marks:
                    quote = self._quotes.fresh(symbol, now)
                    marks[symbol] = None if quote is None else quote.mark
        for pair in pairs:
            pair.value(marks)

    def _read(self, changes: _Changes) -> None:
        with self._store.read() as uow:
            if changes.everything:
                self._read_everything(uow)
                return
            for account_id in changes.accounts:
                self._read_account(uow, account_id)
            for strategy_id in changes.strategies:
                self._read_strategy(uow, strategy_id)
            for key in changes.books:
                self._read_book(uow, key)

    def _read_everything(self, uow: UnitOfWork) -> None:
        self._accounts = {account.id: account for account in uow.accounts.list()}
        self._positions = {}
        for key, position in uow.positions.all().items():
            self._book(key, position)
        known, self.pairs = self.pairs, {}
        for strategy in uow.strategies.list(archived=True):
            self._place(strategy, known)
        self.version += 1

    def _read_account(self, uow: UnitOfWork, account_id: str) -> None:
        account = uow.accounts.get(account_id)
        if account is None:
            return
        self._accounts[account_id] = account
        for pair in self.pairs.values():
            if pair.account.id == account_id:
                # Its day may begin at another time now.
                pair.account, pair.day_ends = account, None
        manual = uow.strategies.manual_of(account_id)
        if manual is not None:
            self._replace(manual)

    def _read_strategy(self, uow: UnitOfWork, strategy_id: str) -> None:
        strategy = uow.strategies.get(strategy_id)
        if strategy is not None:
            self._replace(strategy)

    def _read_book(self, uow: UnitOfWork, key: BookKey) -> None:
        self._book(key, uow.positions.get(key).position)
        pair = self.pairs.get((key.strategy_id, key.account_id))
        if pair is None:
            self._read_strategy(uow, key.strategy_id)
        else:
            self._fill(pair)

    def _book(self, key: BookKey, position: Position) -> None:
        books = self._positions.setdefault((key.strategy_id, key.account_id), {})
        books[key.symbol] = position

    def _replace(self, strategy: Strategy) -> None:
        """Put the strategy's pairs in the place of those that it had before."""
        known = {key: pair for key, pair in self.pairs.items() if key[0] == strategy.id}
        self.pairs = {key: pair for key, pair in self.pairs.items() if key not in known}
        self._place(strategy, known)
        if {key for key in self.pairs if key[0] == strategy.id} != set(known):
            self.version += 1

    def _place(self, strategy: Strategy, known: Mapping[PairKey, Pair]) -> None:
        """Add a pair for each account that the strategy trades on, or has traded on."""
        linked = {link.account_id for link in strategy.accounts}
        for account_id, account in self._accounts.items():
            key = (strategy.id, account_id)
            if account_id in linked or key in self._positions:
                pair = known.get(key) or Pair(strategy, account)
                pair.strategy, pair.account = strategy, account
                self.pairs[key] = pair
                self._fill(pair)

    def _fill(self, pair: Pair) -> None:
        positions = self._positions.get(pair.key, {})
        for symbol in positions:
            if symbol not in self._multipliers:
                contract = resolve(symbol, self._clock.now().date())
                self._multipliers[symbol] = contract.instrument.multiplier
        pair.hold(dict(positions), self._multipliers)

    @exact
    def _begin_days(self, pairs: Iterable[Pair], now: datetime) -> None:
        """Find where the day of each pair began: what it had realised, and its open P&L then.

        The roll and a restart in the middle of a day take the same way, by fills and samples, all
        read in one state of the database.
        """
        bounds: dict[str, tuple[datetime, datetime]] = {}
        with self._store.read() as uow:
            curves = {(each.strategy_id, each.account_id): each.id for each in uow.history.series()}
            realised: Mapping[PairKey, Decimal] | None = None
            for pair in pairs:
                text = pair.account.roll
                if text not in bounds:
                    roll = Roll.parse(text)
                    bounds[text] = day_bounds(trading_day(now, roll), roll)
                start, ends = bounds[text]
                pair.day_realised = pair.realised
                if pair.traded_since(start):
                    # What is in memory may lack a fill that the query below sees.
                    realised = realised if realised is not None else _realised(uow)
                    today = uow.fills.realised_since(*pair.key, start)
                    pair.day_realised = realised[pair.key] - today
                pair.day_open = _open_at(uow, pair, curves, start)
                pair.day_began, pair.day_ends = start, ends


def _realised(uow: UnitOfWork) -> Mapping[PairKey, Decimal]:
    """What each pair has realised since its first fill, net."""
    totals: dict[PairKey, Decimal] = {}
    for key, position in uow.positions.all().items():
        pair = (key.strategy_id, key.account_id)
        totals[pair] = totals.get(pair, ZERO) + position.realised_net
    return totals


def _open_at(
    uow: UnitOfWork,
    pair: Pair,
    curves: Mapping[tuple[str | None, str | None], int],
    start: datetime,
) -> Decimal:
    """The pair's open P&L when the day began, by its last sample before with known prices."""
    if not pair.holdings and not pair.traded_since(start):
        return ZERO
    own, whole = curves.get(pair.key), curves.get((pair.strategy.id, None))
    if own is not None:
        before = uow.history.open_before(own, start)
        if before is not None or not _held(uow, pair, start):
            return before or ZERO
    # The strategy's own curve is that of its only account, as long as it has no other.
    return (uow.history.open_before(whole, start) if whole is not None else None) or ZERO


def _held(uow: UnitOfWork, pair: Pair, at: datetime) -> bool:
    """Whether the pair held anything at the instant."""
    for symbol in pair.positions:
        fills = uow.fills.of_book(BookKey(*pair.key, symbol))
        changes = (fill.quantity * fill.side.sign for fill in fills if fill.at < at)
        if sum(changes, ZERO):
            return True
    return False
