"""A storm on a directory of its own: a real server is started, flooded, killed, and judged."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final

from app.bootstrap import core, release
from app.config import load
from app.domain.accounts import Account
from app.services.ports import Clock
from app.store import migrate
from app.storm.arena import Arena, OwnArena
from app.storm.evidence import Evidence, Scene
from app.storm.plan import Shape, Strike, closing, messages, strikes
from app.storm.report import Course, Ending, Json, compose
from app.storm.sending import Crew, Ledger, Post
from app.storm.server import StormServer
from app.storm.settling import settle
from app.storm.stage import Stage, staged

_LOOK_S: Final = 0.1
_POLL_S: Final = 0.005
#: How many alerts are sent on while the server is about to be ended.
_AHEAD: Final = 16
_SAY_EVERY_S: Final = 2.0
_RUN: Final = "storm"

Say = Callable[[str], None]


@dataclass
class ScratchStorm:
    """One storm: ``directory`` must be empty, ``command`` serves, ``say`` gets lines of progress.

    ``arena`` is the venue at which it trades.

    Set ``stop`` to end it early; the report then says that it was interrupted.
    """

    shape: Shape
    directory: Path
    command: Sequence[str]
    environment: Mapping[str, str]
    clock: Clock
    say: Say
    arena: Arena = field(default_factory=OwnArena)
    stop: threading.Event = field(default_factory=threading.Event)

    def run(self) -> Json:
        """Carry it out and return the report; raises StormBroken when it could not be."""
        stage = self._stage()
        server = StormServer(
            self.command, self._variables(), self.directory, self.clock, self.stop.wait
        )
        ledger = Ledger()
        endings: list[Ending] = []
        post = Post("127.0.0.1", server.port, stage.keys, self.clock)
        crew = Crew(post, ledger, self.stop.wait)
        sent = messages(self.shape, _RUN, self.arena.markets)
        last = closing(self.shape, _RUN, self.arena.markets)
        try:
            server.start()
            started_at = self.clock.now()
            self.say(f"The server is up on port {server.port}; the storm begins.")
            crew.start(sent, self.shape.senders)
            endings.extend(self._strike(server, ledger, crew))
            crew.start(last, self.shape.strategies)
            self._follow(crew, ledger)
            unsettled = self._settle()
            # Who stopped it early does not want to wait, and a kill harms nothing here.
            stopped_well = self.stop.is_set() or server.stop()
            ended_at = self.clock.now()
        finally:
            server.kill()
        course = Course(
            shape=self.shape,
            messages=[*sent, *last],
            ledger=ledger,
            endings=endings,
            started_at=started_at,
            ended_at=ended_at,
            release=release(),
            interrupted=self.stop.is_set(),
            unsettled=unsettled if stopped_well else max(unsettled, 1),
        )
        return compose(course, self._evidence(stage.account, endings, ended_at))

    def _variables(self) -> dict[str, str]:
        own = {
            "DATABASE_URL": f"sqlite:///{self._database}",
            "WEBHOOK_RATE_LIMIT": "1000000/second",
            "MARKET_DATA": "alerts",
            "BROKER_READ_TIMEOUT_S": "2",
            "LOG_LEVEL": "warning",
            # A disk that is nearly full halts trading, and then a storm would prove nothing.
            "MIN_FREE_MB": "0",
        }
        there = {name.upper(): value for name, value in self.arena.settings().items()}
        return {**self.environment, **own, **there}

    @property
    def _database(self) -> Path:
        return self.directory / "signalbox.db"

    def _stage(self) -> Stage:
        self.directory.mkdir(parents=True, exist_ok=True)
        url = f"sqlite:///{self._database}"
        migrate.upgrade(url)
        made = core(load(data_dir=self.directory, database_url=url, **self.arena.settings()))
        try:
            account = self.arena.account(made, self.shape)
            return staged(made, account, self.shape.strategies, "Storm", self.arena.markets)
        finally:
            made.close()

    def _strike(self, server: StormServer, ledger: Ledger, crew: Crew) -> Iterator[Ending]:
        """End the server when its time has come, start it again, and say so."""
        said = 0.0
        for strike in strikes(self.shape):
            if self.stop.is_set():
                return
            crew.allowed = strike.after + _AHEAD
            while ledger.begun <= strike.after:
                if self.stop.wait(_POLL_S):
                    return
                said = self._progress(ledger, said)
            yield self._end(server, strike, ledger)
        crew.allowed = None
        self._follow(crew, ledger)

    def _end(self, server: StormServer, strike: Strike, ledger: Ledger) -> Ending:
        self.stop.wait(strike.delay_s)
        down, after = self.clock.monotonic(), ledger.begun
        if strike.graceful:
            server.stop()
        else:
            server.kill()
        at = self.clock.now()
        server.start()
        up = self.clock.monotonic()
        how = "restarted" if strike.graceful else "killed with -9"
        if not self.stop.is_set():
            self.say(
                f"The server was {how} after {after} alerts; up again after {up - down:.1f} s."
            )
        return Ending(at, strike.graceful, after, down, up)

    def _progress(self, ledger: Ledger, said: float) -> float:
        now = self.clock.monotonic()
        if now - said < _SAY_EVERY_S:
            return said
        if ledger.done:
            done, all_of_them = min(ledger.done, self.shape.alerts), self.shape.alerts
            self.say(f"{done} of {all_of_them} alerts are acknowledged.")
        return now

    def _follow(self, crew: Crew, ledger: Ledger) -> None:
        said = 0.0
        while crew.busy and not self.stop.wait(_LOOK_S):
            said = self._progress(ledger, said)

    def _settle(self) -> int:
        """Wait until everything has come to its end; return how much has not."""
        said = self.clock.monotonic()

        def tell(left: int) -> None:
            nonlocal said
            now = self.clock.monotonic()
            if now - said > 5 * _SAY_EVERY_S:
                said = now
                self.say(f"{left} alerts and orders are still under way.")

        scene = Scene(f"sqlite:///{self._database}")
        return settle(scene, self.clock, lambda: self.stop.wait(_LOOK_S), tell)

    def _evidence(
        self, account: Account, endings: Sequence[Ending], ended_at: datetime
    ) -> Evidence:
        deaths = None if self.arena.quotes else [*(each.at for each in endings), ended_at]
        url = f"sqlite:///{self._database}"
        paper = self.arena.paper(account, self.directory)
        return Scene(url, venue=paper, deaths=deaths).gather()
