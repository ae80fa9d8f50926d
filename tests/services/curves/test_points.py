"""Spans and seconds become points: every extreme is one, and what is unknown is a gap."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from app.domain.equity import Sample, summarise
from app.services.curves.points import drawn, joined, outline, second
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


def shown(*stretches: Outline) -> list[tuple[int, int | None]]:
    """Seconds since the start, and the value there."""
    return [
        (int((instant - START).total_seconds()), None if value is None else int(value))
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
    held, after = second(START, D(5), flat=False), second(at(later), D(6), flat=False)
    assert shown(held, after) == [(0, 5), *gap, (later, 6)]


def test_what_holds_nothing_stands_however_long_it_is_silent() -> None:
    assert shown(second(START, D(5), flat=True), second(at(9000), D(6), flat=False)) == [
        (0, 5),
        (9000, 6),
    ]


def test_an_unknown_second_is_a_gap_also_after_one_that_held_nothing() -> None:
    assert shown(second(START, D(5), flat=True), second(at(9), None, flat=False)) == [
        (0, 5),
        (9, None),
    ]


def test_of_stretches_that_overlap_the_later_ones_beginning_is_left_out() -> None:
    whole = outline(rolled(5, 9, 4, 12))
    assert shown(whole, outline(rolled(7, 8, begin=30)))[-2:] == [(30, 12), (40, 8)]
    assert shown(whole, outline(rolled(7, begin=20))) == shown(whole)


def test_a_points_drawdown_is_below_the_highest_until_then() -> None:
    values = [(at(0), D(1010)), (at(1), None), (at(2), D(1060)), (at(3), D(1020))]
    points = drawn(values, D(1050), D(1000))
    assert [each.pnl for each in points] == [10, None, 60, 20]
    assert [each.drawdown for each in points] == [40, None, 0, 40]
    assert drawn([], D(1050), D(1000)) == []
