"""Whole runs of the stand-in against a server of the protocol, in virtual time."""

from __future__ import annotations

import itertools
import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.addonsim.link import Answer
from app.addonsim.replay import Plan, Replay, Summary
from app.addonsim.scenarios import SCENARIOS, scenario
from app.addonsim.script import Line, read
from app.addonsim.sheet import MOST_EXECUTIONS
from app.addonsim.troubles import Trouble
from app.clock import VirtualClock
from app.domain.addon.reading import read_message
from app.domain.errors import InvalidInput
from tests.support.addon_desk import AddonDesk

AT = datetime(2026, 11, 20, 15, tzinfo=UTC)


def run(desk: AddonDesk, script: list[Line], plan: Plan | None = None, seed: int = 1) -> Summary:
    clock = VirtualClock(AT)
    names = itertools.count(1)
    replay = Replay(
        script,
        desk.post,
        plan or Plan(),
        clock=clock,
        wait=clock.advance,
        chance=random.Random(seed),
        new_session=lambda: f"s{next(names)}",
        installation_id="pc",
    )
    return replay.run()


def day() -> list[Line]:
    return scenario("two-accounts", "A", Decimal(50_000))


def executions(desk: AddonDesk) -> dict[str, set[str]]:
    return {name: set(stream.executions) for name, stream in desk.streams.items()}


def test_a_clean_line_carries_each_message_once_in_order() -> None:
    desk = AddonDesk()
    summary = run(desk, day(), Plan(heartbeats=False))
    assert summary.complete
    assert summary.counts["sent"] == summary.counts["acked"] == len(day())
    for stream in desk.streams.values():
        assert [body["seq"] for body in stream.applied] == list(range(1, len(stream.applied) + 1))
        assert stream.applied[0]["kind"] == "snapshot"


def test_a_message_has_every_field_of_the_contract() -> None:
    desk = AddonDesk()
    script = read('{"at": 2, "account": "A", "values": {"cash_value": "1"}}')
    run(desk, script, Plan(heartbeats=False))
    body = desk.arrived[0]
    assert (body["schema"], body["type"], body["source"]) == (1, "AccountUpdate", "ninjatrader")
    assert (body["installation_id"], body["session_id"], body["seq"]) == ("pc", "s1", 1)
    assert body["event_time"] == "2026-11-20T15:00:02.000Z"
    assert body["sent_at"] == "2026-11-20T15:00:02.000Z"
    assert body["values"]["cash_value"] == "1"
    assert body["values"]["net_liquidation"] is None
    assert body["account"]["currency"] == "USD"
    assert (body["positions"], body["orders"], body["executions"]) == ([], [], [])


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_message_of_a_scenario_can_be_read_by_the_server(name: str) -> None:
    desk = AddonDesk()
    run(desk, scenario(name, "A", Decimal(50_000)), Plan(hold=10))
    for body in desk.arrived:
        assert read_message(body).seq == body["seq"]


def test_values_and_positions_that_a_line_leaves_out_stay_as_they_were() -> None:
    desk = AddonDesk()
    first = '{"at": 0, "account": "A", "values": {"fee": "2"}, "positions": [{"quantity": 1}]}'
    script = read(first + '\n{"at": 1, "account": "A", "values": {"cash_value": "7"}}')
    run(desk, script, Plan(heartbeats=False))
    last = desk.arrived[-1]
    assert (last["values"]["fee"], last["values"]["cash_value"]) == ("2", "7")
    assert last["positions"] == [{"quantity": 1}]


@given(
    drop=st.floats(0, 0.6),
    duplicate=st.floats(0, 0.9),
    reorder=st.integers(0, 8),
    gap=st.integers(0, 12),
    restart=st.integers(0, 15),
    seed=st.integers(0, 10_000),
)
def test_no_trouble_of_the_line_loses_an_execution_or_leaves_a_message_open(
    drop: float, duplicate: float, reorder: int, gap: int, restart: int, seed: int
) -> None:
    clean, desk = AddonDesk(), AddonDesk()
    run(clean, day(), Plan(heartbeats=False))
    trouble = Trouble(drop, duplicate, reorder, gap, restart)
    summary = run(desk, day(), Plan(trouble, heartbeats=False, patience=10_000), seed)
    assert summary.complete
    assert executions(desk) == executions(clean)


@given(
    drop=st.floats(0, 0.6),
    duplicate=st.floats(0, 0.9),
    gap=st.integers(0, 12),
    seed=st.integers(0, 10_000),
)
def test_without_a_new_session_every_message_is_applied_in_its_order(
    drop: float, duplicate: float, gap: int, seed: int
) -> None:
    desk = AddonDesk()
    plan = Plan(Trouble(drop, duplicate, gap=gap), heartbeats=False, patience=10_000)
    run(desk, day(), plan, seed)
    applied = [body for stream in desk.streams.values() for body in stream.applied]
    assert len(applied) == len(day())
    for stream in desk.streams.values():
        times = [body["event_time"] for body in stream.applied]
        assert times == sorted(times)


def test_messages_that_are_held_back_are_sent_when_the_server_asks() -> None:
    desk = AddonDesk()
    summary = run(desk, day(), Plan(Trouble(gap=5), heartbeats=False))
    assert summary.counts["withheld"] == 5
    assert summary.counts["resent"] > 0
    assert summary.complete


def test_a_restart_begins_a_session_with_a_snapshot_of_the_day() -> None:
    desk = AddonDesk()
    run(desk, day(), Plan(Trouble(restart=30), heartbeats=False))
    stream = desk.streams["A"]
    assert len(stream.sessions) == 2
    begun = next(b for b in stream.applied if b["session_id"] == stream.sessions[1])
    assert (begun["seq"], begun["kind"]) == (1, "snapshot")
    assert [each["execution_id"] for each in begun["executions"]] == ["A-e1", "A-e2"]


def test_a_quiet_account_is_heard_of_every_five_seconds_and_in_full_every_minute() -> None:
    desk = AddonDesk()
    run(desk, read('{"at": 0, "account": "A"}'), Plan(hold=125))
    kinds = [body["kind"] for body in desk.arrived]
    assert kinds.count("heartbeat") + kinds.count("snapshot") - 1 == 25
    assert kinds.count("snapshot") == 3


def test_a_clock_that_is_ahead_shows_in_every_time() -> None:
    desk = AddonDesk()
    run(desk, read('{"at": 0, "account": "A"}'), Plan(Trouble(skew=90), heartbeats=False))
    assert desk.arrived[0]["sent_at"] == "2026-11-20T15:01:30.000Z"
    assert desk.arrived[0]["event_time"] == "2026-11-20T15:01:30.000Z"


def test_a_recorded_day_keeps_its_times_and_can_be_told_in_less() -> None:
    desk = AddonDesk()
    script = read(
        '{"event_time": "2026-03-02T10:00:00Z", "account": "A"}\n'
        '{"event_time": "2026-03-02T10:10:00Z", "account": "A"}'
    )
    run(desk, script, Plan(speed=600, heartbeats=False))
    assert [b["event_time"] for b in desk.arrived] == [
        "2026-03-02T10:00:00.000Z",
        "2026-03-02T10:10:00.000Z",
    ]
    sent = [datetime.fromisoformat(body["sent_at"]) for body in desk.arrived]
    assert sent[1] - sent[0] == timedelta(seconds=1)


def test_a_script_that_begins_at_an_instant_tells_the_times_from_there() -> None:
    desk = AddonDesk()
    start = datetime(2026, 3, 2, 10, tzinfo=UTC)
    script = read('{"at": 0, "account": "A"}\n{"at": 30, "account": "A"}')
    run(desk, script, Plan(speed=10, start=start, heartbeats=False))
    assert desk.arrived[-1]["event_time"] == "2026-03-02T10:00:30.000Z"


def test_a_time_out_and_a_fault_of_the_server_are_tried_again() -> None:
    desk = AddonDesk(scripted=[None, Answer(503), Answer(429, retry_after=3.0)])
    summary = run(desk, read('{"at": 0, "account": "A"}'), Plan(heartbeats=False))
    assert (summary.counts["failed"], summary.counts["limited"]) == (2, 1)
    assert summary.complete


def test_a_key_that_is_refused_leaves_everything_open_and_is_named() -> None:
    desk = AddonDesk(scripted=[Answer(401, {"detail": "No such key."})])
    summary = run(desk, read('{"at": 0, "account": "A"}'), Plan(heartbeats=False))
    assert not summary.complete
    assert summary.unacked == 1
    assert summary.stopped == {"A": "401: No such key."}


def test_a_server_that_never_answers_is_given_up_when_patience_ends() -> None:
    desk = AddonDesk(scripted=[None] * 100)
    summary = run(desk, read('{"at": 0, "account": "A"}'), Plan(heartbeats=False, patience=60))
    assert summary.unacked == 1
    assert not summary.complete


def test_after_a_message_the_server_cannot_read_a_snapshot_closes_the_gap() -> None:
    desk = AddonDesk()
    script = read("\n".join(f'{{"at": {at}, "account": "A"}}' for at in range(3)))
    run(desk, script[:1], Plan(heartbeats=False))
    desk = AddonDesk()
    desk.scripted = []
    original = desk.post

    def post(body: dict[str, object]) -> Answer | None:
        return Answer(400) if body["seq"] == 2 else original(body)

    clock = VirtualClock(AT)
    Replay(
        script,
        post,
        Plan(heartbeats=False),
        clock=clock,
        wait=clock.advance,
        chance=random.Random(1),
        new_session=lambda: "s",
        installation_id="pc",
    ).run()
    assert [(b["seq"], b["kind"]) for b in desk.streams["A"].applied] == [
        (1, "snapshot"),
        (4, "snapshot"),
    ]


def test_a_day_of_many_executions_goes_in_several_messages() -> None:
    many = [{"execution_id": f"e{n}"} for n in range(MOST_EXECUTIONS + 1)]
    script = [Line(0, {"name": "A"}, executions=many), Line(1, {"name": "A"})]
    desk = AddonDesk()
    run(desk, script, Plan(Trouble(restart=1), heartbeats=False))
    begun = [b for b in desk.streams["A"].applied if b["session_id"] == "s2"]
    assert [len(b["executions"]) for b in begun] == [MOST_EXECUTIONS, 1, 0]


@pytest.mark.parametrize(
    "trouble",
    [{"drop": 1.0}, {"duplicate": -0.1}, {"reorder": 101}, {"gap": -1}, {"restart": -1}],
)
def test_troubles_that_cannot_be_are_refused(trouble: dict[str, float]) -> None:
    with pytest.raises(InvalidInput):
        Trouble(**trouble)  # type: ignore[arg-type]


def test_a_speed_of_nothing_is_refused() -> None:
    with pytest.raises(InvalidInput, match="speed"):
        Plan(speed=0)
    with pytest.raises(InvalidInput, match="patience"):
        Plan(patience=-1)
