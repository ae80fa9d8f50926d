"""Alarms: what goes wrong in the server itself, written into the log that people read."""

from __future__ import annotations

from threading import Lock
from typing import Final

from app.domain.events import Fact, FactKind, Level
from app.services.ports import Clock, Store

#: How long the same alarm is not repeated, in seconds.
QUIET_S: Final = 60.0
#: Alarms that wait to be written at most: while the database is away, later ones are only logged.
_WAITING: Final = 1000


class Alarms:
    """Collects alarms from anywhere, each at most once a minute; ``write`` makes them facts.

    Collecting only queues: what has just failed, the database perhaps, is not asked again there.
    """

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._told: dict[tuple[str, str], float] = {}
        self._waiting: list[Fact] = []
        self._lock = Lock()

    def worker_failed(self, name: str, error: Exception) -> None:
        """A step of the worker raised."""
        problem = f"{type(error).__name__}: {error}"
        self._tell("WORKER_FAILED", f"The worker {name} failed: {problem}")

    def worker_late(self, name: str, limit: float) -> None:
        """The worker has ended no step for more than ``limit`` seconds."""
        message = f"The worker {name} has ended no step for more than {limit:g} seconds."
        self._tell("WORKER_LATE", message)

    def worker_replaced(self, name: str, limit: float) -> None:
        """Another runner took over from one whose step took more than ``limit`` seconds."""
        message = (
            f"A step of the worker {name} took more than {limit:g} seconds: another one goes on in"
            " its place."
        )
        self._tell("WORKER_REPLACED", message)

    def task_late(self, name: str, limit: float) -> None:
        """A task of the worker has been under way for more than ``limit`` seconds."""
        message = (
            f"A task of the worker {name} has been under way for more than {limit:g} seconds: a"
            " venue does not answer. Other accounts and strategies go on."
        )
        self._tell("TASK_LATE", message)

    def storage(self, code: str, detail: str) -> None:
        """The disk or the database's file is in trouble, told again each minute."""
        self._tell(code, detail, one_alarm=True)

    def took_over(self, host: str, pid: int) -> None:
        """This server trades now, after another one did."""
        message = f"The server on {host}, process {pid}, took over: it trades now."
        self._tell("TOOK_OVER", message, level=Level.WARNING)

    def stopped_trading(self, host: str, pid: int) -> None:
        """This server lost the right to trade."""
        message = (
            f"The server on {host}, process {pid}, lost its hold on the database and stopped"
            " trading. Whichever server gets hold of it settles what is open and goes on."
        )
        self._tell("STOPPED_TRADING", message)

    def hub_late(self, late: float) -> None:
        """The whole process did nothing else for ``late`` seconds."""
        message = f"Everything stood still for {late:.1f} seconds: something held up the server."
        self._tell("HUB_LATE", message, one_alarm=True)

    def write(self) -> None:
        """Keep what waits, in one transaction; raises StoreUnavailable, and then it waits on."""
        with self._lock:
            facts, self._waiting = self._waiting, []
        if not facts:
            return
        try:
            with self._store.write() as uow:
                for fact in facts:
                    uow.facts.append(fact)
        except BaseException:
            with self._lock:
                self._waiting = facts + self._waiting
            raise

    def _tell(
        self, code: str, message: str, *, one_alarm: bool = False, level: Level = Level.ERROR
    ) -> None:
        """Queue the alarm; with ``one_alarm`` another message is no other alarm."""
        key = (code, "" if one_alarm else message)
        now = self._clock.monotonic()
        fact = Fact(
            kind=FactKind.WORKER_FAILED,
            at=self._clock.now(),
            message=message,
            level=level,
            code=code,
        )
        with self._lock:
            self._told = {old: at for old, at in self._told.items() if now - at < QUIET_S}
            if key not in self._told and len(self._waiting) < _WAITING:
                self._told[key] = now
                self._waiting.append(fact)
