"""Stretches of time: joined, missing, and cut into pieces."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from app.domain.quotes import Range, gaps, joined, pieces

START = datetime(2026, 3, 2, tzinfo=UTC)
HOUR = timedelta(hours=1)


def span(start: int, end: int) -> Range:
    return Range(START + start * HOUR, START + end * HOUR)


spans = st.tuples(st.integers(0, 40), st.integers(1, 10)).map(lambda at: span(at[0], at[0] + at[1]))


def hours(*ranges: Range) -> set[int]:
    return {
        hour
        for each in ranges
        for hour in range((each.start - START) // HOUR, (each.end - START) // HOUR)
    }


@given(st.lists(spans))
def test_joined_ranges_are_the_same_time_and_touch_nowhere(ranges: list[Range]) -> None:
    found = joined(ranges)
    assert hours(*found) == hours(*ranges)
    assert all(first.end < second.start for first, second in pairwise(found))


@given(spans, st.lists(spans))
def test_gaps_are_what_no_range_covers(whole: Range, covered: list[Range]) -> None:
    found = gaps(whole, covered)
    assert hours(*found) == hours(whole) - hours(*covered)
    assert found == joined(found)


@given(spans, st.integers(1, 4))
def test_pieces_are_the_whole_and_none_is_too_long(whole: Range, longest: int) -> None:
    found = pieces(whole, longest * HOUR)
    assert joined(found) == [whole]
    assert sum(((each.end - each.start) for each in found), timedelta()) == whole.end - whole.start
    assert all(each.end - each.start <= longest * HOUR for each in found)


def test_a_range_that_is_covered_has_no_gap() -> None:
    assert gaps(span(2, 4), [span(0, 3), span(3, 9)]) == []
