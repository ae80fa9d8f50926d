"""Whatever is lost, doubled or shuffled: once all was sent again, nothing shows of it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.domain.addon.stream import Verdict
from app.store.engine import make_engines
from app.store.unit_of_work import SqlStore
from tests.support.addon import START, Json, execution, position, told
from tests.support.following import EOD, INTRADAY, Outcome, Station

#: Two minutes before the trading day ends, so that many scripts run over its end.
EVENING = 7 * 3600 - 120
NAMES = count()


@st.composite
def news(draw: st.DrawFn) -> Json:
    """What one message tells: often little, seldom something that breaks a rule."""
    quantity = draw(st.integers(0, 3))
    open_pnl = draw(st.integers(-700, 700)) if quantity else 0
    cash = 50_000 + draw(st.sampled_from([0, 0, 0, 120, -250, 400, -900, -1500]))
    status = draw(st.sampled_from(["Connected"] * 9 + ["ConnectionLost"]))
    liquid = str(cash + open_pnl) if draw(st.booleans()) else None
    held = position(quantity, unrealized_pnl=str(open_pnl)) if quantity else None
    return {
        "values": {
            "cash_value": draw(st.sampled_from([str(cash)] * 9 + [None])),
            "unrealized_pnl": draw(st.sampled_from([str(open_pnl)] * 5 + [None])),
            "net_liquidation": liquid,
        },
        "positions": draw(st.sampled_from([[held] if held else []] * 4 + [None])),
        "executions": draw(st.integers(0, 2)),
        "status": status,
        "snapshot": draw(st.integers(0, 3)) == 0,
        "seconds": draw(st.integers(1, 20)),
    }


Script = list[list[Json]]
SCRIPTS = st.lists(st.lists(news(), min_size=1, max_size=8), min_size=1, max_size=3)


def messages(script: Script, name: str) -> Script:
    """The script's messages, session by session; the first session goes on after its snapshot."""
    at, made = EVENING, []
    for number, session in enumerate(script):
        posted = []
        for seq, said in enumerate(session, start=1 if number else 2):
            at += said["seconds"]
            done = [execution(f"e{number}.{seq}.{n}", at) for n in range(said["executions"])]
            snapshot = seq == 1 or said["snapshot"]
            message = told(
                seq,
                at=at,
                session=f"s{number}",
                kind="snapshot" if snapshot else "delta",
                account=name,
                values=said["values"],
                positions=said["positions"],
                executions=done,
            )
            message["account"]["connection_status"] = said["status"]
            posted.append(message)
        made.append(posted)
    return made


def troubled(session: Sequence[Json], fate: Any) -> list[Json]:  # noqa: ANN401  hypothesis' own
    """What arrives of a session in time; its first message does, or it would not be known."""
    first, rest = list(session[:1]), session[1:]
    order = fate.draw(st.permutations(range(len(rest))))
    near = sorted(range(len(rest)), key=lambda place: place + 3 * order[place] / max(1, len(rest)))
    copies = fate.draw(
        st.lists(st.sampled_from([0, 1, 1, 2]), min_size=len(rest), max_size=len(rest))
    )
    return first + [rest[place] for place in near for _ in range(copies[place])]


@pytest.fixture(scope="module", params=[EOD, INTRADAY])
def station(
    request: pytest.FixtureRequest,
    sqlite_template: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Station]:
    path = tmp_path_factory.mktemp("stream") / "signalbox.db"
    shutil.copy(sqlite_template, path)
    store = SqlStore(make_engines(f"sqlite:///{path}"), lambda _: None)
    yield Station(store, request.param)
    store.close()


def began(station: Station) -> str:
    """A new account under the rules, whose first session has begun."""
    name = f"A{next(NAMES)}"
    station.new_key(name)
    station.post(told(1, at=EVENING, session="s0", account=name))
    station.accept(name)
    return name


def run(station: Station, name: str, arriving: Sequence[Json]) -> list[Verdict]:
    """Post the messages as they are sent or later, and end the day as the worker does."""
    own, verdicts = station.account_id(name), []
    for message in arriving:
        sent = datetime.fromisoformat(message["sent_at"])
        arrives = (max(sent, station.clock.at) - START).total_seconds()
        verdicts.append(station.post(message, arrives=arrives).taken[0].verdict)
        with station.store.write() as uow:
            station.tracker.end_day(uow, own, station.clock.at)
    return verdicts


@settings(
    max_examples=25,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(script=SCRIPTS, fate=st.data())
def test_lost_doubled_and_shuffled_messages_leave_no_trace_once_sent_again(
    station: Station,
    script: Script,
    fate: Any,  # noqa: ANN401  hypothesis' own
) -> None:
    outcomes: list[Outcome] = []
    for trouble in (False, True):
        station.clock.at = START
        name = began(station)
        sessions = messages(script, name)
        whole = [message for session in sessions for message in session]
        if trouble:
            arriving = [each for session in sessions for each in troubled(session, fate)]
            run(station, name, arriving)
        verdicts = run(station, name, whole)
        assert trouble or set(verdicts) <= {Verdict.NEXT}
        outcomes.append(station.outcome(name))
    clean, resent = outcomes
    assert resent == clean
