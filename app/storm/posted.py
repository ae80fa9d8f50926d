"""A storm on an account of a running server: it posts to the server's own webhook, and judges."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from app.domain.safety.storms import Storm, StormState
from app.services.ports import Clock
from app.store.unit_of_work import SqlStore
from app.storm.evidence import Scene
from app.storm.paper import ChaosPaper
from app.storm.plan import TEST_MARKETS, Message, Shape, closing, messages
from app.storm.report import Course, Json, compose, verdict_of
from app.storm.sending import Crew, Ledger, Post
from app.storm.server import StormBroken
from app.storm.settling import settle

_LOOK_S: Final = 0.25
_TELL_EVERY_S: Final = 1.0


@dataclass(frozen=True, slots=True)
class Task:
    """What a server asks of the storm's process; it holds secrets and travels by a pipe alone.

    ``venue`` is the folder of the chaos venue's log, None where the account is a paper one.
    ``pace_s`` is the least time between two posts.
    """

    storm_id: str
    database: str
    venue: str | None
    host: str
    port: int
    keys: Sequence[str]
    strategies: Sequence[str]
    pace_s: float
    release: str

    @classmethod
    def of(cls, plain: Mapping[str, Any]) -> Task:
        """Read what came by the pipe."""
        return cls(**plain)


@dataclass
class PostedStorm:
    """Carries out the task on the storm that is kept in the database, and keeps what came out.

    It stops when the storm is not running any more in the database.
    """

    task: Task
    store: SqlStore
    clock: Clock
    stop: threading.Event = field(default_factory=threading.Event)
    _told: float = 0.0

    def run(self) -> None:
        """Post, settle, judge, and keep the report."""
        storm = self._storm()
        shape = _shape(storm, len(self.task.keys))
        sent = messages(shape, storm.id, TEST_MARKETS)
        last = closing(shape, storm.id, TEST_MARKETS)
        ledger, began = Ledger(), self.clock.now()
        post = Post(self.task.host, self.task.port, self.task.keys, self.clock)
        for part, senders in ((sent, shape.senders), (last, shape.strategies)):
            self._send(Crew(post, ledger, self.stop.wait, self.task.pace_s), part, senders, ledger)
        scene = self._scene()
        unsettled = settle(
            scene,
            self.clock,
            lambda: self.stop.wait(_LOOK_S),
            lambda left: self._tell(ledger, "settling", left),
        )
        if self.stop.is_set():
            return
        self._tell(ledger, "judging", 0, at_once=True)
        course = self._course(shape, [*sent, *last], ledger, began, unsettled)
        self._end(compose(course, scene.gather()))

    def broken(self, problem: str) -> None:
        """Keep that it could not be carried out, and why."""
        self._save(StormState.BROKEN, {"problem": problem}, self.clock.now())

    def _send(self, crew: Crew, part: Sequence[Message], senders: int, ledger: Ledger) -> None:
        crew.start(part, senders)
        while crew.busy and not self.stop.wait(_LOOK_S):
            self._tell(ledger, "sending", len(part))

    def _scene(self) -> Scene:
        venue = None if self.task.venue is None else ChaosPaper(Path(self.task.venue))
        return Scene(self.task.database, venue, self.task.strategies)

    def _course(
        self,
        shape: Shape,
        sent: Sequence[Message],
        ledger: Ledger,
        began: datetime,
        unsettled: int,
    ) -> Course:
        return Course(
            shape=shape,
            messages=sent,
            ledger=ledger,
            endings=(),
            started_at=began,
            ended_at=self.clock.now(),
            release=self.task.release,
            unsettled=unsettled,
        )

    def _storm(self) -> Storm:
        with self.store.read() as uow:
            storm = uow.storms.get(self.task.storm_id)
        if storm is None:
            raise StormBroken("There is no such storm.")
        return storm

    def _tell(self, ledger: Ledger, phase: str, left: int, *, at_once: bool = False) -> None:
        now = self.clock.monotonic()
        if not at_once and now - self._told < _TELL_EVERY_S:
            return
        self._told = now
        posts = len(ledger.answers) + sum(ledger.unanswered.values())
        progress = {"phase": phase, "done": ledger.done, "posts": posts, "left": left}
        self._save(StormState.RUNNING, {"progress": progress}, None)

    def _end(self, report: Json) -> None:
        # Each alert has a page of its own with every step.
        rows = [{**row, "trace": []} for row in report["alerts"]]  # type: ignore[attr-defined]
        self._save(verdict_of(report), {**report, "alerts": rows}, self.clock.now())

    def _save(
        self, state: StormState, report: Mapping[str, object], ended: datetime | None
    ) -> None:
        with self.store.write() as uow:
            storm = uow.storms.get(self.task.storm_id)
            if storm is None or storm.state is not StormState.RUNNING:
                self.stop.set()
                return
            uow.storms.save(replace(storm, state=state, report=report, ended_at=ended))


def _shape(storm: Storm, strategies: int) -> Shape:
    wish = storm.settings["wish"]
    return Shape(**wish, strategies=strategies, kills=0, restarts=0)  # type: ignore[arg-type]
