"""Execution on paper: how fast a backlog is worked off, and how answers fare meanwhile."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Final

from app.domain.inbox import AlertState
from bench.figures import Figure, at_least, at_most
from bench.load import Answers, closed, paced
from bench.run import Run
from bench.servers import Server, signalbox
from bench.stage import Done, Stage, requests, staged, trades

_DRAIN_PER_SECOND: Final = at_least(100)
_STEADY_PER_SECOND: Final = 50
_STEADY_P99_MS: Final = at_most(50)
_BURST_STRATEGIES: Final = 20
_BURST_S: Final = at_most(3)
_WARM_UP: Final = 20


def drain(run: Run) -> list[Figure]:
    """Return how many alerts a second are executed once all are accepted; half a minute."""
    figures: list[Figure] = []
    for strategies in (1, _BURST_STRATEGIES):
        with _served(run.directory / f"drain-{strategies}", strategies) as (stage, server):
            figures += _drained(stage, server, run.pick(1000, 40))
    return figures


def _drained(stage: Stage, server: Server, count: int) -> Iterator[Figure]:
    strategies = len(stage.paths)
    sent = requests(stage.paths, islice(trades(), _WARM_UP, None))
    began, cpu = time.perf_counter(), server.cpu_s()
    closed(server.port, sent, 64, count).expect(202)
    accepted, left = time.perf_counter(), stage.waiting()
    stage.wait()
    ended = time.perf_counter()
    _all_executed(stage.alerts())
    cpu_ms = 1000 * (server.cpu_s() - cpu) / count
    name = f"{strategies} strateg{'y' if strategies == 1 else 'ies'}"
    note = (
        f"{left} of {count} were left at the last answer, worked off in {ended - accepted:.2f} s;"
        f" {count / (ended - began):.0f}/s from the first request on"
    )
    rate = left / (ended - accepted)
    yield Figure("drain", name, rate, "alerts/s", _DRAIN_PER_SECOND, note)
    yield Figure("drain", f"{name}, intake and execution, CPU", cpu_ms, "ms/alert")


def steady(run: Run) -> list[Figure]:
    """Return how long answers take at 50 alerts a second that are executed meanwhile."""
    seconds = run.pick(20, 2)
    with _served(run.directory / "steady", _BURST_STRATEGIES) as (stage, server):
        cpu = server.cpu_s()
        answers = _paced(stage, server, seconds * _STEADY_PER_SECOND, _STEADY_PER_SECOND)
        share = 100 * (server.cpu_s() - cpu) / answers.seconds
        stage.wait()
        waits = _waits(stage.alerts())
    note = (
        f"50 a second for {seconds} s, all executed, the last {max(waits):.2f} s after its arrival;"
        f" one core was busy for {share:.0f} %"
    )
    return [
        Figure("steady", "answer, median", answers.milliseconds(50), "ms"),
        Figure("steady", "answer, p99", answers.milliseconds(99), "ms", _STEADY_P99_MS, note),
        Figure(
            "steady", "arrival to executed, median", 1000 * sorted(waits)[len(waits) // 2], "ms"
        ),
    ]


def burst(run: Run) -> list[Figure]:
    """Return how long 200 alerts in one second for 20 strategies take until all are executed."""
    count = 10 * _BURST_STRATEGIES
    figures = []
    with _served(run.directory / "burst", _BURST_STRATEGIES) as (stage, server):
        for number in range(run.pick(3, 1)):
            before = len(stage.alerts())
            answers = _paced(stage, server, count, count, skip=before // _BURST_STRATEGIES)
            stage.wait()
            figures.append(_burst_figure(number, answers, stage.alerts()[before:]))
        _in_order(stage)
    return figures


def _burst_figure(number: int, answers: Answers, alerts: Sequence[Done]) -> Figure:
    ends = _all_executed(alerts)
    taken = (max(ends) - alerts[0].received_at).total_seconds()
    note = f"{len(alerts)} executed, in order; answers p99 {answers.milliseconds(99):.0f} ms"
    return Figure(
        "burst", f"first arrival to last executed, {number + 1}", taken, "s", _BURST_S, note
    )


@contextmanager
def _served(directory: Path, strategies: int) -> Iterator[tuple[Stage, Server]]:
    """A server that is warm: every strategy has traded."""
    with staged(directory, strategies) as stage, signalbox(stage.settings) as server:
        warm_up = requests(stage.paths, trades())
        closed(server.port, warm_up, 1, strategies * (_WARM_UP // strategies)).expect(202)
        stage.wait()
        yield stage, server


def _paced(
    stage: Stage, server: Server, count: int, per_second: int, skip: int = _WARM_UP
) -> Answers:
    sent = requests(stage.paths, islice(trades(), skip, None), close=True)
    return paced(server.port, list(islice(sent, count)), per_second).expect(202)


def _all_executed(alerts: Sequence[Done]) -> list[datetime]:
    states = Counter(alert.state for alert in alerts)
    assert set(states) == {AlertState.EXECUTED}, f"Not all were executed: {dict(states)}."
    return [alert.finished_at for alert in alerts if alert.finished_at is not None]


def _waits(alerts: Sequence[Done]) -> list[float]:
    """The seconds from each alert's arrival to its end."""
    ends = _all_executed(alerts)
    return [
        (end - each.received_at).total_seconds() for end, each in zip(ends, alerts, strict=True)
    ]


def _in_order(stage: Stage) -> None:
    """Stop when a strategy's fills are not in the order of its alerts; ids follow time."""
    filled = stage.filled()
    for alert_ids in filled.values():
        assert alert_ids == sorted(alert_ids), "A strategy's alerts were executed out of order."
    assert sum(map(len, filled.values())) == len(stage.alerts()), "Some alerts have no fill."
