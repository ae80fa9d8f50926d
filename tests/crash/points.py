"""The points at which a real server is killed.  Nothing of this is in the program itself.

A point is either a statement that SQLite is about to execute, or what the program says to a
listener at that moment: a fact on its bus right after a commit, a report from the venue.
"""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import event
from sqlalchemy.pool import Pool

from app.bootstrap import Runtime
from app.domain.events import Fact, FactKind
from app.domain.reports import Report


def kill() -> None:
    """End gunicorn's master and this worker at once, as a power cut would."""
    os.kill(os.getppid(), signal.SIGKILL)
    os.kill(os.getpid(), signal.SIGKILL)


@dataclass
class Statement:
    """Kills before the first statement that matches ``before``, once one matched ``seen``."""

    before: str
    seen: str = ""
    ready: bool = False

    def __call__(self, statement: str) -> None:
        if self.ready or not self.seen:
            if re.match(self.before, statement, re.DOTALL):
                kill()
        elif re.match(self.seen, statement, re.DOTALL):
            self.ready = True

    def follow(self, connection: Any, *_: object) -> None:  # noqa: ANN401  SQLite's own
        """Hear of every statement on a new connection."""
        connection.set_trace_callback(self)


def told(kind: FactKind, **data: object) -> Callable[[Runtime], None]:
    """A point right after the commit of a fact of this kind whose data are these."""

    def listener(facts: Sequence[Fact]) -> None:
        for fact in facts:
            if fact.kind is kind and data.items() <= dict(fact.data).items():
                kill()

    return lambda runtime: runtime.core.bus.subscribe(listener)


def _reported(runtime: Runtime) -> None:
    def receive(_: Report) -> None:
        kill()

    runtime.core.brokers.listen(receive)


STATEMENTS = {
    # The alert's row is written and not committed.
    "C02": Statement(before=".", seen="INSERT INTO alerts "),
    # The alert is claimed, nothing is decided.
    "C06": Statement(before=r"SELECT .*\sFROM decisions\s", seen="UPDATE alerts "),
    # The venue's answer is here, what it says is about to be written.
    "C10": Statement(before="UPDATE orders "),
    # The fill is written, its position is not, nothing is committed.
    "C13": Statement(before=".", seen="INSERT INTO fills "),
}
MOMENTS = {
    # The alert is committed, its sender has no answer.
    "C03": told(FactKind.ALERT_RECEIVED),
    # The order is committed, the venue has not been called.
    "C07": told(FactKind.ORDER_SUBMITTED),
    # The venue has taken and filled the order, we know nothing.
    "C09": _reported,
    # The closing leg of a reversal is booked, the opening one is not written.
    "C17": told(FactKind.POSITION_CHANGED, net_quantity="0"),
}
POINTS = tuple(sorted([*STATEMENTS, *MOMENTS]))


def watch_statements(name: str) -> None:
    """Watch every connection that is opened from now on; to be called before the server is made."""
    if name in STATEMENTS:
        event.listen(Pool, "connect", STATEMENTS[name].follow)


def watch_moments(name: str, runtime: Runtime) -> None:
    """Listen to the server that was made."""
    if name in MOMENTS:
        MOMENTS[name](runtime)
