"""The stand-in against the server's own desk: no trouble of the line shows in the end."""

from __future__ import annotations

import itertools
import json
import random
import shutil
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from app.addonsim.link import Answer
from app.addonsim.replay import Plan, Replay
from app.addonsim.scenarios import scenario
from app.addonsim.script import Json, Line
from app.addonsim.troubles import Trouble
from app.clock import VirtualClock
from app.domain.addon.messages import Message
from app.domain.addon.reading import read_posted
from app.domain.addon.stream import Verdict
from app.store.engine import make_engines
from app.store.unit_of_work import SqlStore
from tests.support.addon import START
from tests.support.following import EOD, INTRADAY, Outcome, Station
from tests.support.stores import sqlite_template

__all__ = ["sqlite_template"]

NAME = "APEX-1"
FLAT = {"cash_value": "50000", "net_liquidation": "50000", "unrealized_pnl": "0"}
SEEDS = range(8)

Open = Callable[[str], Station]


@pytest.fixture
def open_station(sqlite_template: Path, tmp_path: Path) -> Iterator[Open]:
    stores: list[SqlStore] = []

    def start(rules: str) -> Station:
        path = tmp_path / f"{len(stores)}.db"
        shutil.copy(sqlite_template, path)
        stores.append(SqlStore(make_engines(f"sqlite:///{path}"), lambda _: None))
        return Station(stores[-1], rules)

    yield start
    for store in stores:
        store.close()


def desk_of(station: Station, clock: VirtualClock) -> Callable[[Json], Answer]:
    """The server's end: what the desk makes of a message, in the words of the protocol."""

    def post(body: Json) -> Answer:
        station.clock.at = clock.now()
        (message,) = read_posted(json.dumps(body).encode()).entries
        assert isinstance(message, Message)
        (received,) = station.desk.take(station.key, [message])
        (taken,) = received.taken
        if taken.verdict is Verdict.STALE_SESSION:
            return Answer(409)
        content = {
            "status": "duplicate" if taken.verdict is Verdict.DUPLICATE else "ok",
            "ack_seq": taken.ack,
            "resend_from": taken.resend_from,
            "need": "snapshot" if taken.verdict is Verdict.NEED_SNAPSHOT else None,
        }
        return Answer(200, content)

    return post


def outcome(station: Station, script: list[Line], trouble: Trouble, seed: int) -> Outcome:
    """What the server knows after the script went through the trouble."""
    clock = VirtualClock(START)
    names = itertools.count(1)

    def play(lines: list[Line], plan: Plan) -> None:
        replay = Replay(
            lines,
            desk_of(station, clock),
            plan,
            clock=clock,
            wait=clock.advance,
            chance=random.Random(seed),
            new_session=lambda: f"s{next(names)}",
            installation_id="pc",
        )
        assert replay.run().complete

    play([Line(0, {"name": NAME}, kind="snapshot", values=FLAT, positions=[])], Plan())
    station.accept(NAME)
    clock.advance(5)
    # Each line at its own time, whatever the waiting between attempts adds.
    play(script, Plan(trouble, heartbeats=False, patience=5000, start=clock.now()))
    return station.outcome(NAME)


def some_trouble(seed: int) -> Trouble:
    chance = random.Random(seed)
    return Trouble(
        drop=chance.choice([0, 0.2, 0.5]),
        duplicate=chance.choice([0, 0.3]),
        reorder=chance.choice([0, 3, 6]),
        gap=chance.choice([0, 2, 5]),
        restart=chance.choice([0, 7, 12]),
    )


@pytest.mark.parametrize("rules", [EOD, INTRADAY])
@pytest.mark.parametrize("name", ["winning-day", "hard-breach"])
def test_state_days_breaches_and_executions_are_those_of_the_clean_run(
    open_station: Open, name: str, rules: str
) -> None:
    script = scenario(name, NAME, Decimal(50_000))
    clean = outcome(open_station(rules), script, Trouble(), 1)
    assert clean.executions
    assert bool(clean.broken) == (name == "hard-breach")
    for seed in SEEDS:
        found = outcome(open_station(rules), script, some_trouble(seed), seed)
        assert (found.state, found.days, found.broken) == (clean.state, clean.days, clean.broken)
        assert [each.execution for each in found.executions] == [
            each.execution for each in clean.executions
        ]
