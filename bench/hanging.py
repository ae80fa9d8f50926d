"""A broker that hangs: how answers and the orders of another account fare meanwhile."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Final

from app.domain.inbox import AlertState
from bench.figures import Figure, at_most, percentile
from bench.load import Answers, closed, paced
from bench.run import Run
from bench.servers import Server, signalbox
from bench.stage import Done, Stage, requests, staged, trades

_PER_SECOND: Final = 50
_STRATEGIES: Final = 20
_SECONDS: Final = 60
_ANSWER_P99_MS: Final = at_most(100)
_RATIO: Final = at_most(1.5)
_WARM_UP: Final = 2
#: A trade on the hanging venue may end otherwise than executed, but it ends, and is said.
_ENDS: Final = {AlertState.EXECUTED, AlertState.EXPIRED, AlertState.FAILED, AlertState.REFUSED}


def measure(run: Run) -> list[Figure]:
    """Return answers' and executions' times at 50 alerts/s, without and with a hang of 60 s.

    Half of the strategies trade on the paper account, half on a chaos account, whose venue's
    process is stopped by the kernel: it takes connections and answers nothing.
    """
    seconds = run.pick(_SECONDS, 4)
    calm, calm_waits = _run(run.directory / "calm", seconds, hangs=False)
    hung, hung_waits = _run(run.directory / "hung", seconds, hangs=True)
    before, after = percentile(calm_waits, 99), percentile(hung_waits, 99)
    note = f"p99 {1000 * before:.1f} ms without the hang, {1000 * after:.1f} ms with it"
    return [
        Figure("hang", "answer, p99, no hang", calm.milliseconds(99), "ms"),
        Figure(
            "hang",
            f"answer, p99, a broker hangs {seconds} s",
            hung.milliseconds(99),
            "ms",
            _ANSWER_P99_MS,
        ),
        Figure(
            "hang",
            "other account, arrival to executed, p99 with over without",
            after / before,
            "",
            _RATIO,
            note,
        ),
    ]


def _run(directory: Path, seconds: int, *, hangs: bool) -> tuple[Answers, list[float]]:
    """Send the alerts; the answers, and the paper account's seconds from arrival to executed."""
    with (
        staged(directory, _STRATEGIES, venues=("paper", "chaos")) as stage,
        signalbox(stage.settings) as server,
    ):
        warm_up = requests(stage.paths, trades())
        closed(server.port, warm_up, 1, _STRATEGIES * _WARM_UP).expect(202)
        stage.wait()
        before = len(stage.alerts())
        sent = requests(stage.paths, islice(trades(), _WARM_UP, None), close=True)
        due = list(islice(sent, seconds * _PER_SECOND))
        with _hanging(server, seconds) if hangs else _calm():
            answers = paced(server.port, due, _PER_SECOND).expect(202)
        stage.wait()
        alerts = stage.alerts()[before:]
    _none_lost(alerts, len(due))
    return answers, _waits(stage, alerts)


@contextmanager
def _calm() -> Iterator[None]:
    yield


@contextmanager
def _hanging(server: Server, seconds: int) -> Iterator[None]:
    """Stop the venue's process for so long, from now on."""
    (venue,) = server.children()
    os.kill(venue, signal.SIGSTOP)
    timer = threading.Timer(seconds, os.kill, (venue, signal.SIGCONT))
    timer.start()
    began = time.monotonic()
    try:
        yield
    finally:
        timer.join(max(0.0, began + seconds - time.monotonic()) + 1)


def _none_lost(alerts: Sequence[Done], count: int) -> None:
    states = Counter(alert.state for alert in alerts)
    assert len(alerts) == count, f"{len(alerts)} alerts are kept of {count}."
    assert states.keys() <= _ENDS, f"Some alerts have no end: {dict(states)}."


def _waits(stage: Stage, alerts: Sequence[Done]) -> list[float]:
    """The seconds from arrival to executed of the strategies that trade on paper."""
    mine = [alert for alert in alerts if alert.strategy_id in stage.on("paper")]
    states = Counter(alert.state for alert in mine)
    assert set(states) == {AlertState.EXECUTED}, f"Not all were executed: {dict(states)}."
    return [
        (alert.finished_at - alert.received_at).total_seconds()
        for alert in mine
        if alert.finished_at is not None
    ]
