"""Where servers are killed and get up again: a directory, and senders who want an answer."""

from __future__ import annotations

import itertools
import json
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TypeVar

import requests

from app.bootstrap import Core, core
from app.clock import SystemClock
from app.commands.serve import server_command
from app.config import Settings
from app.domain.settings import AccountLink
from app.storm.evidence import Evidence, Scene
from app.storm.judge import faults
from app.storm.paper import ChaosPaper
from app.storm.server import StormServer
from app.storm.stage import own_account
from tests.support.serving import environment, eventually
from tests.support.tree import ROOT

T = TypeVar("T")

#: How long a restarted server may need to settle what it found: the grace period, and the minute
#: after which it compares itself with a broker that told it nothing.
SETTLE_S = 80.0
_PAUSE = threading.Event()


#: The strategies: what each trades, and on which account.
DESKS = {"First": ("ES", "paper"), "Second": ("NQ", "paper"), "Thin": ("NQ", "thin")}


@dataclass
class Desk:
    """A strategy with its webhook key, and the position that its last alert asked for."""

    key: str
    symbol: str
    held: int = 0


@dataclass
class Ward:
    """A directory with a user and strategies, and what the sender of alerts was told.

    ``killed`` says of each kill at which point it was, ``judgements`` how often all held.
    """

    data_dir: Path
    acknowledged: set[str] = field(default_factory=set)
    deaths: list[datetime] = field(default_factory=list)
    killed: list[str] = field(default_factory=list)
    judgements: int = 0
    _wanted: str = ""
    _last: tuple[Desk, dict[str, str]] | None = None

    def __post_init__(self) -> None:
        with self._core() as made:
            self.desk, self.other, self.thin = (
                Desk(
                    made.strategies.webhook_key(None, made.strategies.find(None, name).id),
                    f"{symbol}1!",
                )
                for name, (symbol, _) in DESKS.items()
            )
        self.clock = SystemClock()
        self.numbers = itertools.count(1)
        self.point = self.data_dir / "crash-at"
        command = [*server_command()[:-1], "tests.crash.entry:app"]
        env = environment(self.data_dir, 0, CRASH_AT=str(self.point), PYTHONPATH=str(ROOT))
        self.server = StormServer(command, env, self.data_dir, self.clock, _PAUSE.wait)

    @property
    def url(self) -> str:
        return f"sqlite:///{self.data_dir / 'signalbox.db'}"

    @contextmanager
    def _core(self) -> Iterator[Core]:
        settings = Settings(_env_file=None, data_dir=self.data_dir, database_url=None)
        made = core(settings)
        try:
            yield made
        finally:
            made.close()

    def prepared(self, change: Callable[[Core], T]) -> T:
        """What ``change`` returns, which is done while no server runs."""
        with self._core() as made:
            return change(made)

    def pause(self, seconds: float) -> None:
        """Let time pass."""
        _PAUSE.wait(max(seconds, 0.0))

    def break_broker(self, wanted: Mapping[str, float], seed: int) -> None:
        """Let the first two strategies trade at the chaos venue, with these faults."""
        with self._core() as made:
            account = own_account(made, wanted, seed, made.users.list()[0].id)
            for name in ("First", "Second"):
                found = made.strategies.find(None, name)
                made.strategies.update(
                    None,
                    found.id,
                    name=name,
                    symbol=found.symbol,
                    settings=found.settings,
                    accounts=[AccountLink(account.id)],
                )

    # --- the server's life ------------------------------------------------------------------------

    def start(self) -> None:
        """Start the server, which ends at a point once ``die_at`` is called."""
        self.point.unlink(missing_ok=True)
        self.server.start()

    def die_at(self, point: str) -> None:
        self._wanted = point
        self.point.write_text(point, encoding="ascii")

    def strike(self, point: str) -> None:
        """End the server's processes at once, wherever they are; ``point`` is what that is."""
        self.server.kill()
        self._wanted = point
        self._died()

    def dead(self, patience_s: float = 15.0) -> None:
        """Wait until the point has ended the server."""
        assert self.server.ended(patience_s), "The server was not killed."
        self._died()

    def _died(self) -> None:
        self.deaths.append(self.clock.now())
        self.killed.append(self._wanted)

    def stop(self) -> None:
        """End the server as a service manager does."""
        assert self.server.stop(), self.server.last_words()
        self.deaths.append(self.clock.now())

    # --- the senders ------------------------------------------------------------------------------

    def move(self, to: int, desk: Desk | None = None) -> dict[str, str]:
        """The alert that takes the desk to a position, as TradingView writes it."""
        desk = desk or self.desk
        before, desk.held = desk.held, to
        return self.alert(
            desk,
            action="buy" if to > before else "sell",
            contracts=str(abs(to - before)),
            market_position=_side(to),
            market_position_size=str(abs(to)),
            prev_market_position=_side(before),
            prev_market_position_size=str(abs(before)),
        )

    def alert(self, desk: Desk, **fields: str) -> dict[str, str]:
        return {
            "id": f"alert-{next(self.numbers)}",
            "symbol": desk.symbol,
            "price": "5000",
            **fields,
        }

    def send(self, body: Mapping[str, str], desk: Desk | None = None) -> int | None:
        """Post the alert; the status, None when the server died before it answered."""
        desk = desk or self.desk
        self._last = desk, dict(body)
        try:
            address = f"http://127.0.0.1:{self.server.port}/webhook/{desk.key}"
            answer = requests.post(address, json=body, timeout=10)
        except requests.RequestException:
            return None
        if answer.ok:
            self.acknowledged.add(answer.json()["alert_id"])
        return answer.status_code

    def send_half(self, body: Mapping[str, str], desk: Desk | None = None) -> None:
        """Begin to post the alert and stop in the middle of its body; the connection stays open."""
        desk = desk or self.desk
        self._last = desk, dict(body)
        content = json.dumps(body).encode()
        head = f"POST /webhook/{desk.key} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(content)}"
        self.half = socket.create_connection(("127.0.0.1", self.server.port), timeout=5)
        self.half.sendall(head.encode() + b"\r\n\r\n" + content[: len(content) // 2])
        _PAUSE.wait(0.1)

    def resend(self) -> None:
        """Send the last alert again, as its sender does who was not answered."""
        if self._last is not None:
            desk, body = self._last
            assert self.send(body, desk) in {200, 202}, self.server.last_words()

    # --- the judge --------------------------------------------------------------------------------

    def settled(self, working: int = 0) -> Evidence:
        """What is on paper once every alert is settled and so many orders still work."""
        scene = Scene(self.url, venue=ChaosPaper(self.data_dir / "venue"), deaths=self.deaths)
        eventually(lambda: not scene.open_alerts() and scene.open_orders() == working, SETTLE_S)
        return scene.gather()

    def judged(self, working: int = 0) -> Evidence:
        """The same; everything that must hold does."""
        evidence = self.settled(working)
        wrong = faults(evidence, self.acknowledged)
        assert not wrong, "\n".join(wrong)
        self.judgements += 1
        return evidence


def _side(position: int) -> str:
    return "flat" if not position else "long" if position > 0 else "short"
