"""The composition root: settings become a running server.  Only this module sees everything."""

from __future__ import annotations

import os
import random
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

import structlog
from apiflask import APIFlask
from flask_socketio import SocketIO

from app import logs
from app.brokers.feeds import SyntheticFeed
from app.brokers.paper import PaperVenue
from app.brokers.paper_settings import PaperSettings
from app.brokers.quotes import QuoteBook, Refused
from app.brokers.registry import Registry
from app.clock import SystemClock
from app.config import Settings
from app.domain.accounts import Account
from app.domain.events import Fact, FactKind
from app.domain.instruments import resolve
from app.domain.quotes import Quote
from app.ids import TimeOrderedIds
from app.passwords import Argon2Passwords
from app.services.accounts import AccountService
from app.services.bus import Bus
from app.services.flatten import HaltDesk
from app.services.health import Health
from app.services.inbox import Inbox
from app.services.manual import ManualDesk
from app.services.pnl import Books, NoSink, Recorder
from app.services.pace import Pace
from app.services.ports import Clock
from app.services.strategies import StrategyService
from app.services.tracing import Tracer
from app.services.trading.decide import Decider
from app.services.trading.execute import Trader
from app.services.trading.protect import Protector
from app.services.trading.settle import Settler
from app.services.users import UserService
from app.services.views import Views
from app.sim.synthetic import SyntheticMarket
from app.store import migrate
from app.store.engine import make_engines
from app.store.paper_log import SqlPaperLog
from app.store.reads import SqlReads
from app.store.unit_of_work import SqlStore
from app.vault import Vault, load_master
from app.web import create_app
from app.web.deps import WebDeps, WebSettings
from app.web.sockets import create_socketio
from app.workers import follower
from app.workers.executor import Executor, InlineQueue, Queue
from app.workers.lanes import Lanes
from app.workers.market import MarketWorker
from app.workers.recorder import EVERY, RecordWorker
from app.workers.settler import SettleWorker
from app.workers.supervisor import Supervisor

ROOT: Final = Path(__file__).resolve().parent.parent
_SYNTHETIC_EVERY: Final = timedelta(milliseconds=250)

_log = structlog.get_logger()


def release() -> str:
    """Return the version of this program."""
    try:
        return version("signalbox")
    except PackageNotFoundError:
        return "0.1.0"


class Wake:
    """A bell that rings whatever was hung on it later: it unties who wakes from who is woken."""

    def __init__(self) -> None:
        self._ring: Callable[[], None] = _nothing

    def to(self, ring: Callable[[], None]) -> None:
        """Ring this from now on."""
        self._ring = ring

    def __call__(self) -> None:
        """Ring."""
        self._ring()


def _nothing() -> None:
    """Wake nobody: work is done inline."""


@dataclass(frozen=True, slots=True)
class Core:
    """Everything but the web and the loops: enough to trade, to replay, for the command line."""

    settings: Settings
    clock: Clock
    ids: TimeOrderedIds
    vault: Vault
    store: SqlStore
    reads: SqlReads
    bus: Bus
    quotes: QuoteBook
    venue: PaperVenue
    brokers: Registry
    books: Books
    recorder: Recorder
    settler: Settler
    decider: Decider
    trader: Trader
    protector: Protector
    inbox: Inbox
    strategies: StrategyService
    users: UserService
    accounts: AccountService
    desk: ManualDesk
    halts: HaltDesk
    health: Health
    work_arrived: Wake
    reports_arrived: Wake
    pace: Pace

    def executor(self, queue: Queue | None = None) -> Executor:
        """Return an executor; without a queue it executes each alert at once."""
        return Executor(
            store=self.store,
            decider=self.decider,
            trader=self.trader,
            queue=queue or InlineQueue(self.trader),
            name=f"executor-{os.getpid()}",
            lease=timedelta(seconds=self.settings.lease_s),
        )

    def close(self) -> None:
        """Close brokers and database."""
        self.brokers.close_all()
        self.store.close()


def core(
    settings: Settings,
    *,
    clock: Clock | None = None,
    seed: int | None = None,
    pause: Callable[[], None] = _nothing,
) -> Core:
    """Open the database and put the services together; nothing runs yet.

    ``seed`` makes every id repeatable.  Raises ConfigError when a setting is wrong or the
    database's schema is not the one that this program knows.
    """
    clock = clock or SystemClock()
    chance = random.SystemRandom() if seed is None else random.Random(seed)  # noqa: S311
    ids = TimeOrderedIds(clock.now, chance)
    vault = Vault(load_master(_secret(settings), settings.data_dir))
    migrate.check(settings.store_url)
    bus = Bus(_report_listener)
    engines = make_engines(settings.store_url)
    store = SqlStore(engines, bus.publish)
    quotes = QuoteBook(
        timedelta(seconds=settings.quote_max_age_s),
        timedelta(seconds=settings.alert_price_max_age_s),
        _report_quote,
    )
    venue = PaperVenue(SqlPaperLog(store), quotes, clock)
    quotes.on_quote(venue.on_quote)
    brokers = Registry({"paper": venue.broker}, partial(_account, store))
    work, reports = Wake(), Wake()
    settler = Settler(store, clock, reports)
    brokers.listen(settler.receive)
    bus.subscribe(partial(_forget_changed, brokers))
    books = Books(store, clock, quotes)
    bus.subscribe(books.follow)
    recorder = Recorder(store, clock, quotes, books, NoSink(), pause)
    decider = Decider(store, clock, quotes, books.equity)
    protector = Protector(store, settler, brokers, clock, ids)
    trader = Trader(
        settler,
        decider,
        brokers,
        clock,
        ids,
        timedelta(seconds=settings.reversal_wait_s),
        protector.tend,
    )
    pace = Pace(clock.monotonic)
    inbox = Inbox(store, clock, ids, vault, pace, work)
    accounts = AccountService(store, clock, ids, settings.trading_day_roll, PaperSettings.read)
    desk = ManualDesk(store, clock, inbox, brokers, settler)
    return Core(
        settings=settings,
        clock=clock,
        ids=ids,
        vault=vault,
        store=store,
        reads=SqlReads(store),
        bus=bus,
        quotes=quotes,
        venue=venue,
        brokers=brokers,
        books=books,
        recorder=recorder,
        settler=settler,
        decider=decider,
        trader=trader,
        protector=protector,
        inbox=inbox,
        strategies=StrategyService(store, clock, ids, vault),
        users=UserService(store, clock, ids, vault, Argon2Passwords(), accounts),
        accounts=accounts,
        desk=desk,
        halts=HaltDesk(store, clock, inbox, desk, brokers, settler),
        health=Health(clock),
        work_arrived=work,
        reports_arrived=reports,
        pace=pace,
    )


@dataclass(frozen=True, slots=True)
class Runtime:
    """A server: the core, its web application, and the loops that ``start`` sets going."""

    core: Core
    app: APIFlask
    socketio: SocketIO
    supervisor: Supervisor
    lanes: Lanes

    def start(self) -> None:
        """Find what is open at the venues, then start every worker."""
        for account in self.core.accounts.list(None):
            self.core.brokers.of(account.id)
        self.core.settler.settle()
        self.core.protector.tend_all()
        self.supervisor.start()

    def stop(self) -> bool:
        """Take no more alerts, finish what is under way; returns whether all ended in time."""
        ended = self.supervisor.stop(self.core.settings.drain_s)
        self.core.close()
        return ended


def build(settings: Settings) -> Runtime:
    """Return a server that is ready to start; raises ConfigError."""
    logs.configure(settings.log_level, settings.log_format)
    pause = Wake()
    made = core(settings, pause=pause)
    spawn = Spawner()
    supervisor = Supervisor(made.clock, made.health, spawn, pause, _report_worker)
    lanes = Lanes(
        made.trader,
        spawn,
        lambda: supervisor.stopping,
        pause,
        _report_worker,
        made.pace,
    )
    made.bus.subscribe(lanes.hear)
    deps = _web_deps(made, supervisor, pause)
    app = create_app(deps)
    socketio, live = create_socketio(app, deps)
    spawn.use(socketio.start_background_task)
    pause.to(partial(socketio.sleep, 0))
    made.bus.subscribe(live.publish)
    made.recorder.show(live)
    live.wake_with(supervisor.add("live", live.step, every=0.5).wake)
    _add_workers(made, supervisor, lanes)
    supervisor.add("live", live.step, every=0.05)
    return Runtime(made, app, socketio, supervisor, lanes)


class Spawner:
    """Starts background tasks the way the Socket.IO server's mode does: greenlets or threads."""

    def __init__(self) -> None:
        self._start: Callable[..., object] = _start_thread

    def use(self, start: Callable[..., object]) -> None:
        """Start tasks this way from now on."""
        self._start = start

    def __call__(self, task: Callable[..., object], *args: object) -> object:
        """Start ``task`` in the background."""
        return self._start(task, *args)


def _start_thread(task: Callable[..., object], *args: object) -> object:
    thread = threading.Thread(target=task, args=args, daemon=True)
    thread.start()
    return thread


def _add_workers(made: Core, supervisor: Supervisor, lanes: Lanes) -> None:
    executor = supervisor.add("executor", made.executor(lanes).step, every=0.5)
    made.work_arrived.to(executor.wake)
    settling = SettleWorker(made.settler, made.protector)
    settler = supervisor.add("settler", settling.step, every=1.0)
    made.reports_arrived.to(settler.wake)
    following = follower.Follower(made.store, made.bus.publish)
    made.bus.subscribe(following.hear)
    supervisor.add("follower", following.step, every=follower.EVERY)
    supervisor.add("paper", made.venue.step, every=0.05)
    supervisor.add("recorder", RecordWorker(made.recorder).step, every=EVERY)
    if made.settings.market_data == "synthetic":
        feed = SyntheticFeed([], made.quotes.put, _SYNTHETIC_EVERY)
        market = MarketWorker(made.books, feed, partial(_add_market, made, feed))
        supervisor.add("market", market.step, every=_SYNTHETIC_EVERY.total_seconds())


def _add_market(made: Core, feed: SyntheticFeed, symbol: str) -> None:
    contract = resolve(symbol, made.clock.now().date())
    market = SyntheticMarket(contract, made.settings.market_seed)
    known = made.quotes.latest(contract.symbol)
    if known is not None:
        market.anchor(known.mark)
    feed.add(market)


def _web_deps(made: Core, supervisor: Supervisor, pause: Callable[[], None]) -> WebDeps:
    settings = made.settings
    return WebDeps(
        settings=WebSettings(
            root=ROOT,
            version=release(),
            secret_key=made.vault.derive("sessions"),
            base_url=settings.base_url,
            async_mode=settings.async_mode,
            webhook_rate_limit=settings.webhook_rate_limit,
            login_rate_limit=settings.login_rate_limit,
            trusted_proxies=settings.trusted_proxies,
            session_hours=settings.session_hours,
            display_zone=settings.display_zone,
            trading_day_roll=settings.trading_day_roll,
        ),
        clock=made.clock,
        ids=made.ids,
        inbox=made.inbox,
        strategies=made.strategies,
        users=made.users,
        accounts=made.accounts,
        desk=made.desk,
        halts=made.halts,
        recorder=made.recorder,
        health=made.health,
        views=Views(
            made.store,
            made.reads,
            made.clock,
            made.recorder.curve_id,
            settings.trading_day_roll,
        ),
        tracer=Tracer(made.store),
        reads=made.reads,
        quotes=made.quotes,
        yield_now=pause,
        draining=lambda: supervisor.stopping,
    )


def _secret(settings: Settings) -> str | None:
    return settings.secret_key.get_secret_value() if settings.secret_key else None


def _account(store: SqlStore, account_id: str) -> Account | None:
    with store.read() as uow:
        return uow.accounts.get(account_id)


def _forget_changed(brokers: Registry, facts: Sequence[Fact]) -> None:
    """Open an account anew, with its present settings, when it is used after a change."""
    for fact in facts:
        if fact.kind is FactKind.ACCOUNT_CHANGED and fact.account_id:
            brokers.forget(fact.account_id)


def _report_listener(error: Exception) -> None:
    _log.error("listener_failed", exc_info=error)


def _report_worker(name: str, error: Exception) -> None:
    _log.error("worker_failed", worker=name, exc_info=error)


def _report_quote(quote: Quote, reason: Refused) -> None:
    _log.debug("quote_refused", symbol=quote.symbol, reason=reason.value)
