"""The points at which a real server is killed.  Nothing of this is in the program itself.

A point is a statement that SQLite is about to execute, or what the program says to a listener at
that moment (a fact on its bus right after a commit, a report from the venue), or an answer that
has just left.  C01 and C08 are struck from outside (ward.py).
"""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import event
from sqlalchemy.pool import Pool

from app.bootstrap import Runtime
from app.domain.events import Fact, FactKind
from app.domain.orders import OrderEvent
from app.domain.reports import FillReport, OrderReport, Report


def wanted() -> str:
    """The point at which the test wants the server to be killed; empty before it says so."""
    try:
        return Path(os.environ["CRASH_AT"]).read_text(encoding="ascii")
    except FileNotFoundError:
        return ""


def reach(point: str) -> None:
    """End gunicorn's master and this worker at once if this is where, as a power cut would."""
    if wanted() == point:
        with suppress(ProcessLookupError):
            os.kill(os.getppid(), signal.SIGKILL)
        os.kill(os.getpid(), signal.SIGKILL)


@dataclass
class Statement:
    """A point before the first statement that matches ``before``, once one matched ``seen``."""

    before: str
    seen: str = ""
    ready: bool = False

    def hear(self, point: str, statement: str) -> None:
        """Look at a statement that is about to be executed."""
        if self.ready or not self.seen:
            if re.match(self.before, statement, re.DOTALL):
                reach(point)
        elif re.match(self.seen, statement, re.DOTALL) and wanted() == point:
            self.ready = True


Install = Callable[[str, Runtime], None]


def told(kind: FactKind, **data: object) -> Install:
    """A point right after the commit of a fact of this kind whose data are these."""

    def install(point: str, runtime: Runtime) -> None:
        def listener(facts: Sequence[Fact]) -> None:
            for fact in facts:
                if fact.kind is kind and data.items() <= dict(fact.data).items():
                    reach(point)

        runtime.core.bus.subscribe(listener)

    return install


def _cancelled(report: Report) -> bool:
    return isinstance(report, OrderReport) and report.event is OrderEvent.CANCEL


def _filled(report: Report) -> bool:
    return isinstance(report, FillReport)


STATEMENTS = {
    # The alert's row is written and not committed.
    "C02": Statement(before=".", seen="INSERT INTO alerts "),
    # The alert waits in the inbox, nobody has claimed it.
    "C05": Statement(before="UPDATE alerts "),
    # The alert is claimed, nothing is decided.
    "C06": Statement(before=r"SELECT .*\sFROM decisions\s", seen="UPDATE alerts "),
    # The venue's answer is here, what it says is about to be written.
    "C10": Statement(before="UPDATE orders "),
    # The fill is written, its position is not, nothing is committed.
    "C13": Statement(before=".", seen="INSERT INTO fills "),
}
#: The trading day has ended, with what the next one begins is being looked up (rolling.py).
ROLL = {"C18": Statement(before=r"SELECT strategy_pnl_history\.open\s+FROM strategy_pnl_history\s")}
MOMENTS = {
    # The alert is committed, its sender has no answer.
    "C03": told(FactKind.ALERT_RECEIVED),
    # The order is committed, the venue has not been called.
    "C07": told(FactKind.ORDER_SUBMITTED),
    # The fill and the position are committed, the pages have not been told.
    "C11": told(FactKind.POSITION_CHANGED),
    # One of two is filled and booked, the other one still works.
    "C14": told(FactKind.ORDER_FILLED),
    # The closing leg of a reversal is booked, the opening one is not written.
    "C17": told(FactKind.POSITION_CHANGED, net_quantity="0"),
}
REPORTS: dict[str, Callable[[Report], bool]] = {
    # The venue has taken and filled the order, we know nothing.
    "C09": _filled,
    # The venue has cancelled, we do not know that it did.
    "C15": _cancelled,
}
#: The answer has left, its connection is still open.
ANSWERED = "C04"


def watch_statements() -> None:
    """Watch every connection that is opened from now on; to be called before the server is made."""

    def trace(statement: str) -> None:
        for point, each in (STATEMENTS | ROLL).items():
            each.hear(point, statement)

    def follow(connection: Any, *_: object) -> None:  # noqa: ANN401  SQLite's own
        connection.set_trace_callback(trace)

    event.listen(Pool, "connect", follow)


def watch_moments(runtime: Runtime) -> None:
    """Listen to the server that was made, and to its venues."""
    for point, install in MOMENTS.items():
        install(point, runtime)

    def receive(report: Report) -> None:
        for point, meant in REPORTS.items():
            if meant(report):
                reach(point)
        runtime.core.settler.receive(report)

    runtime.core.brokers.listen(receive)


class Sent:
    """The body of an answer; the server closes it when the last byte has left."""

    def __init__(self, body: Iterable[bytes]) -> None:
        self._body = body

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._body)

    def close(self) -> None:
        """The answer has left."""
        reach(ANSWERED)


def watch_answers(app: Any) -> None:  # noqa: ANN401  Flask's
    """Be told when the answer to a webhook has left."""
    inner = app.wsgi_app

    def outer(environ: dict[str, Any], start: Any) -> Iterable[bytes]:  # noqa: ANN401  WSGI
        body: Iterable[bytes] = inner(environ, start)
        return Sent(body) if environ["PATH_INFO"].startswith("/webhook/") else body

    app.wsgi_app = outer
