"""Intake beside the floor: requests a second as a ratio, processor time, memory.

Each round runs the floor, then ours three times: alerts taken in with the workers at rest (intake
and nothing else), exits while flat, and trades that are executed meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from statistics import median
from typing import Final

from bench.figures import Figure, Target, at_least, at_most
from bench.load import Answers, closed
from bench.run import Run
from bench.servers import Server, floor, signalbox
from bench.stage import Stage, exits, requests, staged, trades

_PART: Final = "webhook"
_CLIENTS: Final = (1, 64)
_RATIO: Final = at_least(0.25)
_CPU_MS: Final = at_most(2.0)
_MEMORY_MIB: Final = at_most(200)
_WARM_UP: Final = 50


@dataclass(slots=True)
class Contestant:
    """A server that takes requests, and its figures of each round at one number of clients.

    ``target`` tells whether its processor time is held to the promise.
    """

    name: str
    server: Server
    requests: Iterator[bytes]
    count: int
    stage: Stage | None = None
    target: Target | None = None
    rates: list[float] = field(default_factory=list)
    p99_ms: list[float] = field(default_factory=list)
    spent_s: float = 0.0
    answered: int = 0

    def forget(self) -> None:
        """Begin anew, for another number of clients."""
        self.rates, self.p99_ms, self.spent_s, self.answered = [], [], 0.0, 0

    @property
    def cpu_ms(self) -> float:
        """Milliseconds of processor time for each answer, over all rounds: the clock is coarse."""
        return 1000 * self.spent_s / self.answered

    def run(self, clients: int, count: int | None = None) -> None:
        """Run one round; what it left to execute is executed before the next one begins."""
        before = self.server.cpu_s()
        answers = self._load(clients, self.count if count is None else count)
        self.spent_s += self.server.cpu_s() - before
        self.answered += len(answers.latencies)
        self.rates.append(answers.per_second)
        self.p99_ms.append(answers.milliseconds(99))
        if self.stage is not None:
            self.stage.wait()

    def _load(self, clients: int, count: int) -> Answers:
        return closed(self.server.port, self.requests, clients, count).expect(202)


def measure(run: Run) -> list[Figure]:
    """Return ratios, processor times and memory; about three minutes."""
    directory = run.directory / _PART
    with ExitStack() as stack:
        busy = stack.enter_context(staged(directory / "busy", strategies=2))
        resting = stack.enter_context(staged(directory / "resting"))
        floor_ = stack.enter_context(floor(directory))
        rest = stack.enter_context(signalbox(resting.settings, at_rest=True))
        live = stack.enter_context(signalbox(busy.settings))
        few, many = run.pick(300, 30), run.pick(1000, 100)
        least = Contestant("floor", floor_, requests(["/webhook/floor"], exits()), many)
        ours = [
            Contestant("intake alone", rest, requests(resting.paths, exits()), few, target=_CPU_MS),
            Contestant("exits while flat", live, requests(busy.paths[:1], exits()), few, busy),
            Contestant("trades, executed", live, requests(busy.paths[1:], trades()), few, busy),
        ]
        figures: list[Figure] = []
        for each in (least, *ours):
            each.run(1, _WARM_UP)
        for clients in _CLIENTS:
            figures += _rounds(least, ours, clients, run.pick(9, 1))
        figures.append(_memory(live))
    return figures


def _rounds(
    least: Contestant, ours: Sequence[Contestant], clients: int, rounds: int
) -> Iterator[Figure]:
    for each in (least, *ours):
        each.forget()
    for _ in range(rounds):
        for each in (least, *ours):
            each.run(clients)
    for each in ours:
        yield _ratio(least, each, clients)
    for each in ours:
        yield _cpu(least, each, clients)


def _ratio(least: Contestant, each: Contestant, clients: int) -> Figure:
    ratios = [ours / floors for ours, floors in zip(each.rates, least.rates, strict=True)]
    note = (
        f"{median(each.rates):,.0f}/s of {median(least.rates):,.0f}/s; p99"
        f" {median(each.p99_ms):.1f} ms of {median(least.p99_ms):.1f} ms;"
        f" rounds {min(ratios):.2f} to {max(ratios):.2f}"
    )
    return Figure(_PART, _name(each, clients), median(ratios), "of floor", _RATIO, note)


def _cpu(least: Contestant, each: Contestant, clients: int) -> Figure:
    name = f"{_name(each, clients)}, CPU"
    note = f"the floor takes {least.cpu_ms:.2f} ms, {least.cpu_ms / each.cpu_ms:.2f} of it"
    return Figure(_PART, name, each.cpu_ms, "ms/request", each.target, note)


def _name(each: Contestant, clients: int) -> str:
    return f"{each.name}, {clients} client{'' if clients == 1 else 's'}"


def _memory(server: Server) -> Figure:
    note = "highest resident memory of the worker that served the exits and the trades"
    return Figure(_PART, "memory", server.peak_mib(), "MiB", _MEMORY_MIB, note)
