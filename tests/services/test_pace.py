"""Who goes first: intake before execution, within a bound, and nobody waits without pressure."""

from __future__ import annotations

import pytest

from app.services.pace import LISTEN_S, LONGEST_S, QUIET_S, Pace


class Watch:
    """Seconds that the test moves."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def pace(watch: Watch) -> Pace:
    return Pace(watch)


def executed(pace: Pace, watch: Watch, arrivals: int = 0, seconds: float = 0.004) -> float:
    """Execute one alert while others arrive; return how long the next one has to stand back."""
    pace.began()
    watch.now += seconds
    for _ in range(arrivals):
        pace.arrived()
    pace.ended()
    begun = watch.now
    while not pace.may_execute():
        watch.now += 0.0005
        assert watch.now - begun < 1
    return watch.now - begun


def test_without_arrivals_nothing_waits(pace: Pace, watch: Watch) -> None:
    assert pace.may_execute()
    assert executed(pace, watch) == 0


def test_after_an_arrival_the_server_listens_for_a_moment_after_each_execution(
    pace: Pace, watch: Watch
) -> None:
    pace.arrived()
    assert pace.may_execute()
    assert executed(pace, watch) == pytest.approx(LISTEN_S, abs=0.001)


def test_under_pressure_execution_stands_back_twice_as_long_each_time_up_to_a_bound(
    pace: Pace, watch: Watch
) -> None:
    waits = [executed(pace, watch, arrivals=2) for _ in range(8)]
    assert waits[:3] == pytest.approx([0.006, 0.010, 0.018], abs=0.001)
    assert waits[-1] == pytest.approx(LISTEN_S + LONGEST_S, abs=0.001)


def test_a_steady_pace_of_one_arrival_at_a_time_does_not_press(pace: Pace, watch: Watch) -> None:
    waits = [executed(pace, watch, arrivals=1) for _ in range(8)]
    assert waits == pytest.approx([LISTEN_S] * 8, abs=0.001)


def test_a_slow_execution_is_not_pressed_by_what_a_steady_sender_sends_meanwhile(
    pace: Pace, watch: Watch
) -> None:
    waits = [executed(pace, watch, arrivals=5, seconds=0.1) for _ in range(8)]
    assert waits == pytest.approx([LISTEN_S] * 8, abs=0.001)


def test_when_the_pressure_ends_nothing_stands_back_any_more(pace: Pace, watch: Watch) -> None:
    for _ in range(8):
        executed(pace, watch, arrivals=2)
    assert executed(pace, watch) == pytest.approx(LISTEN_S, abs=0.001)


def test_when_nothing_arrived_for_a_while_nobody_listens(pace: Pace, watch: Watch) -> None:
    executed(pace, watch, arrivals=2)
    watch.now += QUIET_S + 0.01
    pace.began()
    pace.ended()
    assert pace.may_execute()


def test_alerts_are_claimed_at_once_without_pressure(pace: Pace, watch: Watch) -> None:
    assert pace.may_claim()
    pace.arrived()
    assert pace.may_claim()
    assert pace.may_claim()


def test_under_pressure_alerts_are_claimed_many_at_a_time(pace: Pace, watch: Watch) -> None:
    executed(pace, watch, arrivals=2)
    assert pace.may_claim()
    assert not pace.may_claim()
    watch.now += LONGEST_S + 0.001
    assert pace.may_claim()
    assert not pace.may_claim()
    watch.now += QUIET_S
    assert pace.may_claim()
    assert pace.may_claim()
