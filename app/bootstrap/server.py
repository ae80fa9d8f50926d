"""The server: the core with its web application and the loops that keep it going."""

from __future__ import annotations

import gc
import os
import socket
import threading
from collections.abc import Callable
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
from app.bootstrap.addon import addon_of
from app.bootstrap.alpaca import add_alpaca
from app.bootstrap.bars import add_bars, bars_of
from app.bootstrap.closing import OpenSockets
from app.bootstrap.connecting import connections_of, warn_of_real_money
from app.bootstrap.core import Core, core
from app.bootstrap.funded import add_funded
from app.bootstrap.history import historian
from app.bootstrap.market import add_monitor, hours_of, prices_of
from app.bootstrap.notices import Notices, add_notifier, make_notices
from app.bootstrap.parts import Wake
from app.bootstrap.storms import launcher
from app.bootstrap.trading import Trading
from app.brokers.chaos.presets import fault_book
from app.brokers.feeds import SyntheticFeed
from app.config import Settings
from app.domain.accounts import ALPACA
from app.domain.instruments import resolve
from app.domain.sessions import Roll
from app.services.alarms import Alarms
from app.services.calendar import BesideDesk, CalendarDesk
from app.services.curves import CurveDesk
from app.services.funded.whatif import WhatIf
from app.services.funds import Funds
from app.services.journal import DayDesk, JournalDesk, Measuring, PictureDesk, Snapshots
from app.services.ownership import OWNED_EVERY, Ownership, Part
from app.services.statements import StatementDesk
from app.services.storage import MIB
from app.services.storms import StormDesk
from app.services.tracing import Tracer
from app.services.views import Views
from app.sim.synthetic import SyntheticMarket
from app.store.lease import make_lease
from app.store.pictures import PictureFolder
from app.store.space import free_bytes, log_bytes
from app.web import create_app
from app.web.deps import WebDeps, WebSettings
from app.web.sockets import create_socketio
from app.workers import follower
from app.workers.agreement import AGREEMENT_EVERY, AgreementWorker
from app.workers.disk import DISK_EVERY, DiskWorker
from app.workers.executor import Executor
from app.workers.historian import HISTORY_EVERY
from app.workers.lanes import Lanes
from app.workers.market import MarketWorker
from app.workers.measurer import MEASURE_EVERY, Measurer
from app.workers.parent import ParentWatch
from app.workers.reconciler import RECONCILE_EVERY, ReconcileWorker
from app.workers.recorder import EVERY, RecordWorker
from app.workers.settler import SettleWorker
from app.workers.sources import SOURCES_EVERY, SourceWorker
from app.workers.supervisor import Spawn, Supervisor
from app.workers.watch import PULSE_EVERY, WATCH_EVERY, Pulse, Relief, Watch

ROOT: Final = Path(__file__).resolve().parent.parent.parent
_SYNTHETIC_EVERY: Final = timedelta(milliseconds=250)

_log = structlog.get_logger()


def release() -> str:
    """Return the version of this program."""
    try:
        return version("signalbox")
    except PackageNotFoundError:
        return "0.1.0"


@dataclass(frozen=True, slots=True)
class Runtime:
    """A server: the core, its web application, and the loops that ``start`` sets going."""

    core: Core
    app: APIFlask
    socketio: SocketIO
    supervisor: Supervisor
    lanes: Lanes
    executor: Executor
    settling: SettleWorker
    sockets: OpenSockets
    ownership: Ownership
    notices: Notices

    def start(self) -> None:
        """Trade, or stand by while another server does; either way the pages are served."""
        warn_of_real_money(connections_of(self.core, {}))
        self.ownership.step(self.core.clock.now())
        # A full collection goes through everything that imports made, and stops all for 60 ms;
        # what is frozen is left out.
        gc.collect()
        gc.freeze()
        self.supervisor.start(trading=False)

    def end_with(self, parent: int, end: Callable[[], None]) -> None:
        """Call ``end`` when this process has another parent than ``parent``; before ``start``."""
        watch = ParentWatch(parent, os.getppid, end)
        self.supervisor.add("parent", watch.step, every=1.0, always=True)

    def begin_stop(self) -> None:
        """Answer 503 from now on and listen to nobody: sockets end, idle connections too."""
        self.supervisor.begin_stop()
        self.sockets.close()

    def stop(self) -> bool:
        """Take no more alerts, finish what is under way, give back the rest.

        Returns whether everything ended in time.
        """
        ended = self.supervisor.stop(self.core.settings.drain_s, also=self._idle)
        if self.ownership.may_trade:
            self.executor.stop()
        self.notices.courier.close()
        self.core.close()
        self.ownership.leave(ended=ended)
        return ended

    def _idle(self) -> bool:
        return not (self.lanes.running or self.settling.running)


def build(settings: Settings) -> Runtime:
    """Return a server that is ready to start; raises ConfigError."""
    logs.configure(settings.log_level, settings.log_format)
    pause, spawn = Wake(), Spawner()
    made = core(settings, pause=pause)
    alarms = Alarms(made.store, made.clock)
    report = partial(_report_worker, alarms)
    supervisor = Supervisor(made.clock, made.health, spawn, pause, report)
    lanes = Lanes(
        made.trader,
        spawn,
        supervisor.attempt,
        lambda: supervisor.stopping or not ownership.may_trade,
        pause,
        made.pace,
    )
    made.bus.subscribe(lanes.hear)
    executor = made.executor(lanes)
    reconciling = _add_reconciler(made, supervisor, spawn)
    trading = Trading(made, supervisor, lanes, executor, reconciling)
    ownership = _ownership(made, alarms, trading)
    notices = make_notices(made, ROOT)
    add_notifier(made, notices, supervisor, spawn)
    deps = _web_deps(made, supervisor, ownership, notices, pause)
    supervisor.add("storms", deps.storms.step, every=1.0)
    snapshots = Snapshots(made.store, made.reads, deps.views, made.clock)
    supervisor.add("measurer", Measurer(snapshots).step, every=MEASURE_EVERY)
    app = create_app(deps)
    socketio, live = create_socketio(app, deps)
    sockets = OpenSockets(app.wsgi_app)
    app.wsgi_app = sockets  # type: ignore[method-assign]
    spawn.use(socketio.start_background_task)
    pause.to(partial(socketio.sleep, 0))
    made.bus.subscribe(live.publish)
    made.recorder.show(live)
    add_funded(made, supervisor, live)
    add_monitor(made, deps.hours, supervisor, spawn, live)
    add_bars(made, deps.bars, supervisor, live)
    add_alpaca(made, supervisor, live.watched, deps.bars.live.take)
    live.wake_with(supervisor.add("live", live.step, every=0.5, always=True).wake)
    attempt = supervisor.attempt
    settling = SettleWorker(made.settler, made.protector, spawn, attempt, made.reports_arrived)
    _add_workers(made, supervisor, executor, settling)
    _add_watchers(made, supervisor, alarms, ownership)
    return Runtime(
        made, app, socketio, supervisor, lanes, executor, settling, sockets, ownership, notices
    )


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


def _ownership(made: Core, alarms: Alarms, trading: Trading) -> Ownership:
    lease = make_lease(made.settings.store_url, made.clock)
    part = Part(trading.prepare, trading.begin, trading.cease, trading.wait)
    return Ownership(lease, alarms, socket.gethostname(), os.getpid(), part)


def _add_watchers(made: Core, supervisor: Supervisor, alarms: Alarms, ownership: Ownership) -> None:
    """Add what runs in a standby too; one runner alone decides who trades."""
    following = follower.Follower(made.store, made.bus.publish)
    made.bus.subscribe(following.hear)
    supervisor.add("follower", following.step, every=follower.EVERY, always=True)
    supervisor.add("ownership", ownership.step, every=OWNED_EVERY, always=True, patience=None)
    supervisor.add("watch", Watch(made.health, alarms).step, every=WATCH_EVERY, always=True)
    relief = Relief(supervisor, alarms)
    supervisor.add("relief", relief.step, every=WATCH_EVERY, always=True)
    supervisor.add("disk", _disk(made, alarms).step, every=DISK_EVERY, always=True)
    pulse = Pulse(made.clock, made.health, alarms)
    supervisor.add("pulse", pulse.step, every=PULSE_EVERY, always=True)


def _disk(made: Core, alarms: Alarms) -> DiskWorker:
    url = made.settings.store_url
    return DiskWorker(
        made.storage, made.store, alarms, partial(free_bytes, url), partial(log_bytes, url)
    )


def _add_reconciler(made: Core, supervisor: Supervisor, spawn: Spawn) -> ReconcileWorker:
    worker = ReconcileWorker(made.reconciler, spawn, supervisor.attempt, made.reports_arrived)
    supervisor.add("reconciler", worker.step, every=RECONCILE_EVERY)
    return worker


def _add_workers(
    made: Core, supervisor: Supervisor, executor: Executor, settling: SettleWorker
) -> None:
    made.work_arrived.to(supervisor.add("executor", executor.step, every=0.1).wake)
    settler = supervisor.add("settler", settling.step, every=1.0)
    made.reports_arrived.to(settler.wake)
    supervisor.add("halts", made.halt_keeper.step, every=1.0)
    supervisor.add("paper", made.venue.step, every=0.05)
    supervisor.add("recorder", RecordWorker(made.recorder).step, every=EVERY)
    supervisor.add("historian", historian(made).step, every=HISTORY_EVERY)
    supervisor.add("sources", SourceWorker(made.sources).step, every=SOURCES_EVERY)
    agreeing = AgreementWorker(made.agreement, Roll.parse(made.settings.trading_day_roll))
    supervisor.add("agreement", agreeing.step, every=AGREEMENT_EVERY)
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


def _storms(made: Core) -> StormDesk:
    return StormDesk(
        made.store,
        made.clock,
        made.ids,
        made.accounts,
        made.strategies,
        made.halts,
        launcher(made.settings, ROOT, release()),
        elsewhere=made.settings.venue_url is not None,
    )


def _web_deps(
    made: Core, supervisor: Supervisor, ownership: Ownership, notices: Notices, pause: Wake
) -> WebDeps:
    views = Views(made.store, made.settings.trading_day_roll)
    calendar = CalendarDesk(made.store, made.reads, made.clock, views, made.recorder, pause)
    journal = JournalDesk(made.store, made.reads, made.clock)
    return WebDeps(
        settings=_web_settings(made),
        clock=made.clock,
        ids=made.ids,
        inbox=made.inbox,
        strategies=made.strategies,
        users=made.users,
        accounts=made.accounts,
        connections=connections_of(made, {ALPACA: made.parts.alpaca}),
        funded=made.funded,
        addon=addon_of(made, pause),
        what_if=WhatIf(made.store, made.clock, made.quotes, made.guarding),
        funds=_funds(made),
        faults=fault_book(),
        drift=made.drift,
        agreement=made.agreement,
        desk=made.desk,
        halts=made.halts,
        notices=notices.desk,
        storage=made.storage,
        statements=_statements(made, pause),
        storms=_storms(made),
        recorder=made.recorder,
        health=made.health,
        sources=made.sources,
        views=views,
        calendar=calendar,
        beside=BesideDesk({ALPACA: made.parts.alpaca}, calendar, made.clock),
        curves=CurveDesk(made.reads, views, made.clock, made.recorder),
        measuring=Measuring(made.reads, views, made.clock, pause),
        journal=journal,
        days=DayDesk(made.store, made.reads, made.clock, views, journal),
        pictures=_pictures(made),
        tracer=Tracer(made.store),
        reads=made.reads,
        quotes=made.quotes,
        hours=hours_of(made, made.parts.alpaca),
        market=prices_of(made, made.parts.alpaca),
        bars=bars_of(made, made.parts.alpaca, pause),
        draining=lambda: supervisor.stopping,
        ownership=ownership,
    )


def _funds(made: Core) -> Funds:
    funds = Funds(made.brokers, made.clock)
    made.bus.subscribe(funds.hear)
    return funds


def _web_settings(made: Core) -> WebSettings:
    settings = made.settings
    return WebSettings(
        root=ROOT,
        version=release(),
        secret_key=made.vault.derive("sessions"),
        base_url=settings.base_url,
        async_mode=settings.async_mode,
        webhook_rate_limit=settings.webhook_rate_limit,
        addon_rate_limit=settings.addon_rate_limit,
        login_rate_limit=settings.login_rate_limit,
        trusted_proxies=settings.trusted_proxies,
        session_hours=settings.session_hours,
        display_zone=settings.display_zone,
        trading_day_roll=settings.trading_day_roll,
    )


def _pictures(made: Core) -> PictureDesk:
    folder, most = PictureFolder(made.settings.pictures_dir), made.settings.attachments_mb * MIB
    return PictureDesk(made.store, made.reads, folder, made.clock, made.ids, most)


def _statements(made: Core, pause: Wake) -> StatementDesk:
    settings = made.settings
    window = timedelta(seconds=settings.statement_window_s)
    late = timedelta(seconds=settings.statement_late_s)
    return StatementDesk(made.store, made.clock, made.ids, pause, window=window, late=late)


def _report_worker(alarms: Alarms, name: str, error: Exception) -> None:
    _log.error("worker_failed", worker=name, exc_info=error)
    alarms.worker_failed(name, error)
