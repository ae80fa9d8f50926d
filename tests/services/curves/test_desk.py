"""Charts and drawdowns of any range: exact at every zoom, live at the end, honest at the edges."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import accumulate
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.clock import VirtualClock
from app.domain.equity import Fall, HighWater, Point
from app.domain.errors import InvalidInput
from app.domain.sessions import Roll
from app.services.curves import LANDMARKS, Chart, CurveDesk, CurvePoint, Edge
from app.services.ports import Level
from app.services.reads import Scope
from tests.support.rolled import SERIES, RecordedCurve, instant

#: Midnight of Wednesday.
START = int(datetime(2026, 3, 4, tzinfo=UTC).timestamp())
ANN = Scope("ann")
D = Decimal
MINUTE, HOUR, DAY = 60, 3600, 86400


@dataclass
class Book:
    """A recorder with one curve, or none, and its figures at this moment."""

    pnl: Decimal | None = Decimal(0)
    positions: int = 0
    series: int | None = SERIES

    def curve_id(self, *_: str | None) -> int | None:
        return self.series

    def summary(self, *_: str | None) -> SimpleNamespace:
        return SimpleNamespace(total_pnl=self.pnl, active_positions=self.positions)


@dataclass
class Desk:
    """A desk on one recorded curve; ``now`` is seconds after the start."""

    curve: RecordedCurve = field(default_factory=RecordedCurve)
    book: Book = field(default_factory=Book)
    now: int = 0

    @property
    def desk(self) -> CurveDesk:
        views = SimpleNamespace(roll=lambda _: Roll.parse("00:00 UTC"))
        clock = VirtualClock(instant(START + self.now))
        parts: Any = (self.curve, views, clock, self.book)
        return CurveDesk(*parts)

    def put(self, at: int, value: str | int | Decimal | None, realised: str | int = 0) -> None:
        self.curve.put(START + at, value, realised)

    def chart(self, begin: Edge | None = None, end: Edge | None = None, limit: int = 600) -> Chart:
        return self.desk.chart(self.desk.ask(ANN, begin, end), limit)


def at(seconds: int) -> datetime:
    return instant(START + seconds)


def shown(points: Sequence[CurvePoint]) -> list[tuple[int, int | None, int | None]]:
    return [
        (
            int(each.at.timestamp()) - START,
            None if each.pnl is None else int(each.pnl),
            None if each.drawdown is None else int(each.drawdown),
        )
        for each in points
    ]


def ramp(desk: Desk, seconds: int, step: int = 1) -> None:
    """A curve that goes up and down; something is held, and the price is known throughout."""
    for second in range(0, seconds, step):
        desk.put(second, (second // step * 37) % 101 + second // (step * 40) + 1)


def test_the_last_minutes_are_drawn_second_by_second_and_end_live() -> None:
    desk = Desk(book=Book(D(7), 1), now=10)
    for second, value in ((0, 5), (3, 9), (8, 4)):
        desk.put(second, value)
    points = desk.chart().points
    assert shown(points) == [(0, 5, 0), (3, 9, 0), (8, 4, 5), (10, 7, 2)]
    assert [each.live for each in points] == [False, False, False, True]


def test_what_the_last_recorded_second_holds_is_not_drawn_again() -> None:
    desk = Desk(book=Book(D(4), 1), now=1970)
    for each in range(0, 1960, 60):
        desk.put(each, 4)
    assert [each for each, _, _ in shown(desk.chart().points)] == [*range(0, 1960, 60), 1970]


def test_what_is_unknown_now_is_a_gap_at_the_end_and_not_the_last_value() -> None:
    desk = Desk(book=Book(None, 1), now=10)
    desk.put(8, 4)
    asked = desk.desk.ask(ANN)
    assert shown(desk.desk.chart(asked).points) == [(8, 4, 0), (10, None, None)]
    assert desk.desk.drawdowns(asked).unknown


def test_a_range_that_has_ended_has_no_live_end() -> None:
    desk = Desk(book=Book(D(7), 1), now=100)
    for second, value in ((0, 5), (3, 9), (8, 4)):
        desk.put(second, value)
    found = desk.chart(at(1), at(3))
    assert shown(found.points) == [(3, 9, 0)]
    assert not found.drawdowns.unknown
    assert desk.chart(at(200)).points == []


def test_a_drawdown_is_below_the_highest_of_all_history() -> None:
    desk = Desk(book=Book(D(20), 1), now=DAY + 10)
    desk.put(0, 100)
    desk.put(DAY, 30)
    desk.curve.rolled = START + DAY
    found = desk.chart(at(DAY))
    assert shown(found.points) == [(DAY, 30, 70), (DAY + 10, 20, 80)]
    mark = found.drawdowns.mark
    assert (mark.peak, mark.peak_at, mark.max_drawdown) == (D(100), at(0), D(80))
    assert found.drawdowns.under_water == timedelta(days=1, seconds=10)
    assert found.drawdowns.longest == found.drawdowns.under_water
    assert found.drawdowns.percent == 80


def test_a_fall_before_the_range_is_not_in_it() -> None:
    desk = Desk(book=Book(D(110), 1), now=DAY + 10)
    for second, value in ((0, 100), (60, 1), (120, 120), (DAY, 119)):
        desk.put(second, value)
    mark = desk.chart(at(DAY)).drawdowns.mark
    assert mark.fall == Fall(D(120), at(120), D(110), at(DAY + 10))
    assert desk.chart().drawdowns.mark.max_drawdown == 99


def test_the_value_of_who_holds_nothing_stands_at_the_begin_of_the_range() -> None:
    desk = Desk(book=Book(D(40)), now=3 * DAY)
    desk.put(0, 0, realised=100)
    desk.put(60, 0, realised=40)
    found = desk.chart(at(2 * DAY))
    assert shown(found.points) == [(2 * DAY, 40, 60), (3 * DAY, 40, 60)]
    assert found.drawdowns.mark.max_drawdown == 60


def test_what_somebody_held_before_the_range_does_not_stand() -> None:
    desk = Desk(book=Book(D(40), 1), now=3 * DAY)
    desk.put(0, 100)
    assert shown(desk.chart(at(2 * DAY)).points) == [(3 * DAY, 40, 60)]


@pytest.mark.parametrize(
    ("seconds", "finest"),
    [
        (50 * MINUTE, "seconds"),
        (50 * MINUTE + 1, "minute"),
        (25 * HOUR, "minute"),
        (25 * HOUR + 1, "hour"),
        (62 * DAY, "hour"),
        (62 * DAY + 1, "day"),
    ],
)
def test_the_longer_the_range_the_coarser_the_spans(seconds: int, finest: str) -> None:
    desk = Desk(RecordedCurve(rolled=START + seconds), now=seconds)
    desk.put(0, 1)
    desk.chart(at(0))
    assert desk.curve.reads[-1] == finest


@given(
    st.lists(st.one_of(st.none(), st.integers(-500, 500)), min_size=1, max_size=120),
    st.sampled_from([7, 45, 400, 5000, 20_000]),
    st.integers(0, 120),
    st.integers(0, 120),
    st.integers(LANDMARKS, 80),
)
@settings(max_examples=100, deadline=None)
def test_at_every_zoom_the_worst_drawdown_is_that_of_the_seconds(
    changes: list[int | None], step: int, first: int, rolled: int, limit: int
) -> None:
    desk = Desk(RecordedCurve(capital=D(1000)), Book(D(-3), 1), len(changes) * step)
    values = accumulate(changes, lambda sofar, each: sofar + (each or 0), initial=0)
    for place, (change, value) in enumerate(zip(changes, list(values)[1:], strict=True)):
        desk.put(place * step, None if change is None else value or 1)
    desk.curve.rolled = START + rolled * step // 60 * 60
    begin = START + min(first, len(changes)) * step // 60 * 60
    found = desk.chart(instant(begin), limit=limit)
    before = HighWater(D(1000))
    for each in desk.curve.equity(0, begin):
        before = before.observe(each.value, each.at)
    mark = replace(before, fall=None, recovered_at=None, steepest=None)
    for each in desk.curve.equity(begin, START + desk.now):
        mark = mark.observe(each.value, each.at)
    mark = mark.observe(D(997), at(desk.now))
    assert found.drawdowns.mark.fall == mark.fall
    assert found.drawdowns.mark.max_drawdown_percent == mark.max_drawdown_percent
    assert (found.drawdowns.mark.peak, found.drawdowns.mark.last) == (mark.peak, mark.last)
    assert found.drawdowns.mark.under_since == mark.under_since
    assert len(found.points) <= limit
    assert max(each.drawdown or 0 for each in found.points) == mark.max_drawdown
    assert mark.last == Point(found.points[-1].at, D(1000) + (found.points[-1].pnl or 0))


def test_a_recovery_is_told_to_the_minute_while_minutes_are_kept() -> None:
    desk = Desk(book=Book(D(200), 1), now=2 * DAY)
    for second, value in ((HOUR, 100), (2 * HOUR, 40), (5 * HOUR, 101), (9 * HOUR, 200)):
        desk.put(second, value)
    desk.curve.rolled = START + DAY
    assert desk.chart().drawdowns.mark.recovered_at == at(5 * HOUR)
    desk.curve.kept = {Level.MINUTE: START + DAY, Level.HOUR: START + DAY}
    assert desk.chart().drawdowns.mark.recovered_at == at(9 * HOUR)


def test_where_only_a_day_is_kept_the_range_begins_with_that_day() -> None:
    desk = Desk(book=Book(D(50), 1), now=10 * DAY)
    for second, value in ((HOUR, 20), (12 * HOUR, 10), (20 * HOUR, 90), (DAY, 60)):
        desk.put(second, value)
    desk.curve.rolled = START + 2 * DAY
    desk.curve.kept = {Level.MINUTE: START + 9 * DAY, Level.HOUR: START + 9 * DAY}
    mark = desk.chart(at(18 * HOUR)).drawdowns.mark
    assert (mark.peak, mark.max_drawdown) == (D(90), D(40))


def test_minutes_that_are_no_longer_kept_are_drawn_as_hours() -> None:
    desk = Desk(book=Book(D(50), 1), now=3 * HOUR)
    ramp(desk, 3 * HOUR, 10)
    desk.curve.rolled = START + 3 * HOUR
    fine = len(desk.chart(limit=2000).points)
    desk.curve.kept = {Level.MINUTE: START + 2 * HOUR}
    found = desk.chart(limit=2000)
    assert 60 * 3 < len(found.points) < fine / 2
    stamps = [each.at for each in found.points]
    assert stamps == sorted(set(stamps))


def test_a_trading_day_is_taken_as_a_whole() -> None:
    desk = Desk(book=Book(D(50), 1), now=3 * DAY)
    for second, value in ((0, 1), (DAY, 2), (2 * DAY - 1, 3), (2 * DAY, 4)):
        desk.put(second, value)
    found = desk.chart(date(2026, 3, 5), date(2026, 3, 5))
    assert [each.pnl for each in found.points if each.pnl is not None] == [2, 3]


@pytest.mark.parametrize(
    ("begin", "end", "fields"),
    [
        (at(5), at(4), {"end": "must not be before start"}),
        (date(2026, 3, 5), date(2026, 3, 4), {"end": "must not be before start"}),
        (at(-3661 * DAY), at(0), {"start": "must lie within ten years of end"}),
        (at(-3661 * DAY), None, {"start": "must lie within ten years of end"}),
        (datetime(1969, 1, 1, tzinfo=UTC), None, {"start": "1970 to 2199"}),
        (None, date(2200, 1, 1), {"end": "1970 to 2199"}),
    ],
)
def test_a_range_that_makes_no_sense_is_refused(
    begin: Edge | None, end: Edge | None, fields: dict[str, str]
) -> None:
    with pytest.raises(InvalidInput) as refused:
        Desk().desk.ask(ANN, begin, end)
    assert refused.value.fields == fields


@pytest.mark.parametrize("series", [None, SERIES])
def test_a_curve_that_was_never_recorded_has_no_points(series: int | None) -> None:
    found = Desk(book=Book(D(0), series=series), now=5).chart()
    assert found.points == []
    mark = found.drawdowns.mark
    assert (mark.peak, mark.max_drawdown) == (D(0), D(0))
    assert mark.fall is None
    assert found.drawdowns.percent is None
    assert found.drawdowns.longest == timedelta()


def test_what_is_asked_changes_with_the_curve_and_each_minute_and_not_with_the_second() -> None:
    def state(desk: Desk, end: Edge | None = None) -> object:
        return desk.desk.ask(ANN, None, end).state

    desk = Desk(book=Book(D(7)), now=1)
    desk.put(0, 7)
    first, past = state(desk), state(desk, at(0))
    desk.now = 59
    assert (state(desk), state(desk, at(0))) == (first, past)
    desk.book.pnl = D(8)
    assert (state(desk) == first, state(desk, at(0)) == past) == (False, True)
    desk.book.pnl = D(7)
    desk.put(30, 7)
    assert state(desk) != first
    del desk.curve.rows[START + 30]
    desk.now = 60
    assert state(desk) != first
