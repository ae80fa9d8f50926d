"""The limit of requests: one cool-down for all, and orders go before polling."""

from __future__ import annotations

import random
from datetime import UTC, datetime

import pytest

from app.brokers.net.limits import LONGEST_S, Limits, retry_after
from app.clock import VirtualClock
from app.domain.errors import BrokerLimited

NOW = datetime(2026, 11, 16, 16, 0, tzinfo=UTC)


def limits(per_minute: int | None = None) -> tuple[Limits, VirtualClock]:
    clock = VirtualClock(NOW)
    return Limits(clock.monotonic, random.Random(1), per_minute), clock


def admitted(made: Limits, *, order: bool, most: int = 1000) -> int:
    """How many requests go out until one is held back."""
    for count in range(most):
        try:
            made.admit(order=order)
        except BrokerLimited:
            return count
    return most


def test_g6_polling_leaves_room_for_orders() -> None:
    made, _ = limits(per_minute=80)
    assert admitted(made, order=False) == 60
    assert admitted(made, order=True) == 20


def test_g6_orders_may_use_the_whole_rate_and_no_more() -> None:
    made, clock = limits(per_minute=80)
    assert admitted(made, order=True) == 80
    clock.advance(15)
    assert admitted(made, order=False) == 0
    assert admitted(made, order=True) == 20


def test_what_is_held_back_hears_how_long() -> None:
    made, clock = limits(per_minute=60)
    assert admitted(made, order=True) == 60
    with pytest.raises(BrokerLimited) as held:
        made.admit(order=True)
    clock.advance(held.value.wait_s + 0.001)
    made.admit(order=True)


def test_g3_a_cool_down_holds_for_everybody_and_ends_by_itself() -> None:
    made, clock = limits()
    wait = made.cool_down("20", NOW)
    assert 20 <= wait <= 22
    for order in (True, False):
        assert admitted(made, order=order) == 0
    clock.advance(wait + 0.001)
    assert admitted(made, order=True, most=5) == 5


def test_f03_without_a_time_the_wait_doubles_and_a_good_answer_begins_anew() -> None:
    made, _ = limits()
    waits = [made.cool_down(None, NOW) for _ in range(8)]
    assert [round(wait / (1 + 0.05)) for wait in waits[:5]] == [1, 2, 4, 8, 16]
    assert max(waits) <= 33
    made.went_well()
    assert made.cool_down(None, NOW) < 1.2


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("3", 3.0),
        ("0.5", 0.5),
        ("-4", 0.0),
        ("99999", LONGEST_S),
        ("Mon, 16 Nov 2026 16:00:30 GMT", 30.0),
        ("Mon, 16 Nov 2026 15:00:00 GMT", 0.0),
        ("soon", None),
        ("nan", None),
        ("", None),
        (None, None),
    ],
)
def test_f03_retry_after_is_read_as_seconds_or_as_a_date(
    said: str | None, seconds: float | None
) -> None:
    assert retry_after(said, NOW) == seconds


def test_what_is_left_is_told_and_is_nothing_during_a_cool_down() -> None:
    made, clock = limits(per_minute=60)
    assert (made.per_minute, made.requests_left) == (60, 60)
    for _ in range(30):
        made.admit(order=True)
    assert made.requests_left == 30
    clock.advance(5)
    assert made.requests_left == 35
    made.cool_down("10", NOW)
    assert made.requests_left == 0


def test_without_a_rate_there_is_no_number_of_what_is_left() -> None:
    made, _ = limits()
    assert (made.per_minute, made.requests_left) == (None, None)
    made.went_well("3")
    assert made.requests_left is None


@pytest.mark.parametrize(("said", "left"), [("10", 10), ("500", 60), ("-1", 60), ("few", 60)])
def test_the_venue_may_say_that_less_is_left_and_never_more(said: str, left: int) -> None:
    made, _ = limits(per_minute=60)
    made.went_well(said)
    assert made.requests_left == left


def test_another_interface_has_the_same_rate_and_counts_by_itself() -> None:
    made, _ = limits(per_minute=60)
    other = made.beside()
    assert admitted(made, order=True) == 60
    assert other.requests_left == 60


def test_the_rate_is_the_one_that_the_venue_says() -> None:
    made, clock = limits(200)
    assert admitted(made, order=True, most=50) == 50
    made.went_well("940", "1000")
    assert (made.per_minute, made.requests_left) == (1000, 940)
    clock.advance(3)
    assert made.requests_left == 990
    made.went_well("80", "100")
    assert (made.per_minute, made.requests_left) == (100, 80)
    made.went_well("80", "nonsense")
    made.went_well("80", "0")
    assert made.per_minute == 100
