"""A trading floor for tests: the whole core on a database of its own, with a clock to move.

It has two accounts: ``paper`` at the paper venue, and ``desk`` at a venue that the test scripts.
"""

from __future__ import annotations

import json
import shutil
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from app.bootstrap import Core, core
from app.brokers.registry import Factory
from app.clock import VirtualClock
from app.config import Settings
from app.domain.accounts import Account
from app.domain.decisions import Decision
from app.domain.events import Fact
from app.domain.inbox import Alert
from app.domain.money import ZERO
from app.domain.orders import Order
from app.domain.quotes import Quote, QuoteSource
from app.domain.safety.switches import Scope, Switch, TradingState
from app.domain.settings import AccountLink, StrategySettings
from app.domain.strategies import Strategy
from app.services.halts import Halt, HaltReport
from app.services.inbox import Answer, Delivery
from app.services.ports import BookKey
from app.services.trading.execute import Progress
from app.store import migrate
from app.workers.executor import Executor
from tests.support.venue import ScriptedBroker, ScriptedVenue

#: A Monday, 10:00 in Chicago.
OPENING = datetime(2026, 11, 16, 16, 0, tzinfo=UTC)
ES = "ESZ2026"


@cache
def _settings() -> Settings:
    return Settings(_env_file=None, database_url=None)


def settings_for(folder: Path) -> Settings:
    """Settings that read nothing from the environment of the test."""
    return _settings().model_copy(update={"data_dir": folder})


class PatientQueue:
    """Executes alerts inline, and keeps those that wait for their venue, in order in each lane."""

    def __init__(self, made: Core) -> None:
        self._made = made
        self._lanes: dict[tuple[str, str], deque[Alert]] = {}

    def put(self, alert: Alert, account_id: str) -> None:
        lane = self._lanes.setdefault((alert.strategy_id, account_id), deque())
        if alert.id not in {waiting.id for waiting in lane}:
            lane.append(alert)

    @property
    def busy(self) -> int:
        return sum(len(lane) for lane in self._lanes.values())

    def run(self) -> bool:
        """Take every lane as far as it goes; whether any alert was done."""
        done = False
        for (_, account_id), lane in self._lanes.items():
            while lane and self._made.trader.advance(lane[0], account_id) is Progress.DONE:
                lane.popleft()
                done = True
        return done


@dataclass
class Floor:
    """The core, and what tests do with it."""

    core: Core
    clock: VirtualClock
    venue: ScriptedVenue
    queue: PatientQueue
    executor: Executor
    facts: list[Fact] = field(default_factory=list)
    keys: dict[str, str] = field(default_factory=dict)
    _numbers: int = 0

    # --- people and places ------------------------------------------------------------------------

    @property
    def paper(self) -> Account:
        return self.core.accounts.find(None, "paper")

    @property
    def desk(self) -> Account:
        return self.core.accounts.find(None, "desk")

    @property
    def broker(self) -> ScriptedBroker:
        """The broker of the desk."""
        return self.venue.at(self.desk.id)

    def account(self, name: str, venue: str = "scripted", **changes: Any) -> Account:  # noqa: ANN401  any field
        """Open another account."""
        made = self.core.accounts.create_paper(None, name)
        changed = replace(made, venue=venue, **changes)
        with self.core.store.write() as uow:
            uow.accounts.update(changed)
        self.core.brokers.forget(made.id)
        return changed

    def strategy(
        self,
        name: str = "Breakout",
        symbol: str = "ES",
        accounts: Sequence[Account | AccountLink] = (),
        **settings: object,
    ) -> Strategy:
        """Register a strategy on the accounts (``desk`` alone without any); settings as JSON."""
        links = [
            each if isinstance(each, AccountLink) else AccountLink(each.id)
            for each in accounts or [self.desk]
        ]
        stored = {"max_age_s": None, "dedupe_window_s": None, **settings}
        made, key = self.core.strategies.create(
            None, name, symbol, StrategySettings.from_json(stored), links
        )
        self.keys[made.id] = key
        return made

    def throw(self, scope: Scope, subject_id: str, state: TradingState) -> None:
        """Throw a trading switch, without what a halt does besides."""
        with self.core.store.write() as uow:
            uow.switches.throw(Switch(scope, subject_id, state, self.clock.now()))

    def halt(
        self,
        scope: Scope = Scope.SERVER,
        subject_id: str = "",
        state: TradingState = TradingState.HALTED,
        *,
        flatten: bool = False,
    ) -> HaltReport:
        """Halt as a person does, without an owner."""
        return self.core.halts.halt(None, Halt(scope, subject_id, state, flatten))

    def resume(self, scope: Scope = Scope.SERVER, subject_id: str = "") -> bool:
        """Resume as a person does, without an owner."""
        return self.core.halts.resume(None, scope, subject_id)

    def quote(self, price: str, ask: str | None = None, symbol: str = ES) -> None:
        """Put a price of the stream."""
        bid, offer = Decimal(price), Decimal(ask or price)
        self.core.quotes.put(Quote(symbol, bid, offer, self.clock.now(), QuoteSource.STREAM))

    # --- what happens -----------------------------------------------------------------------------

    def deliver(self, strategy: Strategy, body: bytes, **more: Any) -> Answer:  # noqa: ANN401  any field
        """Post raw bytes to the strategy's webhook."""
        return self.core.inbox.accept(self.keys[strategy.id], Delivery(body=body, **more))

    def post(self, strategy: Strategy, **fields: object) -> Answer:
        """Post a message, with an id of its own unless it has one."""
        self._numbers += 1
        message = {"id": f"m{self._numbers}", **fields}
        return self.deliver(strategy, json.dumps(message).encode())

    def send(self, strategy: Strategy, **fields: object) -> Alert:
        """Post a message that must be accepted, and do all that can be done for it now."""
        answer = self.post(strategy, **fields)
        assert answer.status == 202, answer
        self.work()
        return self.alert(str(answer.body["alert_id"]))

    def work(self) -> None:
        """Do all that can be done at this instant."""
        moved = True
        while moved:
            moved = self.executor.step(self.clock.now())
            moved = self.queue.run() or moved
            moved = self.core.settler.settle() or moved
            self.core.halt_keeper.step(self.clock.now())
            moved = self.core.settler.waiting or moved
            self.core.protector.tend()

    def wait(self, seconds: float, step: float = 1.0) -> None:
        """Let time pass, working all the while."""
        end = self.clock.monotonic() + seconds
        while self.clock.monotonic() < end:
            self.clock.advance(min(step, end - self.clock.monotonic()))
            self.core.venue.step(self.clock.now())
            self.work()

    # --- what there is ----------------------------------------------------------------------------

    def alert(self, alert_id: str) -> Alert:
        with self.core.store.read() as uow:
            found = uow.alerts.get(alert_id)
        assert found is not None
        return found

    def decision(self, alert: Alert, account: Account | None = None) -> Decision:
        with self.core.store.read() as uow:
            found = uow.decisions.get(alert.id, (account or self.desk).id)
        assert found is not None
        return found

    def orders(self, alert: Alert) -> list[Order]:
        with self.core.store.read() as uow:
            return list(uow.orders.of_alert(alert.id))

    def working(self, strategy: Strategy) -> list[Order]:
        with self.core.store.read() as uow:
            return list(uow.orders.working(strategy.id))

    def book(self, strategy: Strategy, account: Account | None = None, symbol: str = ES) -> BookKey:
        return BookKey(strategy.id, (account or self.desk).id, symbol)

    def held(self, strategy: Strategy, account: Account | None = None, symbol: str = ES) -> Decimal:
        with self.core.store.read() as uow:
            return uow.positions.get(self.book(strategy, account, symbol)).position.quantity

    def codes(self) -> list[str]:
        """The codes of all facts so far."""
        return [fact.code for fact in self.facts if fact.code]

    def hold(self, strategy: Strategy, quantity: str) -> None:
        """Let the strategy hold a signed quantity of its product."""
        change = Decimal(quantity) - self.held(strategy)
        if change != ZERO:
            self.send(strategy, action="buy" if change > 0 else "sell", quantity=str(abs(change)))
        assert self.held(strategy) == Decimal(quantity)


def open_floor(folder: Path, clock: VirtualClock, venue: ScriptedVenue, seed: int = 2) -> Floor:
    """Start the core on what is in the folder, as after a restart."""
    return floor_of(
        core(settings_for(folder), clock=clock, seed=seed, venues=scripted(venue)), venue
    )


def scripted(venue: ScriptedVenue) -> dict[str, Factory]:
    return {"scripted": venue.broker}


def floor_of(made: Core, venue: ScriptedVenue) -> Floor:
    queue = PatientQueue(made)
    clock = made.clock
    assert isinstance(clock, VirtualClock)
    floor = Floor(made, clock, venue, queue, made.executor(queue))
    made.bus.subscribe(floor.facts.extend)
    return floor


@pytest.fixture(scope="session")
def floor_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with the two accounts, made once; each test gets a copy."""
    folder = tmp_path_factory.mktemp("floor")
    migrate.upgrade(settings_for(folder).store_url)
    clock = VirtualClock(OPENING)
    venue = ScriptedVenue(clock)
    floor = open_floor(folder, clock, venue, seed=1)
    floor.account("paper", "paper")
    floor.account("desk")
    floor.core.close()
    return folder


@pytest.fixture
def floor_folder(floor_template: Path, tmp_path: Path) -> Path:
    """A copy of the template, for tests that start the core themselves."""
    return Path(shutil.copytree(floor_template, tmp_path / "floor"))


@pytest.fixture
def floor(floor_folder: Path) -> Iterator[Floor]:
    """The floor at its opening."""
    clock = VirtualClock(OPENING)
    made = open_floor(floor_folder, clock, ScriptedVenue(clock))
    yield made
    made.core.close()


def restarted(floor: Floor, seed: int = 3) -> Floor:
    """The floor after the server was stopped and started again, as Runtime.start does it."""
    folder = floor.core.settings.data_dir
    floor.core.close()
    again = open_floor(folder, floor.clock, floor.venue, seed)
    again.keys.update(floor.keys)
    again._numbers = floor._numbers
    for account in again.core.accounts.list(None):
        again.core.brokers.of(account.id)
    again.core.reconciler.run()
    again.core.protector.tend_all()
    again.executor.start()
    return again
