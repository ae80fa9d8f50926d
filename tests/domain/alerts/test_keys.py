"""Which messages are the same message."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.alerts import DedupeKey, DedupeRule, dedupe_key, read

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def key(
    body: str, at: datetime = NOON, window_s: int | None = 3, header: str | None = None
) -> DedupeKey:
    return dedupe_key(read(body.encode()), at, window_s, header)


def test_the_sender_s_id_comes_first() -> None:
    found = key('{"action": "buy", "id": "Long-1"}', header="abc")
    assert found == DedupeKey("id:Long-1", DedupeRule.ID)
    assert key('{"action": "buy", "alert_id": "Long-1"}') == found


def test_the_header_comes_next() -> None:
    assert key("action=buy", header=" abc ") == DedupeKey("header:abc", DedupeRule.HEADER)


@pytest.mark.parametrize("name", ["order_id", "orderid", "strategy_order_id", "strategy.order.id"])
def test_a_message_with_a_time_and_an_order_is_known_by_its_content(name: str) -> None:
    body = f'{{"action": "buy", "{name}": "7", "timenow": "2026-03-02T12:00:00Z"}}'
    found = key(body, header=" ")
    assert found.rule is DedupeRule.CONTENT
    assert found == key(body.replace(": ", ":"), NOON + timedelta(hours=1))
    assert found != key(body.replace('"7"', '"8"'))


@pytest.mark.parametrize(
    "body",
    ["action=buy", "action=buy order_id=7", "action=buy order_id= time=2026-03-02T12:00:00Z"],
)
def test_a_message_with_less_is_known_within_a_window(body: str) -> None:
    assert key(body).rule is DedupeRule.WINDOW


def test_without_a_window_equal_messages_are_different_alerts() -> None:
    for window_s in (None, 0):
        first = key("action=buy", window_s=window_s)
        second = key("action=buy", NOON + timedelta(microseconds=1), window_s=window_s)
        assert first.rule is DedupeRule.NONE
        assert first.key != second.key


@given(
    start=st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)),  # noqa: DTZ001
    window_s=st.integers(1, 600),
    apart=st.integers(0, 1_200_000),
)
def test_equal_messages_within_the_window_are_found_also_over_its_edge(
    start: datetime, window_s: int, apart: int
) -> None:
    first_at = start.replace(tzinfo=UTC)
    second_at = first_at + timedelta(milliseconds=apart)
    first = key("action=buy", first_at, window_s)
    second = key("action=buy", second_at, window_s)
    assert second.since is not None
    found = first.key in {second.key, second.earlier} and first_at >= second.since
    assert found is (apart <= window_s * 1000)


def test_a_very_long_id_is_shortened_and_stays_itself() -> None:
    long, other = "x" * 5_000, "x" * 5_001
    found = key(f'{{"action": "buy", "id": "{long}"}}')
    assert len(found.key) < 100
    assert found == key(f'{{"id": "{long}", "action": "sell"}}')
    assert found != key(f'{{"action": "buy", "id": "{other}"}}')
