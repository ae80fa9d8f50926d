"""Spans and seconds become points: every extreme is one, and what is unknown is a gap."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.equity import Sample, summarise
from app.services.curves.points import drawn, joined, second, told
from app.services.history.outlines import amount, counted, outline
from app.services.ports import Level, Rolled
from app.services.reads import Outline

START = datetime(2026, 3, 4, 15, 0, tzinfo=UTC)
D = Decimal


def at(seconds: int) -> datetime:
    return START + timedelta(seconds=seconds)


def rolled(*values: int | None, begin: int = 0, open_pnl: int | None = 1) -> Rolled:
    """A minute in which these values came every ten seconds."""
    samples = [
        Sample(at(begin + 10 * place), None if value is None else D(value))
        for place, value in enumerate(values)
    ]
    begins = int(at(begin).timestamp())
    known = None if open_pnl is None else D(open_pnl)
    return Rolled(1, Level.MINUTE, begins, begins + 60, summarise(samples), known)


def alone(seconds: int, value: int | None, *, flat: bool = False) -> Outline:
    return second(at(seconds).timestamp(), None if value is None else D(value), flat=flat)


def shown(*stretches: Outline) -> list[tuple[int, int | None]]:
    """Seconds since the start, and the value there."""
    return [
        (int(instant - START.timestamp()), None if value is None else int(amount(value)))
        for instant, value in joined(stretches)
    ]


def test_a_span_is_drawn_by_its_extremes_and_its_fall() -> None:
    span = rolled(5, 9, 4, 12, 3, 8)
    assert shown(outline(span)) == [(0, 5), (30, 12), (40, 3), (50, 8)]
    rising = rolled(5, 9, 4, 12)
    assert shown(outline(rising)) == [(0, 5), (10, 9), (20, 4), (30, 12)]


def test_a_span_that_stood_still_is_one_point_or_two() -> None:
    assert shown(outline(rolled(5))) == [(0, 5)]
    assert shown(outline(rolled(5, 5, 5))) == [(0, 5), (20, 5)]


def test_where_a_price_was_unknown_there_is_one_gap() -> None:
    first, unknown, last = rolled(5, None, None), rolled(None, begin=60), rolled(6, begin=120)
    assert shown(outline(first), outline(unknown), outline(last)) == [(0, 5), (10, None), (120, 6)]
    assert shown(outline(first), outline(unknown)) == [(0, 5), (10, None)]


def test_a_span_of_which_nothing_is_known_is_a_gap_from_its_begin() -> None:
    flat = outline(rolled(5, open_pnl=0))
    assert shown(flat, outline(rolled(None, begin=60)), outline(rolled(6, begin=120))) == [
        (0, 5),
        (60, None),
        (120, 6),
    ]
    assert shown(outline(rolled(None))) == [(0, None)]


@pytest.mark.parametrize(("later", "gap"), [(60, []), (61, [(60, None)]), (7200, [(60, None)])])
def test_a_silence_of_more_than_a_minute_is_a_gap(later: int, gap: list[object]) -> None:
    assert shown(alone(0, 5), alone(later, 6)) == [(0, 5), *gap, (later, 6)]


def test_what_holds_nothing_stands_however_long_it_is_silent() -> None:
    assert shown(alone(0, 5, flat=True), alone(9000, 6)) == [(0, 5), (9000, 6)]


def test_an_unknown_second_is_a_gap_also_after_one_that_held_nothing() -> None:
    assert shown(alone(0, 5, flat=True), alone(9, None)) == [(0, 5), (9, None)]


def test_of_stretches_that_overlap_the_later_ones_beginning_is_left_out() -> None:
    whole = outline(rolled(5, 9, 4, 12))
    assert shown(whole, outline(rolled(7, 8, begin=30)))[-2:] == [(30, 12), (40, 8)]
    assert shown(whole, outline(rolled(7, begin=20))) == shown(whole)


def test_a_points_drawdown_is_below_the_highest_until_then() -> None:
    values = [(0, counted(D(1010))), (1, None), (2, counted(D(1060))), (3, counted(D(1020)))]
    points = told(drawn(values, counted(D(1050))), D(1000))
    assert [each.at.timestamp() for each in points] == [0, 1, 2, 3]
    assert [each.pnl for each in points] == [10, None, 60, 20]
    assert [each.drawdown for each in points] == [40, None, 0, 40]
    assert drawn([], counted(D(1050))) == []


@given(st.decimals(min_value=-(10**15), max_value=10**15, places=18))
def test_an_amount_is_drawn_as_it_was_stored(stored: Decimal) -> None:
    assert amount(counted(stored)) == stored


@given(st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001  hypothesis adds the zone
def test_this_moment_is_drawn_where_it_is(now: datetime) -> None:
    spots = drawn(joined([second(now.timestamp(), D(5), flat=False)]), 0)
    assert told(spots, D(0)) == [(now, D(5), D(0), False)]
