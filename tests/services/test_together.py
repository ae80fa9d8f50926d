"""Group commit: together where callers come together, alone otherwise, never mixed up."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import cast

import pytest

from app.domain.errors import StoreUnavailable
from app.services.ports import Store, UnitOfWork
from app.services.together import MOST, GroupCommit


class Disk:
    """A store that counts its commits, and fails when told to."""

    def __init__(self) -> None:
        self.commits = 0
        self.broken = False

    @contextmanager
    def write(self) -> Iterator[UnitOfWork]:
        if self.broken:
            raise StoreUnavailable("The disk is full.")
        yield cast("UnitOfWork", self)
        self.commits += 1


def plus_one(_: UnitOfWork, number: int) -> int:
    return number + 1


def together(disk: Disk, callers: int, poison: int | None = None) -> list[object]:
    """Let ``callers`` call at one moment; what each was told, or the error that it got."""
    gate = threading.Barrier(callers)

    def meet() -> None:
        gate.wait()

    def keep(_: UnitOfWork, number: int) -> int:
        if number == poison:
            raise ZeroDivisionError
        return number * 10

    group = GroupCommit(cast("Store", disk), meet, keep)

    def call(number: int) -> object:
        try:
            return group(number)
        except (ZeroDivisionError, StoreUnavailable) as error:
            return type(error)

    with ThreadPoolExecutor(callers) as pool:
        return list(pool.map(call, range(callers)))


def test_callers_that_come_together_share_one_commit_and_each_gets_its_own_answer() -> None:
    disk = Disk()
    assert together(disk, 20) == [number * 10 for number in range(20)]
    assert disk.commits == 1


def test_a_caller_who_comes_alone_waits_for_nobody() -> None:
    disk = Disk()
    group = GroupCommit(cast("Store", disk), lambda: None, plus_one)
    assert [group(1), group(2)] == [2, 3]
    assert disk.commits == 2


def test_a_group_has_a_bound_and_the_rest_follows_in_the_next() -> None:
    disk = Disk()
    assert together(disk, MOST + 6) == [number * 10 for number in range(MOST + 6)]
    assert disk.commits == 2


def test_one_that_cannot_be_kept_takes_none_of_the_others_along() -> None:
    disk = Disk()
    told = together(disk, 8, poison=3)
    failed = [number for number, each in enumerate(told) if each is ZeroDivisionError]
    assert 3 in failed
    assert len(failed) <= 2, "only the poisoned one, and whoever served the group"
    assert all(each == number * 10 for number, each in enumerate(told) if number not in failed)


def test_a_store_that_is_away_is_told_to_every_caller_and_nothing_is_kept() -> None:
    disk = Disk()
    disk.broken = True
    assert together(disk, 5) == [StoreUnavailable] * 5
    assert disk.commits == 0


def test_the_next_group_works_after_one_that_failed() -> None:
    disk = Disk()
    disk.broken = True
    group = GroupCommit(cast("Store", disk), lambda: None, plus_one)
    with pytest.raises(StoreUnavailable):
        group(1)
    disk.broken = False
    assert group(1) == 2
