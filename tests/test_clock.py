"""The two clocks: the machine's, and one that moves only when told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from app.clock import SystemClock, VirtualClock

START = datetime(2026, 3, 4, 15, 0, tzinfo=UTC)


def test_the_machines_clock_is_aware_utc_and_goes_on() -> None:
    clock = SystemClock()
    first, second = clock.now(), clock.now()
    assert first.tzinfo is UTC
    assert first <= second < first + timedelta(minutes=1)
    assert clock.monotonic() <= clock.monotonic()


def test_a_virtual_clock_stands_still_until_it_is_moved() -> None:
    clock = VirtualClock(START)
    assert (clock.now(), clock.now(), clock.monotonic()) == (START, START, 0.0)
    clock.advance(1.5)
    assert (clock.now(), clock.monotonic()) == (START + timedelta(seconds=1.5), 1.5)
    clock.move_to(START + timedelta(days=1))
    clock.move_to(clock.now())
    assert clock.monotonic() == 86_400


@pytest.mark.parametrize("back", [timedelta(microseconds=1), timedelta(days=1)])
def test_a_virtual_clock_does_not_run_backwards(back: timedelta) -> None:
    clock = VirtualClock(START)
    with pytest.raises(ValueError, match="backwards"):
        clock.move_to(START - back)
    assert clock.now() == START
