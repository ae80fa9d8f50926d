"""Identifiers sort by time, never repeat, and can be repeated for a replay."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from app.clock import VirtualClock
from app.ids import TimeOrderedIds

START = datetime(2026, 3, 4, 15, 0, tzinfo=UTC)


class Wandering:
    """A clock that says what it was told last, forwards or backwards."""

    def __init__(self) -> None:
        self.at = START

    def now(self) -> datetime:
        return self.at


@given(st.lists(st.integers(-5_000, 5_000), min_size=2, max_size=40), st.integers(0, 2**32))
def test_each_id_sorts_after_those_before_even_when_the_clock_is_set_back(
    moves: list[int], seed: int
) -> None:
    clock = Wandering()
    ids = TimeOrderedIds(clock.now, random.Random(seed))
    made = []
    for move in moves:
        clock.at += timedelta(milliseconds=move)
        made += [ids(), ids()]
    assert made == sorted(set(made))
    assert {len(each) for each in made} == {23}
    assert set("".join(made)) <= set("0123456789abcdefghjkmnpqrstvwxyz")


def test_ids_of_two_makers_sort_by_their_millisecond() -> None:
    clock = VirtualClock(START)
    one = TimeOrderedIds(clock.now, random.Random(1))
    two = TimeOrderedIds(clock.now, random.Random(2))
    made = []
    for maker in (one, two, two, one):
        clock.advance(0.001)
        made.append(maker())
    assert made == sorted(made)


def test_the_same_chance_makes_the_same_ids_and_another_does_not() -> None:
    def made(seed: int) -> list[str]:
        ids = TimeOrderedIds(VirtualClock(START).now, random.Random(seed))
        return [ids() for _ in range(3)]

    assert made(1) == made(1)
    assert not set(made(1)) & set(made(2))


def test_threads_never_get_the_same_id() -> None:
    ids = TimeOrderedIds(VirtualClock(START).now, random.Random(1))
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: [ids() for _ in range(500)], range(8)))
    assert len({each for some in made for each in some}) == 4_000
    assert all(some == sorted(some) for some in made)
