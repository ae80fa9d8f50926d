"""Measuring in pieces: others have their turn after each, and nothing is left out."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from app.clock import VirtualClock
from app.domain.errors import InvalidInput
from app.domain.journal import Direction
from app.domain.metrics import Cut, MetricDay
from app.domain.sessions import Roll
from app.services.journal import Choice, Measuring, RangeName
from app.services.journal.closed import ClosedRow
from app.services.reads import Pick, Scope, Span
from app.services.views import Views

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
ANN = Scope("ann")
D = Decimal


def row(number: int) -> ClosedRow:
    """The ``number``-th round trip of a minute; every third has a stop that risks 100."""
    at = NOON - timedelta(days=9) + number * timedelta(minutes=1)
    stop = D(4998) if number % 3 == 0 else None
    net = D(number % 7 - 3)
    return ClosedRow(
        strategy_id="s",
        strategy_name="Breakout",
        account_id="a",
        account_name="Paper",
        symbol="ESH2026",
        opened_at=at,
        closed_at=at + timedelta(minutes=1),
        gross=net + 1,
        net=net,
        stop=stop,
        trail=None,
        direction=Direction.LONG,
        quantity=D(1),
        average_entry=D(5000),
    )


@dataclass
class Shelf:
    """So many round trips, in pieces; it knows whether its reading was ended."""

    count: int
    size: int
    log: list[str] = field(default_factory=list)

    def closed(
        self, scope: Scope, pick: Pick, span: Span
    ) -> Generator[Sequence[ClosedRow], None, None]:
        rows = [row(number) for number in range(self.count)]
        for first in range(0, self.count, self.size):
            self.log.append("piece")
            yield rows[first : first + self.size]

    def nets(self, scope: Scope) -> Generator[Sequence[Decimal], None, None]:
        for piece in self.closed(scope, Pick(), Span()):
            yield [each.net for each in piece]

    def metric_days(self, scope: Scope, first: date, last: date) -> Sequence[MetricDay]:
        self.log.append(f"{first} to {last}")
        return []


class Eyes(Views):
    """Whatever is asked for is the user's, and a day begins at midnight."""

    def __init__(self) -> None:
        """Know nothing else."""

    def roll(self, scope: Scope) -> Roll:
        return Roll.parse("00:00 UTC")

    def check(self, scope: Scope) -> Scope:
        return scope


def measuring(shelf: Shelf) -> Measuring:
    return Measuring(shelf, Eyes(), VirtualClock(NOON), lambda: shelf.log.append("pause"))


def test_others_have_their_turn_after_each_piece_and_nothing_is_left_out() -> None:
    shelf = Shelf(count=1001, size=250)
    choice = Choice(ANN, RangeName.ALL)
    found = measuring(shelf).report(choice, list(Cut), spread=True)
    assert shelf.log[:10] == ["piece", "pause"] * 5
    assert found.figures.results.round_trips == 1001
    assert found.figures.with_stop == 334
    assert found.figures.fees == 1001
    assert sum(each.count for each in found.distribution) == 1001
    for cut in Cut:
        assert sum(each.results.round_trips for each in found.groups[cut]) == 1001
    whole = measuring(Shelf(count=1001, size=5000)).report(choice, list(Cut), spread=True)
    assert whole == found


def test_what_was_not_asked_for_is_not_measured() -> None:
    found = measuring(Shelf(count=9, size=4)).report(Choice(ANN), [Cut.HOUR])
    assert list(found.groups) == [Cut.HOUR]
    assert found.distribution == ()


def test_the_results_of_all_time_are_those_of_the_report() -> None:
    shelf = Shelf(count=100, size=30)
    assert measuring(shelf).results(ANN) == (
        measuring(shelf).report(Choice(ANN, RangeName.ALL)).figures.results
    )
    assert shelf.log[:8] == ["piece", "pause"] * 4


def test_the_history_is_that_of_90_days_unless_others_are_named() -> None:
    shelf = Shelf(count=0, size=1)
    measuring(shelf).history(ANN)
    measuring(shelf).history(ANN, date(2026, 1, 1), date(2026, 2, 1))
    assert shelf.log == ["2025-12-05 to 2026-03-04", "2026-01-01 to 2026-02-01"]
    with pytest.raises(InvalidInput) as caught:
        measuring(shelf).history(ANN, date(2026, 1, 1), date(2025, 2, 1))
    assert list(caught.value.fields) == ["end_date"]
