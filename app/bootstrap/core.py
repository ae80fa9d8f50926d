"""The core: every service, put together on the parts; enough to trade, to replay, to administer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from app.bootstrap.parts import Parts, Wake, nothing, open_parts
from app.bootstrap.venues import costs_of
from app.brokers.chaos import ChaosSettings
from app.brokers.paper import PaperVenue
from app.brokers.paper_settings import PaperSettings
from app.brokers.quotes import QuoteBook
from app.brokers.registry import Factory, Registry
from app.clock import SystemClock
from app.config import Settings
from app.domain.accounts import ALPACA, CHAOS, PAPER
from app.ids import TimeOrderedIds
from app.passwords import Argon2Passwords
from app.services.accounts import AccountService
from app.services.agreement import Agreement
from app.services.bus import Bus
from app.services.funded import Funded, Tracker, make_funded
from app.services.funded.guarding import Guarding
from app.services.halts import HaltDesk, HaltKeeper, make_halts
from app.services.health import Health
from app.services.inbox import Inbox
from app.services.manual import ManualDesk
from app.services.market import Listings
from app.services.pace import Pace
from app.services.pnl import Books, NoSink, Recorder
from app.services.ports import Clock
from app.services.reconcile import DriftDesk, Reconciler
from app.services.sources import Sources
from app.services.storage import Storage
from app.services.strategies import StrategyService
from app.services.trading.bounds import Bounds
from app.services.trading.decide import Decider
from app.services.trading.execute import Trader
from app.services.trading.protect import Protector
from app.services.trading.room import Room
from app.services.trading.send import Sender
from app.services.trading.settle import Settler
from app.services.users import UserService
from app.store.reads import SqlReads
from app.store.unit_of_work import SqlStore
from app.vault import Vault
from app.workers.executor import Executor, InlineQueue, Queue


@dataclass(frozen=True, slots=True)
class Core:
    """Everything but the web and the loops: enough to trade, to replay, for the command line."""

    parts: Parts
    reads: SqlReads
    books: Books
    recorder: Recorder
    settler: Settler
    decider: Decider
    trader: Trader
    protector: Protector
    reconciler: Reconciler
    drift: DriftDesk
    inbox: Inbox
    strategies: StrategyService
    users: UserService
    accounts: AccountService
    desk: ManualDesk
    halts: HaltDesk
    halt_keeper: HaltKeeper
    health: Health
    sources: Sources
    agreement: Agreement
    funded: Funded
    guarding: Guarding
    work_arrived: Wake
    reports_arrived: Wake
    pace: Pace

    @property
    def settings(self) -> Settings:
        """The settings that it was made with."""
        return self.parts.settings

    @property
    def tracker(self) -> Tracker:
        """Keeps the states of funded accounts."""
        return self.funded.tracker

    @property
    def clock(self) -> Clock:
        """The only source of time."""
        return self.parts.clock

    @property
    def ids(self) -> TimeOrderedIds:
        """Makes identifiers."""
        return self.parts.ids

    @property
    def vault(self) -> Vault:
        """Makes and keeps secrets."""
        return self.parts.vault

    @property
    def store(self) -> SqlStore:
        """The database."""
        return self.parts.store

    @property
    def storage(self) -> Storage:
        """What the disk and the database's file are like."""
        return self.parts.storage

    @property
    def bus(self) -> Bus:
        """Hands committed facts to listeners."""
        return self.parts.bus

    @property
    def quotes(self) -> QuoteBook:
        """The quote book."""
        return self.parts.quotes

    @property
    def venue(self) -> PaperVenue:
        """The paper accounts of this process."""
        return self.parts.venue

    @property
    def brokers(self) -> Registry:
        """The open broker of each account."""
        return self.parts.brokers

    def executor(self, queue: Queue | None = None) -> Executor:
        """Return an executor; without a queue it executes each alert at once."""
        return Executor(
            store=self.store,
            decider=self.decider,
            trader=self.trader,
            queue=queue or InlineQueue(self.trader),
            name="executor",
            lease=timedelta(seconds=self.settings.lease_s),
            may_claim=self.pace.may_claim,
        )

    def close(self) -> None:
        """Close brokers and database."""
        self.agreement.abandon()
        self.brokers.close_all()
        self.parts.chaos.close()
        self.parts.alpaca.close()
        self.store.close()


def core(
    settings: Settings,
    *,
    clock: Clock | None = None,
    seed: int | None = None,
    pause: Callable[[], None] = nothing,
    venues: Mapping[str, Factory] | None = None,
) -> Core:
    """Open the database and put the services together; nothing runs yet.

    ``seed`` makes every id repeatable, ``venues`` make brokers by venue name.  Raises ConfigError.
    """
    parts = open_parts(settings, clock or SystemClock(), seed, venues or {})
    store, clock, ids = parts.store, parts.clock, parts.ids
    work, reports, pace = Wake(), Wake(), Pace(clock.monotonic)
    settler, books = _settler(parts, reports), _books(parts)
    tracker, guarding, decider = _deciding(parts, books)
    sender, protector = _sending(parts, settler)
    inbox = Inbox(store, clock, ids, parts.vault, pace, work, pause)
    desk, halts, halt_keeper = _halting(parts, inbox, sender, settler)
    accounts = _accounts(parts, tracker)
    reconciler, drift = _reconciling(parts, settler, sender)
    reads, recorder = SqlReads(store), _recorder(parts, books, pause)
    return Core(
        parts=parts,
        reads=reads,
        books=books,
        recorder=recorder,
        settler=settler,
        decider=decider,
        trader=_trader(parts, settler, decider, sender, protector),
        protector=protector,
        reconciler=reconciler,
        drift=drift,
        inbox=inbox,
        strategies=_strategies(parts),
        users=UserService(store, clock, ids, parts.vault, Argon2Passwords(), accounts),
        accounts=accounts,
        desk=desk,
        halts=halts,
        halt_keeper=halt_keeper,
        health=Health(clock),
        sources=Sources(store, clock),
        agreement=Agreement(store, reads, clock, ids, recorder),
        funded=_funded(parts, tracker, books, pause),
        guarding=guarding,
        work_arrived=work,
        reports_arrived=reports,
        pace=pace,
    )


def _settler(parts: Parts, reports: Wake) -> Settler:
    settler = Settler(parts.store, parts.clock, reports)
    parts.brokers.listen(settler.receive)
    return settler


def _books(parts: Parts) -> Books:
    books = Books(parts.store, parts.clock, parts.quotes)
    parts.bus.subscribe(books.follow)
    return books


def _deciding(parts: Parts, books: Books) -> tuple[Tracker, Guarding, Decider]:
    clock, quotes = parts.clock, parts.quotes
    tracker = Tracker(clock, parts.ids, books.worths)
    guarding = Guarding(tracker, clock, quotes, costs_of)
    bounds = Bounds(clock, quotes, books.today, guarding, live=parts.settings.live_trading)
    return tracker, guarding, Decider(parts.store, clock, quotes, books.equity, bounds)


def _sending(parts: Parts, settler: Settler) -> tuple[Sender, Protector]:
    sender, room = Sender(parts.brokers, settler, parts.clock), Room(parts.clock)
    return sender, Protector(parts.store, settler, sender, parts.clock, parts.ids, room)


def _halting(
    parts: Parts, inbox: Inbox, sender: Sender, settler: Settler
) -> tuple[ManualDesk, HaltDesk, HaltKeeper]:
    store, clock = parts.store, parts.clock
    desk = ManualDesk(store, clock, inbox, sender, settler)
    return desk, *make_halts(store, clock, inbox, desk, sender, settler, parts.quotes)


def _recorder(parts: Parts, books: Books, pause: Callable[[], None]) -> Recorder:
    recorder = Recorder(
        parts.store,
        parts.clock,
        parts.quotes,
        books,
        NoSink(),
        pause,
        lambda: parts.storage.recording,
    )
    parts.bus.subscribe(recorder.follow)
    return recorder


def _funded(parts: Parts, tracker: Tracker, books: Books, pause: Callable[[], None]) -> Funded:
    made = make_funded(parts.store, parts.clock, parts.ids, tracker, books.worths, pause)
    made.rules.sync()
    return made


def _accounts(parts: Parts, tracker: Tracker) -> AccountService:
    checks = {PAPER: PaperSettings.read, CHAOS: ChaosSettings.read}
    roll = parts.settings.trading_day_roll
    return AccountService(parts.store, parts.clock, parts.ids, roll, checks, tracker.pay)


def _strategies(parts: Parts) -> StrategyService:
    listings = Listings({ALPACA: parts.alpaca}, parts.clock)
    return StrategyService(parts.store, parts.clock, parts.ids, parts.vault, listings)


def _reconciling(parts: Parts, settler: Settler, sender: Sender) -> tuple[Reconciler, DriftDesk]:
    store, clock, ids, brokers = parts.store, parts.clock, parts.ids, parts.brokers
    made = Reconciler(store, clock, ids, brokers, settler, sender)
    parts.bus.subscribe(made.hear)
    parts.chaos.on_link(made.linked)
    parts.alpaca.on_link(made.linked)
    return made, DriftDesk(store, clock, ids, brokers, made, settler, parts.quotes, sender)


def _trader(
    parts: Parts, settler: Settler, decider: Decider, sender: Sender, protector: Protector
) -> Trader:
    wait = timedelta(seconds=parts.settings.reversal_wait_s)

    def tend(strategy_id: str, account_id: str) -> None:
        protector.tend(account_id, strategy_id)

    return Trader(settler, decider, sender, parts.clock, parts.ids, wait, tend, protector.room)
