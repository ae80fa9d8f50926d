"""Whole messages: recorded days, broken and random bytes, and the time that reading takes."""

from __future__ import annotations

import json
import os
import random
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.alerts import Action, Form, read
from app.domain.errors import InvalidInput

MESSAGE = (
    '{"id": "cross up-2013-10-06T23:23:00Z-2", "symbol": "ES1!", "action": "buy",'
    ' "contracts": "4", "market_position": "long", "market_position_size": "2",'
    ' "prev_market_position": "short", "prev_market_position_size": "2", "price": "1676.75",'
    ' "comment": "cross up", "time": "2013-10-06T23:23:00Z", "timenow": "2013-10-06T23:23:01Z"}'
)
SAMPLES = Path(os.environ.get("DATA_SAMPLES", "../shared/data"))


def outcome(body: bytes) -> str:
    """The action of a message, or the code of its refusal; anything else fails the test."""
    try:
        return read(body).intent.action
    except InvalidInput as fault:
        assert fault.detail  # noqa: PT017
        return fault.code


def test_a_message_is_read_with_its_fields_and_its_meaning() -> None:
    reading = read(MESSAGE.encode())
    assert reading.form is Form.JSON
    assert reading.dialect == "native"
    assert reading.intent.action is Action.BUY
    assert reading.fields["contracts"] == "4"


def test_text_and_json_of_the_same_fields_mean_the_same() -> None:
    as_text = read(b"symbol=ES action=buy quantity=2")
    as_json = read(b'{"symbol": "ES", "action": "buy", "quantity": 2}')
    assert as_text.intent == as_json.intent
    assert as_text.digest == as_json.digest


@given(body=st.binary(max_size=300))
def test_random_bytes_are_never_a_failure(body: bytes) -> None:
    assert outcome(body)


@given(
    cuts=st.lists(
        st.tuples(st.integers(0, len(MESSAGE)), st.integers(0, 4), st.text(max_size=3)), max_size=4
    )
)
def test_a_mutated_message_is_never_a_failure(cuts: list[tuple[int, int, str]]) -> None:
    body = MESSAGE
    for place, length, text in cuts:
        body = body[:place] + text + body[place + length :]
    assert outcome(body.encode(errors="replace"))


@given(seed=st.integers(0, 2**32), damage=st.sampled_from("{}[]\"':,\\!\n\x00{{}}NaN"))
def test_a_message_with_marks_thrown_in_is_never_a_failure(seed: int, damage: str) -> None:
    chance = random.Random(seed)
    body = list(MESSAGE)
    for _ in range(3):
        body.insert(chance.randrange(len(body)), damage)
    assert outcome("".join(body).encode())


def test_reading_a_usual_message_takes_far_less_than_a_millisecond() -> None:
    body = MESSAGE.encode()
    best = min(_seconds(body) for _ in range(5))
    assert best < 0.000_3


def _seconds(body: bytes) -> float:
    began = time.perf_counter()
    for _ in range(100):
        read(body)
    return (time.perf_counter() - began) / 100


def recorded() -> Iterator[dict[str, str]]:
    for path in sorted(SAMPLES.glob("*.alerts.jsonl")):
        for line in path.read_text().splitlines():
            yield json.loads(line)


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="the recorded days are not here (DATA_SAMPLES)")
def test_every_recorded_alert_is_read_as_the_recording_expects() -> None:
    seen = 0
    for sent in recorded():
        expected = {"BAD_JSON"} if sent["expect"] == "refused" else {"buy", "sell", "exit"}
        assert outcome(sent["body"].encode()) in expected
        seen += 1
    assert seen
