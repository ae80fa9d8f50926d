"""Rate limits by an injected clock."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from limits import parse
from limits.strategies import FixedWindowRateLimiter

from app.clock import VirtualClock
from app.domain.errors import ConfigError
from app.web.throttle import SWEEP_AT, ClockedMemory, Throttle, Wait


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(datetime(2026, 3, 4, tzinfo=UTC))


def test_the_first_one_too_many_is_marked_and_all_are_told_how_long(clock: VirtualClock) -> None:
    throttle = Throttle("2/minute", clock)
    assert [throttle.wait("a"), throttle.wait("a")] == [None, None]
    clock.advance(10.5)
    assert throttle.wait("a") == Wait(50, first=True)
    assert throttle.wait("a") == Wait(50, first=False)
    clock.advance(49.5)
    assert throttle.wait("a") is None


def test_keys_are_counted_apart(clock: VirtualClock) -> None:
    throttle = Throttle("1/second", clock)
    assert [throttle.wait("a"), throttle.wait("b")] == [None, None]


@pytest.mark.parametrize("limit", ["", "many", "10", "10/fortnight", "-1/minute"])
def test_a_limit_that_cannot_be_read_stops_the_start(limit: str, clock: VirtualClock) -> None:
    with pytest.raises(ConfigError, match="rate limit"):
        Throttle(limit, clock)


def test_counters_that_ended_are_swept_out(clock: VirtualClock) -> None:
    counts = ClockedMemory(clock)
    for number in range(SWEEP_AT):
        counts.incr(str(number), 1)
    clock.advance(2)
    counts.incr("new", 1)
    assert counts.reset() == 1


def test_the_librarys_strategies_work_on_it(clock: VirtualClock) -> None:
    counts = ClockedMemory(clock)
    limiter, limit = FixedWindowRateLimiter(counts), parse("1/minute")
    assert [limiter.hit(limit, "a"), limiter.hit(limit, "a")] == [True, False]
    assert limiter.test(limit, "a") is False
    limiter.clear(limit, "a")
    assert limiter.test(limit, "a") is True
    assert counts.check() is True
    assert counts.base_exceptions is ValueError
