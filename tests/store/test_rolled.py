"""Rolled history in the database: any range is covered, and what is deleted leaves no hole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import pytest

from app.domain.equity import Summary, merged
from app.domain.errors import InvalidInput, NotFound
from app.services.ports import Level, Rolled, Sample
from app.store.reads import SqlReads
from app.store.unit_of_work import SqlStore
from tests.support.history import START, curve, record, roll, sample, samples_summary, spans

HOUR, DAY = 3600, 86400
#: The trading day ends an hour after the start.
BORDER = START + HOUR
MIDNIGHT = START + 3 * HOUR


def zigzag(series: int, start: int, end: int, step: int) -> list[Sample]:
    """A curve that goes up and down, and is unknown now and then."""
    seconds = enumerate(range(start, end, step))
    values = ((at, None if n % 17 == 0 else (n * 7919) % 997 - n % 31) for n, at in seconds)
    return [sample(series, at, value) for at, value in values]


def whole(found: Sequence[Rolled]) -> Summary | None:
    return merged(span.summary for span in found if span.summary is not None)


def extremes(summary: Summary | None) -> tuple[object, ...] | None:
    """What must be equal however a curve is cut, with values that hold over or without."""
    if summary is None:
        return None
    return (summary.last.value, summary.high, summary.low, summary.fall, summary.depths)


def seconds(samples: Sequence[Sample], start: int, end: int) -> Summary | None:
    """What the range comes to when every second of it is a sample of its own."""
    held = []
    for each, later in pairwise([*samples, replace(samples[-1], at=samples[-1].at + 1)]):
        until = min(later.at, each.at + 60, end)
        held += [replace(each, at=at) for at in range(max(each.at, start), until)]
    return samples_summary(held)


def test_minutes_hours_and_days_are_what_their_samples_come_to(store: SqlStore) -> None:
    series = curve(store)
    samples = zigzag(series, START, START + 3 * HOUR, 59)
    record(store, samples)
    roll(store, START + 26 * HOUR)
    for level, length in ((Level.MINUTE, 60), (Level.HOUR, HOUR)):
        for span in spans(store, series, level):
            assert (span.until - span.at, span.at % length) == (length, 0)
            assert extremes(span.summary) == extremes(seconds(samples, span.at, span.until))
    days = spans(store, series, Level.DAY)
    assert [(each.at, each.until) for each in days] == [
        (BORDER - DAY, BORDER),
        (BORDER, BORDER + DAY),
    ]
    for day in days:
        within = [each for each in samples if day.at <= each.at < day.until]
        assert day.summary is not None
        assert extremes(day.summary) == extremes(seconds(samples, day.at, day.until))
        assert day.summary.samples == sum(each.open is not None for each in within)


def test_a_range_is_covered_by_the_fewest_spans_without_gap_or_overlap(store: SqlStore) -> None:
    series = curve(store)
    samples = zigzag(series, START, START + 50 * HOUR, 59)
    record(store, samples)
    now = START + 50 * HOUR - 90
    roll(store, now)
    reads = SqlReads(store)
    for start, end in (
        (START, START + 50 * HOUR),
        (START + 17, START + 50 * HOUR - 1),
        (BORDER, BORDER + DAY),
        (BORDER - 1, BORDER + 1),
        (BORDER + 90, BORDER + 100),
        (BORDER + 90, BORDER + 200),
        (BORDER + 5 * HOUR + 60, BORDER + 30 * HOUR),
        (START + 49 * HOUR, START + 60 * HOUR),
    ):
        found = reads.covering(series, start, end)
        assert all(each.until <= later.at for each, later in pairwise(found))
        assert start <= found[0].at if found else True
        assert all(each.until <= end for each in found)
        assert extremes(whole(found)) == extremes(seconds(samples, start, end))
        longest = [each for each in found if each.level is Level.DAY]
        assert len(longest) == sum(
            start <= day and day + DAY <= end for day in (BORDER, BORDER + DAY)
        )
    assert reads.covering(series, START + 5, START + 5) == []
    assert reads.covering(series + 1, START, START + HOUR) == []
    assert len(reads.covering(series, START, START + 50 * HOUR)) < 1 + 2 * (24 + 60)


def test_where_finer_spans_are_deleted_the_one_over_an_edge_is_there_whole(store: SqlStore) -> None:
    series = curve(store)
    record(store, zigzag(series, START, START + 50 * HOUR, 59))
    roll(store, START + 50 * HOUR)
    with store.record() as unit:
        assert unit.rolled.drop_samples(series, BORDER + DAY, 1000)
        assert unit.rolled.drop_spans(series, Level.MINUTE, BORDER + DAY, 2**30)
        assert unit.rolled.drop_spans(series, Level.HOUR, BORDER + DAY, 2**30)
    reads = SqlReads(store)
    found = reads.covering(series, BORDER + 90, BORDER + DAY + 90)
    assert [each.level for each in found[:2]] == [Level.DAY, Level.MINUTE]
    assert (found[0].at, found[0].until) == (BORDER, BORDER + DAY)
    assert found[-1].until <= BORDER + DAY + 90


def test_a_second_of_a_tick_that_was_written_late_is_rolled_again(store: SqlStore) -> None:
    series = curve(store)
    record(store, [sample(series, START + 5, 1), sample(series, START + 2 * HOUR, 1)])
    roll(store, START + 3 * HOUR)
    record(store, [sample(series, START + 10, 9)])
    assert spans(store, series, Level.DAY) == []
    roll(store, START + 3 * HOUR)
    first = spans(store, series, Level.MINUTE)[0].summary
    assert first is not None
    assert first.high.value == 50009
    assert first.samples == 2
    assert len(spans(store, series, Level.HOUR)) == 2


def test_a_late_sample_is_taken_in_and_a_known_value_beats_an_unknown_one(store: SqlStore) -> None:
    series = curve(store)
    record(store, [sample(series, START, 1), sample(series, START + 1, None)])
    roller = roll(store, START + 2 * HOUR)
    for value in (None, 7, None, 8, None):
        roller.arrive(sample(series, START + 1, value))
    roller.arrive(sample(series, START, None))
    roll(store, START + 2 * HOUR)
    (minute,) = spans(store, series, Level.MINUTE)
    assert minute.summary == samples_summary(
        [sample(series, START, 1), sample(series, START + 1, 8)]
    )
    with pytest.raises(NotFound):
        roller.arrive(sample(series + 1, START, 1))


def test_a_late_sample_is_refused_where_its_minute_cannot_be_rolled_again(store: SqlStore) -> None:
    series = curve(store)
    record(store, zigzag(series, MIDNIGHT - 600, MIDNIGHT + HOUR, 61))
    roller = roll(store, MIDNIGHT + 2 * HOUR)
    with store.record() as unit:
        unit.rolled.drop_samples(series, MIDNIGHT, 3)
    before = spans(store, series, Level.MINUTE)
    for at in (MIDNIGHT - 600, MIDNIGHT - 1, MIDNIGHT + 59):
        with pytest.raises(InvalidInput, match="deleted"):
            roller.arrive(sample(series, at, 1))
    assert spans(store, series, Level.MINUTE) == before
    roller.arrive(sample(series, MIDNIGHT + 60, 1))


def test_samples_are_deleted_the_oldest_first_and_no_more_than_asked(store: SqlStore) -> None:
    series = curve(store)
    with store.record() as unit:
        samples = [sample(series, MIDNIGHT - 5 + n, n) for n in range(10)]
        for each in samples:
            unit.history.record([each], [])
        assert unit.rolled.drop_samples(series, MIDNIGHT, 3) == 3
        assert [each.at - MIDNIGHT for each in unit.rolled.samples(series, 0, 2**40)] == [
            *range(-2, 5)
        ]
        assert unit.rolled.drop_samples(series, MIDNIGHT, 3) == 2
        assert unit.rolled.drop_samples(series, MIDNIGHT, 3) == 0
        known = unit.rolled.of(series)
        assert known is not None
        assert known.seconds_from == MIDNIGHT
