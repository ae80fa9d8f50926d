"""What another process wrote down is heard here too, once, and our own is not told twice."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import pytest

from app.domain.events import Fact, FactKind
from app.workers.follower import Follower

NOW = datetime(2026, 3, 4, 15, 0, tzinfo=UTC)


@dataclass
class Facts:
    """The facts of a fake store, numbered from 1."""

    kept: list[Fact] = field(default_factory=list)

    def append(self, message: str) -> Fact:
        fact = Fact(FactKind.STRATEGY_CHANGED, NOW, message)
        self.kept.append(replace(fact, number=len(self.kept) + 1))
        return self.kept[-1]

    def newest(self) -> int:
        return len(self.kept)

    def after(self, number: int, limit: int) -> Sequence[Fact]:
        return self.kept[number : number + limit]


class World:
    """A process that follows, and the other one that writes."""

    def __init__(self) -> None:
        self.facts = Facts()
        self.heard: list[str] = []
        self.follower = Follower(self, self.publish)  # type: ignore[arg-type]
        self.follower.step(NOW)

    @contextmanager
    def read(self) -> Iterator[Any]:
        yield self

    def publish(self, facts: Sequence[Fact]) -> None:
        self.follower.hear(facts)
        self.heard += [fact.message for fact in facts]

    def step(self, times: int = 1) -> None:
        for _ in range(times):
            self.follower.step(NOW)


@pytest.fixture
def world() -> World:
    return World()


def test_what_another_process_wrote_is_told_once(world: World) -> None:
    world.facts.append("made elsewhere")
    world.step(5)
    assert world.heard == ["made elsewhere"]


def test_what_was_there_at_the_start_is_not_told(world: World) -> None:
    world.facts.append("earlier")
    later = Follower(world, world.publish)  # type: ignore[arg-type]
    for _ in range(4):
        later.step(NOW)
    assert world.heard == []


def test_our_own_facts_are_not_told_twice(world: World) -> None:
    world.publish([world.facts.append("ours")])
    world.step(3)
    assert world.heard == ["ours"]


def test_a_fact_whose_telling_is_on_its_way_is_not_told_twice(world: World) -> None:
    ours = world.facts.append("ours")
    world.step()
    world.publish([ours])
    world.step(3)
    assert world.heard == ["ours"]


def test_foreign_facts_between_our_own_are_told_in_their_order(world: World) -> None:
    for number in range(20):
        fact = world.facts.append(f"fact {number}")
        if number % 3:
            world.publish([fact])
    world.step(2)
    told = [message for message in world.heard if int(message.split()[1]) % 3 == 0]
    assert told == [f"fact {number}" for number in range(0, 20, 3)]
    world.step(3)
    assert len(world.heard) == 20


def test_more_facts_than_one_batch_are_all_told(world: World) -> None:
    for number in range(1200):
        world.facts.append(str(number))
    world.step(8)
    assert world.heard == [str(number) for number in range(1200)]
