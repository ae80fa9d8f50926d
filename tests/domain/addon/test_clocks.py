"""How far an add-on's clock is off is told by the message that was under way for the least time."""

from __future__ import annotations

from datetime import timedelta

from app.domain.addon.clocks import Skew, heard, time_of
from tests.support.addon import START, read, told

SECOND = timedelta(seconds=1)


def skew_of(*under_way: float) -> Skew:
    found = None
    for place, seconds in enumerate(under_way):
        received = START + place * SECOND
        found = heard(found, received - seconds * SECOND, received)
    assert found is not None
    return found


def test_a_message_that_was_sent_again_does_not_put_the_clock_off() -> None:
    skew = skew_of(0.1, 300, 299)
    assert skew.behind == 0.1 * SECOND
    assert not skew.flagged
    message = read(told(1, at=-300))
    assert time_of(message, skew) == message.event_time


def test_a_clock_that_is_a_little_off_is_flagged_and_believed() -> None:
    for seconds in (-6, 6):
        skew = skew_of(seconds, seconds + 1)
        assert skew.flagged
        assert time_of(read(told(1, at=4)), skew) == START + 4 * SECOND


def test_a_clock_that_is_far_off_gives_way_to_the_servers() -> None:
    message = read(told(1, at=0))
    assert time_of(message, skew_of(90)) == START + 90 * SECOND
    assert time_of(message, skew_of(-3600)) == START - 3600 * SECOND


def test_nothing_was_so_after_it_was_sent() -> None:
    message = read(told(1, at=0, event_time="2026-03-05T15:00:00Z"))
    assert time_of(message, skew_of(0)) == START


def test_a_clock_that_was_put_right_is_believed_after_a_while() -> None:
    skew = heard(None, START + 90 * SECOND, START)
    for minute in (5, 11, 15):
        at = START + minute * timedelta(minutes=1)
        skew = heard(skew, at, at)
        assert skew.behind == -90 * SECOND
    at = START + timedelta(minutes=22)
    assert heard(skew, at, at).behind == 0 * SECOND
