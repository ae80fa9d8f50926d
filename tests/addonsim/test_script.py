"""Scripts: what a line may say, and the sentence for what it may not."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from app.addonsim.scenarios import SCENARIOS, scenario
from app.addonsim.script import read, write
from app.domain.errors import InvalidInput


def test_a_line_names_when_and_which_account() -> None:
    (line,) = read('{"at": 1.5, "account": "APEX-1", "values": {"cash_value": 50000.10}}')
    assert (line.at, line.name, line.kind) == (1.5, "APEX-1", "delta")
    assert line.values == {"cash_value": "50000.10"}
    assert (line.positions, line.orders) == (None, None)


def test_lines_are_put_in_the_order_of_their_times_and_comments_are_left_out() -> None:
    text = '// a day\n{"at": 2, "account": "A"}\n\n{"at": 1, "account": "B"}\n'
    assert [line.name for line in read(text)] == ["B", "A"]


def test_a_recorded_message_is_a_line_too() -> None:
    recorded = {
        "schema": 1,
        "type": "AccountUpdate",
        "seq": 7,
        "session_id": "s",
        "event_time": "2026-11-20T15:04:05.100Z",
        "account": {"name": "A"},
    }
    later = {"event_time": "2026-11-20T15:04:07.600Z", "account": {"name": "A"}}
    lines = read(json.dumps(recorded) + "\n" + json.dumps(later))
    assert [line.at for line in lines] == [0.0, 2.5]
    assert lines[0].event_time == datetime(2026, 11, 20, 15, 4, 5, 100_000, UTC)
    assert read(write(lines)) == lines


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "holds no lines"),
        ("{", "Line 1 of the script is not JSON"),
        ("[1]", "is not a JSON object"),
        ('{"at": 0, "account": "A", "value": {}}', "names 'value'"),
        ('{"account": "A"}', "says neither"),
        ('{"at": "soon", "account": "A"}', "no number of seconds"),
        ('{"at": -1, "account": "A"}', "no number of seconds"),
        ('{"at": 0}', "names no account"),
        ('{"at": 0, "account": {"name": ""}}', "names no account"),
        ('{"at": 0, "account": "A", "kind": "news"}', "has the kind 'news'"),
        ('{"at": 0, "account": "A", "values": []}', "must hold an object"),
        ('{"at": 0, "account": "A", "orders": {}}', "must hold a list"),
        ('{"at": 0, "account": "A", "orders": [1]}', "must hold objects"),
        ('{"event_time": "today", "account": "A"}', "no instant"),
        ('{"event_time": "2026-11-20T15:04:05", "account": "A"}', "without a time zone"),
        (
            '{"at": 0, "account": "A"}\n{"event_time": "2026-11-20T15:04:05Z", "account": "A"}',
            "Line 2 of the script says when in another way",
        ),
    ],
)
def test_a_fault_is_one_sentence_with_its_line(text: str, fault: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        read(text)
    assert fault in caught.value.detail


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_scenario_is_a_script_that_can_be_read_back(name: str) -> None:
    lines = scenario(name, "A", Decimal(50_000))
    assert [line.values for line in read(write(lines))] == [line.values for line in lines]
    assert lines[0].kind == "snapshot"


def equity(name: str) -> list[Decimal]:
    lines = scenario(name, "A", Decimal(50_000))
    return [Decimal(line.values["net_liquidation"] or "") for line in lines if line.name == "A"]


def test_the_soft_breach_loses_more_than_a_thousand_and_less_than_two() -> None:
    assert equity("soft-breach")[-1] == Decimal("48831.60")
    assert min(equity("soft-breach")) > 48_000


def test_the_hard_breach_falls_below_a_floor_of_2500() -> None:
    assert min(equity("hard-breach")) < 47_500


def test_the_winning_day_wins_and_gave_some_of_its_peak_back() -> None:
    assert equity("winning-day")[-1] == Decimal("50611.60")
    assert max(equity("winning-day")) > equity("winning-day")[-1]


def test_two_accounts_move_in_the_same_seconds() -> None:
    lines = scenario("two-accounts", "A", Decimal(50_000))
    assert {line.name for line in lines} == {"A", "A-B"}
    assert {line.name for line in lines if line.at == 3.0} == {"A", "A-B"}


def test_an_unknown_scenario_names_those_there_are() -> None:
    with pytest.raises(InvalidInput, match="soft-breach, hard-breach"):
        scenario("crash", "A", Decimal(1))
