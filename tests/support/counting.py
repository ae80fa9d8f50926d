"""A counting house for tests: real books, curves and services on a database, a clock to move.

No venue and no web: fills are booked as settling does it, prices are put by hand.
"""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import select

from app.brokers.paper_settings import PaperSettings
from app.brokers.quotes import QuoteBook
from app.clock import VirtualClock
from app.domain.accounts import ALPACA, Account
from app.domain.events import Fact, FactKind
from app.domain.instruments import resolve
from app.domain.journal import advance
from app.domain.orders import Fill, Side
from app.domain.positions import Step, apply
from app.domain.quotes import Quote, QuoteSource
from app.domain.settings import AccountLink, StrategySettings
from app.domain.strategies import Strategy
from app.ids import TimeOrderedIds
from app.services.accounts import AccountService
from app.services.bus import Bus
from app.services.calendar.booking import count_fill
from app.services.market import Listings
from app.services.pnl import Books, Recorder, Tick
from app.services.ports import Book, BookKey, Sample, Series
from app.services.strategies import StrategyService
from app.services.users import UserService
from app.store.engine import make_engines
from app.store.migrate import upgrade
from app.store.repos.rolled import SAMPLE
from app.store.tables.history import STRATEGY_PNL_HISTORY
from app.store.unit_of_work import SqlStore
from app.vault import Vault
from tests.support.registrar import Registrar

#: A Monday, 10:00 in Chicago: the trading day of 16 November 2026, which ends at 16:00.
MORNING = datetime(2026, 11, 16, 16, 0, tzinfo=UTC)
ROLL = "16:00 America/Chicago"
#: 16:00 in Chicago on that Monday: the day of 17 November begins.
ROLL_AT = datetime(2026, 11, 16, 22, 0, tzinfo=UTC)
ES = "ESZ2026"
MASTER = "c2lnbmFsYm94LXRlc3RzLXNpZ25hbGJveC10ZXN0cyE="


class PlainPasswords:
    """Passwords that are hashed at once, and every attempt at one: (hash, password)."""

    def __init__(self) -> None:
        self.attempts: list[tuple[str | None, str]] = []

    def hash(self, password: str) -> str:
        return f"plain:{password}"

    def verify(self, password_hash: str | None, password: str) -> bool:
        self.attempts.append((password_hash, password))
        return password_hash == f"plain:{password}"


@dataclass
class Sink:
    """What the live layer was told, second after second."""

    ticks: list[Mapping[str | None, Tick]] = field(default_factory=list)

    def tick(self, ticks: Mapping[str | None, Tick]) -> None:
        self.ticks.append(ticks)


class CountingHouse:
    """Everything that counts money, on the database ``url``."""

    def __init__(self, url: str, clock: VirtualClock, quotes: QuoteBook | None = None) -> None:
        self.url, self.clock = url, clock
        self.raised: list[Exception] = []
        self.bus = Bus(self.raised.append)
        self.facts: list[Fact] = []
        self.bus.subscribe(self.facts.extend)
        self.store = SqlStore(make_engines(url), self.bus.publish)
        self.ids = TimeOrderedIds(clock.now, random.Random(int(clock.monotonic())))
        self.quotes = quotes or quote_book()
        self.vault = Vault(MASTER)
        self.passwords = PlainPasswords()
        self.accounts = AccountService(
            self.store, clock, self.ids, ROLL, {"paper": PaperSettings.read}
        )
        self.registrar = Registrar()
        listings = Listings({ALPACA: self.registrar}, clock)
        self.strategies = StrategyService(self.store, clock, self.ids, self.vault, listings)
        self.users = UserService(
            self.store, clock, self.ids, self.vault, self.passwords, self.accounts
        )
        self.books = Books(self.store, clock, self.quotes)
        self.bus.subscribe(self.books.follow)
        self.sink = Sink()
        self.pauses: list[float] = []
        self.may_keep = True
        self.recorder = Recorder(
            self.store,
            clock,
            self.quotes,
            self.books,
            self.sink,
            lambda: self.pauses.append(clock.monotonic()),
            lambda: self.may_keep,
        )
        self.bus.subscribe(self.recorder.follow)
        self._fills = 0

    def close(self) -> None:
        assert self.raised == []
        self.store.close()

    def restarted(self, *, keeps_quotes: bool = True) -> CountingHouse:
        """The same database and clock in a new process, with or without the prices it knew."""
        self.close()
        again = CountingHouse(self.url, self.clock, self.quotes if keeps_quotes else None)
        again._fills = self._fills
        return again

    # --- who trades -------------------------------------------------------------------------------

    def user(self, name: str) -> str:
        """Create a user, with a paper account; the id."""
        return self.users.create(name, "long enough").id

    def account(self, user_id: str | None = None) -> Account:
        """The user's paper account."""
        return self.accounts.ensure_first(user_id)

    def strategy(
        self,
        user_id: str | None = None,
        name: str = "Breakout",
        accounts: Sequence[Account] = (),
        symbol: str = "ES",
    ) -> Strategy:
        """Register a strategy, on the user's paper account unless accounts are given."""
        links = [AccountLink(each.id) for each in accounts or [self.account(user_id)]]
        return self.strategies.create(user_id, name, symbol, StrategySettings(), links)[0]

    # --- what happens -----------------------------------------------------------------------------

    def quote(self, price: str, symbol: str = ES) -> None:
        """Put a price of the stream, now."""
        at = Decimal(price)
        self.quotes.put(Quote(symbol, at, at, self.clock.now(), QuoteSource.STREAM))

    def fill(
        self,
        strategy: Strategy,
        change: str,
        price: str,
        commission: str = "0",
        account: Account | None = None,
        symbol: str = ES,
    ) -> Fill:
        """Book a fill of the signed quantity, now."""
        self._fills += 1
        quantity = Decimal(change)
        fill = Fill(
            venue_fill_id=f"F{self._fills:05d}",
            account_id=account.id if account else strategy.accounts[0].account_id,
            symbol=symbol,
            side=Side.of(quantity),
            quantity=abs(quantity),
            price=Decimal(price),
            commission=Decimal(commission),
            at=self.clock.now(),
            strategy_id=strategy.id,
        )
        self._book(strategy, fill)
        return fill

    def _book(self, strategy: Strategy, fill: Fill) -> None:
        key = BookKey(strategy.id, fill.account_id, fill.symbol)
        multiplier = resolve(fill.symbol, fill.at.date()).instrument.multiplier
        with self.store.write() as uow:
            book = uow.positions.get(key)
            after = apply(book.position, fill, multiplier)
            progress = advance(book.trip, fill, multiplier)
            uow.fills.insert(fill, after.realised_gross - book.position.realised_gross, fill.at)
            if progress.closed is not None:
                uow.trips.insert(key, progress.closed)
            uow.positions.save(key, Book(after, progress.open), fill.at)
            count_fill(uow, key, Step(fill, book.position, after), progress.closed)
            uow.facts.append(
                Fact(
                    FactKind.POSITION_CHANGED,
                    fill.at,
                    "Position changed",
                    user_id=strategy.user_id,
                    strategy_id=strategy.id,
                    account_id=fill.account_id,
                    data={"symbol": fill.symbol},
                )
            )

    def tick(self, seconds: float = 1) -> Mapping[str | None, Tick]:
        """Let time pass, record the second, and return what the live layer was told."""
        self.clock.advance(seconds)
        assert self.recorder.tick(self.clock.now())
        return self.sink.ticks[-1]

    # --- what is kept -----------------------------------------------------------------------------

    def series(self) -> dict[tuple[str | None, str | None, str | None], Series]:
        """Every stored curve by user, strategy and account."""
        with self.store.read() as uow:
            found = uow.history.series()
        return {(each.user_id, each.strategy_id, each.account_id): each for each in found}

    def rows(
        self, user_id: str | None, strategy_id: str | None = None, account_id: str | None = None
    ) -> list[Sample]:
        """The recorded seconds of one curve, oldest first."""
        curve = self.series()[user_id, strategy_id, account_id]
        table = STRATEGY_PNL_HISTORY.c
        wanted = select(*SAMPLE.columns).where(table.series_id == curve.id).order_by(table.at)
        with self.store.read() as uow:
            return SAMPLE.all(uow.connection.execute(wanted).all())


def two_accounts(house: CountingHouse) -> tuple[Strategy, str, str]:
    """A strategy, long 1 on one account (199 at 5004) and short 2 on another (599 there)."""
    first, second = house.account(), house.accounts.create_paper(None, "second")
    made = house.strategy(accounts=[first, second])
    house.fill(made, "1", "5000", "1", account=first)
    house.fill(made, "-2", "5010", "1", account=second)
    house.quote("5004")
    return made, first.id, second.id


def quote_book() -> QuoteBook:
    """Prices of a stream that count for 15 seconds."""
    return QuoteBook(timedelta(seconds=15), timedelta(seconds=900), lambda quote, reason: None)


@pytest.fixture(scope="session")
def counting_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty SQLite file to copy."""
    path = tmp_path_factory.mktemp("counting") / "signalbox.db"
    upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture
def counting_url(counting_template: Path, tmp_path: Path) -> str:
    """The URL of a database of the test's own."""
    return f"sqlite:///{shutil.copy(counting_template, tmp_path / 'signalbox.db')}"


@pytest.fixture
def house(counting_url: str) -> Iterator[CountingHouse]:
    """The counting house on an empty database, in the morning."""
    made = CountingHouse(counting_url, VirtualClock(MORNING))
    yield made
    made.close()
