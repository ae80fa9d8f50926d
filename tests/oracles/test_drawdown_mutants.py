"""The drawdown oracle notices each well-known way to count wrongly.

Each wrong reckoner below is the right one with one mistake; the oracle must reject it.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import groupby

import pytest

from app.domain.equity import HighWater, Sample, Summary, grouped, summarise
from app.domain.sessions import Roll
from tests.oracles.drawdown_cases import (
    Reckoner,
    Reckoning,
    Series,
    adjusted,
    all_series,
    by_sample,
    differences,
    reckoned,
)

ZERO = Decimal(0)


def first_arrival_stays(series: Series) -> Reckoning:
    return by_sample(replace(series, samples=series.samples[::-1]))


def a_late_sample_is_dropped(series: Series) -> Reckoning:
    kept: list[Sample] = []
    for sample in series.samples:
        if not kept or sample.at >= kept[-1].at:
            kept.append(sample)
    return by_sample(replace(series, samples=tuple(kept)))


def unknown_is_zero(series: Series) -> Reckoning:
    samples = tuple(replace(each, value=each.value or ZERO) for each in series.samples)
    return by_sample(replace(series, samples=samples))


def deposits_are_profit(series: Series) -> Reckoning:
    return by_sample(replace(series, flows=()))


def a_deposit_counts_from_after_its_instant(series: Series) -> Reckoning:
    later = tuple(replace(each, at=each.at + timedelta(microseconds=1)) for each in series.flows)
    return by_sample(replace(series, flows=later))


def the_close_lacks_the_deposits(series: Series) -> Reckoning:
    return reckoned(series, spans(series), flows=())


def the_peak_starts_at_zero(series: Series) -> Reckoning:
    return marked(series, HighWater())


def the_peak_starts_at_the_first_sample(series: Series) -> Reckoning:
    return marked(series, HighWater(adjusted(series)[0].value or ZERO))


def the_peak_starts_anew_each_day(series: Series) -> Reckoning:
    marks: list[HighWater] = []
    start = series.start
    for _, day in groupby(spans(series), key=lambda span: series.day(span.first.at)):
        mark = HighWater(start)
        for span in day:
            mark = mark.after(span)
            marks.append(mark)
        start = marks[-1].last.value if marks[-1].last else start
    return replace(by_sample(series), marks=marks)


def closes_alone(series: Series) -> Reckoning:
    days = [span for _, span in grouped(adjusted(series), series.day)]
    return reckoned(series, [last for span in days if (last := summarise([as_sample(span)]))])


def percent_of_the_start(series: Series) -> Reckoning:
    right = by_sample(series)
    final = right.marks[-1]
    steepest = (series.start, series.start - final.max_drawdown) if series.start else None
    return replace(right, marks=[*right.marks[:-1], replace(final, steepest=steepest)])


def days_of(text: str) -> Reckoner:
    return lambda series: by_sample(replace(series, roll=Roll.parse(text)))


def the_roll_is_in_the_old_day(series: Series) -> Reckoning:
    def day(at: datetime) -> date:
        return series.day(at - timedelta(microseconds=1))

    return reckoned(series, spans(series), day=day)


def weekends_the_other_way(series: Series) -> Reckoning:
    return by_sample(
        replace(series, roll=replace(series.roll, roll_weekend=not series.roll.roll_weekend))
    )


def spans(series: Series) -> list[Summary]:
    return [span for _, span in grouped(adjusted(series), lambda at: at)]


def marked(series: Series, mark: HighWater) -> Reckoning:
    right, marks = by_sample(series), []
    for span in spans(series):
        mark = mark.after(span)
        marks.append(mark)
    return replace(right, marks=marks)


def instant_of(mark: HighWater) -> datetime:
    assert mark.last is not None
    return mark.last.at


def as_sample(span: Summary) -> Sample:
    return Sample(span.last.at, span.last.value)


MISTAKES: dict[str, tuple[Reckoner, str]] = {
    "the first arrival stays": (first_arrival_stays, "late_duplicate"),
    "a late sample is dropped": (a_late_sample_is_dropped, "late_duplicate"),
    "unknown is zero": (unknown_is_zero, "null_samples"),
    "deposits are profit": (deposits_are_profit, "cash_flow"),
    "a deposit counts after its instant": (a_deposit_counts_from_after_its_instant, "cash_flow"),
    "the close lacks the deposits": (the_close_lacks_the_deposits, "cash_flow"),
    "the peak starts at zero": (the_peak_starts_at_zero, "negative_equity"),
    "the peak starts at the first sample": (the_peak_starts_at_the_first_sample, "pnl_series"),
    "the peak starts anew each day": (the_peak_starts_anew_each_day, "dst"),
    "closes alone": (closes_alone, "dst"),
    "percent of the start": (percent_of_the_start, "dst"),
    "days of UTC": (days_of("00:00 UTC"), "boundary"),
    "always winter": (days_of("22:00 UTC weekdays"), "dst"),
    "always summer": (days_of("21:00 UTC weekdays"), "dst"),
    "the roll is in the old day": (the_roll_is_in_the_old_day, "boundary"),
    "weekends the other way": (weekends_the_other_way, "dst_24x7"),
}


def caught(series: Series, reckoner: Reckoner) -> bool:
    return next(differences(series, reckoner), None) is not None


@pytest.mark.parametrize("mistake", MISTAKES)
def test_the_drawdown_oracle_catches(mistake: str) -> None:
    reckoner, category = MISTAKES[mistake]
    chosen = [series for series in all_series() if series.category == category]
    assert any(caught(series, reckoner) for series in chosen)


def test_the_drawdown_oracle_has_a_series_for_each_mistake_and_thirty_in_all() -> None:
    assert len(all_series()) == 30
    assert {category for _, category in MISTAKES.values()} <= {
        series.category for series in all_series()
    }
