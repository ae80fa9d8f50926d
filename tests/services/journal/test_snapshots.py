"""Figures of days that are over: as the report has them, kept once, made up and corrected."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select

from app.clock import VirtualClock
from app.domain.journal import Direction, RoundTrip
from app.domain.metrics import MetricDay
from app.domain.positions import FLAT
from app.domain.sessions import Roll
from app.services.journal import Choice, Measuring, RangeName, Snapshots
from app.services.ports import Book
from app.services.reads import Scope
from app.services.views import Views
from app.store.reads import SqlReads
from app.store.tables.measured import METRIC_DAYS
from app.store.unit_of_work import SqlStore
from tests.support.records import BOOK, furnish

#: Noon on Monday, 2 March 2026; days begin at midnight.
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
DAY = timedelta(days=1)
ALL = Scope("user-1")
SCOPES = [
    ALL,
    Scope("user-1", "strategy-1"),
    Scope("user-1", None, "account-1"),
    Scope("user-1", "strategy-1", "account-1"),
]


class Midnight(Views):
    """Whatever is asked for is the user's, and a day begins at midnight."""

    def __init__(self) -> None:
        """Know nothing else."""

    def roll(self, scope: Scope) -> Roll:
        return Roll.parse("00:00 UTC")

    def check(self, scope: Scope) -> Scope:
        return scope


@dataclass
class Desk:
    """A store with a book, and what keeps and tells its figures."""

    store: SqlStore
    clock: VirtualClock
    trips: list[RoundTrip] = field(default_factory=list)

    def __post_init__(self) -> None:
        furnish(self.store)
        self.reads = SqlReads(self.store)
        self.snapshots = Snapshots(self.store, self.reads, Midnight(), self.clock)
        self.measuring = Measuring(self.reads, Midnight(), self.clock, lambda: None)

    def trade(self, day: int, *nets: int) -> None:
        """Keep a round trip of a minute for each net, on the ``day``-th day."""
        for net in nets:
            number = len(self.trips)
            at = NOON + day * DAY + number * timedelta(minutes=1)
            one, amount = Decimal(1), Decimal(net)
            self.trips.append(
                RoundTrip(
                    symbol=BOOK.symbol,
                    direction=Direction.LONG,
                    opened_at=at - timedelta(seconds=30),
                    closed_at=at,
                    opening_fill_id=f"in-{number}",
                    closing_fill_id=f"out-{number}",
                    peak_quantity=one,
                    quantity=one,
                    average_entry=one,
                    average_exit=one,
                    gross=amount + 1,
                    commission=one,
                )
            )
        with self.store.write() as uow:
            uow.positions.save(BOOK, Book(FLAT, None), NOON)
            uow.trips.replace(BOOK, self.trips)

    def wait(self, days: int) -> None:
        """Let days pass, to a quarter past the roll, and do all that is due."""
        target = (NOON + days * DAY).replace(hour=0, minute=15)
        self.clock.advance((target - self.clock.now()).total_seconds())
        for _ in range(200):
            self.snapshots.step(self.clock.now())

    def written(self) -> set[object]:
        """When each row was written."""
        wanted = select(*METRIC_DAYS.primary_key, METRIC_DAYS.c.measured_at)
        with self.store.read() as unit:
            return {tuple(row) for row in unit.connection.execute(wanted)}

    def told(self, scope: Scope = ALL) -> list[MetricDay]:
        return list(self.reads.metric_days(scope, date(2026, 1, 1), date(2027, 1, 1)))


@pytest.fixture
def desk(store: SqlStore) -> Desk:
    return Desk(store, VirtualClock(NOON))


def test_the_figures_of_a_day_are_those_of_the_report_for_every_scope(desk: Desk) -> None:
    desk.trade(0, 30, -10)
    desk.trade(1, 5)
    desk.trade(3, -40, 20, 0)
    desk.wait(4)
    for scope in SCOPES:
        days = desk.told(scope)
        assert [each.day.day for each in days] == [2, 3, 5]
        for each in days:
            only = Choice(scope, RangeName.CUSTOM, each.day, each.day)
            since = Choice(scope, RangeName.CUSTOM, date(2026, 3, 2), each.day)
            assert desk.measuring.report(only).figures == each.figures
            found = desk.measuring.report(since).figures
            # A named range begins with its first day, all time with the first entry.
            assert {**_told(found), "exposure": None} == {**_told(each.total), "exposure": None}
        assert days[-1].total.results.net == 5


def _told(figures: object) -> dict[str, object]:
    return {name: getattr(figures, name) for name in figures.__dataclass_fields__}  # type: ignore[attr-defined]


def test_a_day_is_kept_once_it_is_over_and_not_before(desk: Desk) -> None:
    desk.trade(0, 30)
    desk.snapshots.step(NOON)
    for _ in range(50):
        desk.snapshots.step(desk.clock.now())
    assert desk.told() == []
    desk.wait(1)
    assert [each.day.day for each in desk.told()] == [2]
    desk.trade(1, 7)
    desk.wait(1)
    assert len(desk.told()) == 1
    desk.wait(2)
    assert [each.total.results.net for each in desk.told()] == [30, 37]


def test_a_run_after_which_nothing_happened_writes_nothing(desk: Desk) -> None:
    desk.trade(0, 30)
    desk.trade(1, 10)
    desk.wait(2)
    before = desk.written()
    desk.wait(5)
    assert desk.written() == before
    assert len(before) == 2 * len(SCOPES)


def test_a_late_fill_corrects_its_day_and_all_that_follow(desk: Desk) -> None:
    desk.trade(0, 30)
    desk.trade(1, 10)
    desk.trade(2, -5)
    desk.wait(3)
    assert [each.total.results.net for each in desk.told()] == [30, 40, 35]
    desk.trade(1, 100)
    desk.wait(4)
    assert [each.figures.results.net for each in desk.told()] == [30, 110, -5]
    assert [each.total.results.net for each in desk.told()] == [30, 140, 135]


def test_a_day_without_round_trips_any_more_is_forgotten(desk: Desk) -> None:
    desk.trade(0, 30)
    desk.trade(1, 10)
    desk.wait(2)
    del desk.trips[1]
    desk.trade(0)
    desk.wait(3)
    for scope in SCOPES:
        assert [each.day.day for each in desk.told(scope)] == [2]


def test_no_piece_of_a_long_run_measures_more_than_a_few_days(desk: Desk) -> None:
    for day in range(23):
        desk.trade(day, 1)
    desk.clock.advance(30 * 86400)
    kept = 0
    for _ in _pieces(desk.snapshots.run()):
        now = sum(len(desk.told(scope)) for scope in SCOPES)
        assert now - kept <= 200
        kept = now
    assert kept == 23 * len(SCOPES)


def _pieces(run: Iterator[None]) -> Iterator[int]:
    for number, _ in enumerate(run):
        yield number
    yield -1


def test_nothing_of_another_user_is_told(desk: Desk) -> None:
    desk.trade(0, 30)
    desk.wait(1)
    assert desk.told(Scope("user-2")) == []
