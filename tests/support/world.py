"""A whole server in one process for tests of the web: real services, SQLite, a clock to move."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from apiflask import APIFlask
from flask.testing import FlaskClient
from flask_socketio import SocketIO
from werkzeug.test import TestResponse

from app.bootstrap import ROOT, Core, core
from app.bootstrap.addon import addon_of
from app.bootstrap.bars import bars_of
from app.bootstrap.connecting import connections_of
from app.bootstrap.market import hours_of, prices_of
from app.bootstrap.parts import nothing
from app.brokers.chaos.presets import fault_book
from app.clock import VirtualClock
from app.config import Settings
from app.domain.accounts import ALPACA
from app.domain.settings import AccountLink, StrategySettings
from app.domain.strategies import Strategy
from app.domain.users import User
from app.services.alarms import Alarms
from app.services.calendar import BesideDesk, CalendarDesk
from app.services.curves import CurveDesk
from app.services.funded.whatif import WhatIf
from app.services.funds import Funds
from app.services.journal import DayDesk, JournalDesk, Measuring, PictureDesk
from app.services.market import Listings
from app.services.notices import NoticeDesk
from app.services.statements import StatementDesk
from app.services.storms import StormDesk
from app.services.strategies import StrategyService
from app.services.tracing import Tracer
from app.services.views import Views
from app.store import migrate
from app.store.pictures import PictureFolder
from app.web import WebDeps, WebSettings
from app.web.auth import Visitor
from app.web.live import Live
from app.web.sockets import create_socketio
from tests.support.compiled import compiled_app
from tests.support.connecting import Gatekeeper
from tests.support.data_house import DataHouse
from tests.support.leases import OneLease, owning
from tests.support.notifying import Postman
from tests.support.quick import PASSWORD, quick_users
from tests.support.registrar import Registrar
from tests.support.storming import Launches
from tests.support.venue import ScriptedVenue

#: A Wednesday, 09:00 in Chicago: the trading day of 4 March 2026.
START = datetime(2026, 3, 4, 15, 0, tzinfo=UTC)
#: Room for the pictures of one user.
PICTURE_BYTES = 20 * 1024 * 1024
NAMES = ("ann", "bob")
CSRF = re.compile(r'name="csrf-token" content="([^"]+)"')


@cache
def _settings() -> Settings:
    return Settings(_env_file=None, async_mode="threading", database_url=None)


def settings_for(folder: Path) -> Settings:
    """Settings that read nothing from the environment of the test."""
    return _settings().model_copy(update={"data_dir": folder})


def make_template(folder: Path) -> None:
    """Make a database with two users, once; each test gets a copy."""
    settings = settings_for(folder)
    folder.mkdir(parents=True, exist_ok=True)
    migrate.upgrade(settings.store_url)
    made = core(settings, clock=VirtualClock(START), seed=1)
    people = quick_users(made)
    for name in NAMES:
        people.create(name, PASSWORD)
    made.close()


@dataclass
class World:
    """The server, and what tests do with it."""

    core: Core
    clock: VirtualClock
    app: APIFlask
    socketio: SocketIO
    live: Live
    web: WebDeps
    stopping: list[bool] = field(default_factory=list)
    lease: OneLease = field(default_factory=OneLease)
    launches: Launches = field(default_factory=Launches)
    postman: Postman = field(default_factory=Postman)
    data_house: DataHouse = field(default_factory=DataHouse)
    gatekeeper: Gatekeeper = field(default_factory=Gatekeeper)
    registrar: Registrar = field(default_factory=Registrar)
    alpaca: ScriptedVenue | None = None

    def user(self, name: str = "ann") -> User:
        return self.core.users.by_name(name)

    def client(self, name: str = "ann") -> Browser:
        """A browser of a user who has signed in (without the slow hash of a password)."""
        browser = Browser(self.app.test_client())
        with browser.client.session_transaction() as session:
            session["_user_id"] = Visitor(self.user(name), self.web.settings.secret_key).id
            session["_fresh"] = True
        return browser

    def program(self, name: str = "ann") -> Program:
        """A program of a user, with an API token."""
        _, secret = self.core.users.create_token(self.user(name).id, "test")
        return Program(self.app.test_client(), secret)

    def account_id(self, name: str = "ann") -> str:
        return self.core.accounts.list(self.user(name).id)[0].id

    def strategy(
        self,
        name: str = "ann",
        title: str = "Breakout",
        symbol: str = "ES",
        settings: StrategySettings | None = None,
    ) -> tuple[Strategy, str]:
        """A strategy on the user's first account, and its webhook key."""
        return self.core.strategies.create(
            self.user(name).id,
            title,
            symbol,
            settings or StrategySettings(),
            [AccountLink(self.account_id(name))],
        )

    def post(self, key: str, body: object, **more: object) -> TestResponse:
        """Send an alert as TradingView would."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.app.test_client().post(f"/webhook/{key}", data=data, **more)

    def quote(self, symbol: str, bid: str, ask: str, name: str = "ann") -> None:
        body = {"symbol": symbol, "bid": bid, "ask": ask}
        assert self.program(name).post("/api/paper-trading/quotes", body).status_code == 202

    def work(self) -> None:
        """Execute every waiting alert, book what filled, and record one second."""
        executor = self.core.executor()
        while executor.step(self.clock.now()):
            pass
        while self.core.settler.settle():
            pass
        self.clock.advance(1)
        self.core.recorder.tick(self.clock.now())
        self.core.funded.watching.step(self.clock.now())

    def fill(self, key: str, action: str, quantity: str, price: str) -> None:
        """Send an alert that fills at ``price``."""
        self.quote("ES", price, price)
        answer = self.post(
            key, {"symbol": "ES", "action": action, "quantity": quantity, "id": self.core.ids()}
        )
        assert answer.status_code == 202, answer.text
        self.work()


@dataclass
class Browser:
    """A test client that sends the CSRF token of the last page, as forms and scripts do."""

    client: FlaskClient
    token: str = ""

    def get(self, path: str, **more: object) -> TestResponse:
        answer = self.client.get(path, **more)
        found = CSRF.search(answer.text) if answer.mimetype == "text/html" else None
        self.token = found[1] if found else self.token
        return answer

    def post_form(self, path: str, fields: Mapping[str, object], **more: object) -> TestResponse:
        if not self.token:
            self.get("/about")
        return self.client.post(path, data={**fields, "csrf_token": self.token}, **more)

    def send(self, method: str, path: str, body: object = None) -> TestResponse:
        if not self.token:
            self.get("/about")
        headers = {"X-CSRFToken": self.token, "Accept": "application/json"}
        return self.client.open(path, method=method, json=body, headers=headers)

    def post(self, path: str, body: object = None) -> TestResponse:
        return self.send("POST", path, {} if body is None else body)


@dataclass
class Program:
    """A test client that sends an API token."""

    client: FlaskClient
    secret: str

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.secret}"}

    def get(self, path: str, accept: str = "*/*") -> TestResponse:
        return self.client.get(path, headers={**self.headers, "Accept": accept})

    def send(self, method: str, path: str, body: object = None) -> TestResponse:
        return self.client.open(path, method=method, json=body, headers=self.headers)

    def post(self, path: str, body: object = None) -> TestResponse:
        return self.send("POST", path, {} if body is None else body)


def open_world(template: Path, folder: Path, **web_settings: object) -> World:
    """Start a server on a copy of the template database."""
    shutil.copytree(template, folder, dirs_exist_ok=True)
    settings = settings_for(folder).model_copy(update={"live_trading": True})
    clock = VirtualClock(START)
    alpaca = ScriptedVenue(clock)
    made = core(settings, clock=clock, seed=2, venues={ALPACA: alpaca.broker})
    lease = OneLease()
    ownership = owning(lease, clock, Alarms(made.store, clock))
    stopping: list[bool] = []
    launches, postman, data_house = Launches(), Postman(), DataHouse()
    gatekeeper, registrar = Gatekeeper(), Registrar()
    funds = Funds(made.brokers, clock)
    made.bus.subscribe(funds.hear)
    views = Views(made.store, settings.trading_day_roll)
    calendar = CalendarDesk(made.store, made.reads, clock, views, made.recorder, nothing)
    journal = JournalDesk(made.store, made.reads, clock)
    web = WebDeps(
        settings=replace(
            WebSettings(
                root=ROOT,
                version="1.2.3",
                secret_key="a secret of tests",
                base_url="http://signalbox.test",
                async_mode="threading",
                webhook_rate_limit="600/minute",
                addon_rate_limit="3000/minute",
                login_rate_limit="10/minute",
                trusted_proxies=0,
                session_hours=12,
                display_zone="America/Chicago",
                trading_day_roll=settings.trading_day_roll,
            ),
            **web_settings,  # type: ignore[arg-type]
        ),
        clock=clock,
        ids=made.ids,
        inbox=made.inbox,
        strategies=StrategyService(
            made.store, clock, made.ids, made.vault, Listings({ALPACA: registrar}, clock)
        ),
        users=made.users,
        accounts=made.accounts,
        connections=connections_of(made, {ALPACA: gatekeeper}),
        funded=made.funded,
        addon=addon_of(made, nothing),
        what_if=WhatIf(made.store, clock, made.quotes, made.guarding),
        funds=funds,
        faults=fault_book(),
        drift=made.drift,
        agreement=made.agreement,
        desk=made.desk,
        halts=made.halts,
        notices=NoticeDesk(made.store, clock, made.ids, made.vault, postman),
        storage=made.storage,
        statements=StatementDesk(
            made.store,
            clock,
            made.ids,
            lambda: None,
            window=timedelta(seconds=settings.statement_window_s),
            late=timedelta(seconds=settings.statement_late_s),
        ),
        storms=StormDesk(
            made.store, clock, made.ids, made.accounts, made.strategies, made.halts, launches
        ),
        recorder=made.recorder,
        health=made.health,
        sources=made.sources,
        views=views,
        calendar=calendar,
        beside=BesideDesk({ALPACA: registrar}, calendar, clock),
        curves=CurveDesk(made.reads, views, clock, made.recorder),
        measuring=Measuring(made.reads, views, clock, nothing),
        journal=journal,
        days=DayDesk(made.store, made.reads, clock, views, journal),
        pictures=PictureDesk(
            made.store,
            made.reads,
            PictureFolder(made.settings.pictures_dir),
            clock,
            made.ids,
            PICTURE_BYTES,
        ),
        tracer=Tracer(made.store),
        reads=made.reads,
        quotes=made.quotes,
        hours=hours_of(made, data_house),
        market=prices_of(made, data_house),
        bars=bars_of(made, data_house, nothing),
        draining=lambda: bool(stopping),
        ownership=ownership,
    )
    app = compiled_app(web)
    socketio, live = create_socketio(app, web)
    made.bus.subscribe(live.publish)
    made.recorder.show(live)
    made.funded.watching.show(live)
    made.quotes.on_quote(web.bars.live.hear)
    made.quotes.on_quote(live.quote)
    web.bars.live.show(live.bar)
    return World(
        made,
        clock,
        app,
        socketio,
        live,
        web,
        stopping,
        lease,
        launches,
        postman,
        data_house,
        gatekeeper,
        registrar,
        alpaca,
    )


def amounts(rows: list[dict[str, Any]], name: str) -> list[Decimal]:
    """One column of a list as numbers."""
    return [Decimal(row[name]) for row in rows]
