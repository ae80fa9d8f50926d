"""Which lot belongs to which: the pairs that cost least in all, each lot in one pair at most.

Sparse shortest augmenting paths (the Hungarian method): each lot of the statement is placed by the
cheapest way to move others aside, or stays alone for the price of ``ALONE``.
"""

from __future__ import annotations

import heapq
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import Enum, auto
from typing import Final, NamedTuple

from app.domain.statements.lots import Lot, Work

#: Lots of the other side that are looked at before, and after, the moment of a lot.
NEAREST: Final = 20
#: Prices further apart are not of the same trade.
MOST_APART_PPM: Final = 50_000
#: A price that is off by a millionth counts as much as this many milliseconds.
MS_PER_PPM: Final = 10

_NOBODY: Final = -1
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MS: Final = timedelta(milliseconds=1)


class Alike(Enum):
    """What the two of a pair must have in common, besides subject and side."""

    TWINS = auto()
    QUANTITY = auto()
    ANY = auto()


@dataclass(slots=True)
class _Board:
    """The lots of one component with what each possible pair costs, and the pairs so far."""

    costs: Sequence[Sequence[tuple[int, int]]]
    alone: int
    owner: dict[int, int] = field(default_factory=dict)
    given: dict[int, int] = field(default_factory=dict)
    #: What rows and columns have paid so far; with it no step costs less than nothing.
    row_paid: dict[int, int] = field(default_factory=dict)
    column_paid: dict[int, int] = field(default_factory=dict)

    def place(self, row: int) -> None:
        """Find the cheapest place for a row that has none, and move others for it."""
        self.row_paid[row] = min([self.alone, *(cost for _, cost in self.costs[row])])
        reached: dict[int, int] = {}
        best: dict[int, int] = {}
        before: dict[int, int] = {}
        heap: list[tuple[int, int, int]] = []
        ends: tuple[int, int, int] | None = None
        current, spent = row, 0
        while True:
            leave = spent + self.alone - self.row_paid[current]
            if ends is None or leave < ends[0]:
                ends = (leave, _NOBODY, current)
            self._reach(current, spent, best, before, heap)
            step = self._next(heap, reached)
            if step is None or step[0] >= ends[0]:
                break
            spent, column = step
            reached[column] = spent
            if column not in self.owner:
                ends = (spent, column, before[column])
                break
            current = self.owner[column]
        self._pay(row, reached, ends[0])
        self._move(ends, before, row)

    def _reach(
        self,
        row: int,
        spent: int,
        best: dict[int, int],
        before: dict[int, int],
        heap: list[tuple[int, int, int]],
    ) -> None:
        paid = spent - self.row_paid[row]
        for column, cost in self.costs[row]:
            total = paid + cost - self.column_paid.get(column, 0)
            if total < best.get(column, total + 1):
                best[column], before[column] = total, row
                heapq.heappush(heap, (total, column, row))

    @staticmethod
    def _next(heap: list[tuple[int, int, int]], reached: dict[int, int]) -> tuple[int, int] | None:
        while heap:
            spent, column, _ = heapq.heappop(heap)
            if column not in reached:
                return spent, column
        return None

    def _pay(self, row: int, reached: dict[int, int], spent: int) -> None:
        """Keep the books so that later searches still never see a negative step."""
        self.row_paid[row] += spent
        for column, at in reached.items():
            saved = spent - at
            if saved > 0:
                self.column_paid[column] = self.column_paid.get(column, 0) - saved
                self.row_paid[self.owner[column]] += saved

    def _move(self, ends: tuple[int, int, int], before: dict[int, int], row: int) -> None:
        _, column, current = ends
        while True:
            previous = self.given.pop(current, _NOBODY)
            if column != _NOBODY:
                self.owner[column], self.given[current] = current, column
            if current == row:
                return
            column, current = previous, before[previous]


def assign(
    theirs: Sequence[Lot], ours: Sequence[Lot], window: timedelta, alike: Alike
) -> Work[Mapping[int, int]]:
    """Return the pairs that fit best: of each index of theirs that has one the index of ours.

    Both must be sorted, and of one subject and side.  A pair lies within ``window`` and its prices
    within five hundredths; the sum of what pairs differ by, with what a lot costs that stays
    alone, is the least there is among the nearest 20 before and after each.  ``alike`` says
    what the two of a pair must have in common.
    """
    limit = window // _MS
    alone = 2 * limit + (0 if alike is Alike.TWINS else MOST_APART_PPM * MS_PER_PPM)
    one = yield from _points(theirs)
    other = yield from _points(ours)
    times = [point.at for point in other]
    costs = []
    for point in one:
        near = _near(times, point.at, limit)
        able = (index for index in near if _alike(point, other[index], alike))
        found = ((index, _cost(point, other[index], limit)) for index in able)
        costs.append([(index, cost) for index, cost in found if cost is not None])
        yield
    board = _Board(costs, alone)
    for row in range(len(theirs)):
        board.place(row)
        yield
    return board.given


def _alike(one: _Point, other: _Point, alike: Alike) -> bool:
    if alike is Alike.ANY:
        return True
    same = one.quantity == other.quantity
    return same and (alike is Alike.QUANTITY or one.price == other.price)


class _Point(NamedTuple):
    """A lot as whole numbers, which are enough to weigh pairs and quick."""

    at: int
    price: int
    quantity: int

    @staticmethod
    def of(lot: Lot) -> _Point:
        """Take milliseconds, a price to 9 places and a quantity to 12."""
        at = (lot.at - _EPOCH) // _MS
        return _Point(at, int(lot.price.scaleb(9)), int(lot.quantity.scaleb(12)))


def _points(lots: Sequence[Lot]) -> Work[list[_Point]]:
    points = []
    for lot in lots:
        points.append(_Point.of(lot))
        yield
    return points


def _near(times: Sequence[int], at: int, limit: int) -> range:
    middle = bisect_left(times, at)
    first = max(bisect_left(times, at - limit), middle - NEAREST)
    last = min(bisect_right(times, at + limit), middle + NEAREST)
    return range(first, last)


def _cost(one: _Point, other: _Point, limit: int) -> int | None:
    """How far two lots are from being the same, in milliseconds; None when they cannot be."""
    base = max(abs(one.price), abs(other.price), 1)
    ppm = abs(one.price - other.price) * 1_000_000 // base
    if ppm > MOST_APART_PPM:
        return None
    most = max(one.quantity, other.quantity, 1)
    rest = abs(one.quantity - other.quantity) * limit // most
    return abs(one.at - other.at) + ppm * MS_PER_PPM + rest
