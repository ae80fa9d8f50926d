from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.equity import Fall, HighWater, Sample, Summary, summarise
from tests.support.fills import MONDAY

amounts = st.one_of(st.integers(-4, 6).map(Decimal), st.decimals(-1000, 1000, places=2))
starts = st.sampled_from([Decimal(text) for text in ("0", "3", "-2", "1000")])


def minute(number: int) -> datetime:
    return MONDAY + timedelta(minutes=number)


def observed(*values: str | Decimal | None, start: str | Decimal = "0") -> HighWater:
    mark = HighWater(Decimal(start))
    for number, value in enumerate(values):
        mark = mark.observe(None if value is None else Decimal(value), minute(number))
    return mark


def span(*values: str, start: int = 0) -> Summary:
    summary = summarise(
        Sample(minute(start + number), Decimal(value)) for number, value in enumerate(values)
    )
    assert summary is not None
    return summary


def test_the_peak_only_rises_and_the_drawdown_is_what_lies_below_it() -> None:
    mark = observed("10", "25", "5")
    assert mark.peak == 25
    assert mark.peak_at == minute(1)
    assert mark.drawdown == 20
    assert mark.drawdown_percent == 80
    assert observed("10", "25", "5", "30").drawdown == 0


def test_a_hundred_rising_dollars_that_fall_to_zero_are_a_drawdown_of_the_whole() -> None:
    mark = observed("1000", "835", "0", start="0")
    assert mark.max_drawdown == 1000


def test_the_first_of_equal_drawdowns_is_remembered_with_its_peak() -> None:
    mark = observed("10", "4", "12", "6", "20", "15")
    assert mark.fall == Fall(Decimal(10), minute(0), Decimal(4), minute(1))
    assert mark.max_drawdown == 6


def test_a_fall_from_the_start_has_no_sample_as_its_peak() -> None:
    mark = observed("-5", start="0")
    assert mark.fall == Fall(Decimal(0), None, Decimal(-5), minute(0))


def test_a_sample_that_equals_the_start_is_its_peak_and_stays_the_first() -> None:
    mark = observed("100", "100", "90", start="100")
    assert mark.peak_at == minute(0)
    assert mark.fall is not None
    assert mark.fall.peak_at == minute(0)
    assert HighWater(Decimal(100)).after(span("100", "100", "90")) == mark


def test_a_series_that_only_rises_has_no_drawdown() -> None:
    mark = observed("1", "2", "3")
    assert mark.max_drawdown == 0
    assert mark.fall is None
    assert mark.max_drawdown_percent == 0


def test_a_mark_that_has_seen_nothing_knows_its_start_alone() -> None:
    mark = HighWater(Decimal(500))
    assert mark.drawdown == mark.max_drawdown == 0
    assert mark.drawdown_percent == 0
    assert mark.max_drawdown_percent is None


def test_an_unknown_value_is_a_gap_and_no_fall() -> None:
    assert observed("10", None) == observed("10")


def test_the_largest_percentage_may_be_at_another_moment_than_the_largest_amount() -> None:
    mark = observed("10", "5", "100", "80", start="0")
    assert mark.max_drawdown == 20
    assert mark.max_drawdown_percent == 50


def test_there_is_no_percentage_of_a_peak_that_is_not_above_zero() -> None:
    mark = observed("-5", "0", "-3")
    assert mark.max_drawdown_percent is None
    assert mark.drawdown_percent is None
    assert observed("-5", "2").max_drawdown_percent == 0


def test_a_fall_below_zero_is_more_than_all_of_the_peak() -> None:
    assert observed("100", "-50", "400", "-50").max_drawdown_percent == 150


def test_the_largest_fall_recovers_when_its_peak_is_reached_again() -> None:
    assert observed("10", "4", "9").recovered_at is None
    assert observed("10", "4", "9", "10", "3", "10").recovered_at == minute(5)
    assert observed("10", "4", "9", "10", "7", "12").recovered_at == minute(3)


def test_a_new_largest_fall_has_not_recovered_because_the_old_one_had() -> None:
    assert observed("10", "4", "10", "3").recovered_at is None


def test_time_under_water_runs_from_the_last_sample_at_the_peak() -> None:
    mark = observed("10", "10", "8", "9")
    assert mark.under_since == minute(1)
    assert mark.longest == timedelta()
    mark = observed("10", "10", "8", "9", "10", "9", "11")
    assert mark.under_since is None
    assert mark.longest == timedelta(minutes=3)


def test_time_under_the_start_runs_from_the_first_sample() -> None:
    assert observed("-1", "-2").under_since == minute(0)
    assert observed("-1", "-2", "0").longest == timedelta(minutes=2)


def test_recovery_and_time_under_water_are_told_over_the_border_of_spans() -> None:
    mark = HighWater().after_all([span("10", "4"), span("6", "7", start=2), span("11", start=4)])
    assert mark.recovered_at == minute(4)
    assert mark.longest == timedelta(minutes=4)
    assert mark == observed("10", "4", "6", "7", "11")


@pytest.mark.parametrize("values", [("4", "10"), ("4", "10", "12", "11")])
def test_within_a_span_recovery_is_told_by_its_highest_sample(values: tuple[str, ...]) -> None:
    mark = HighWater().after_all([span("10"), span(*values, start=1)])
    assert mark.recovered_at == minute(1 + values.index(max(values, key=Decimal)))


@given(st.lists(amounts, min_size=1), starts, st.integers(0, 50))
def test_every_figure_equals_what_is_counted_by_hand_also_after_a_restart(
    values: list[Decimal], start: Decimal, cut: int
) -> None:
    peaks = list(accumulate([start, *values], max))[1:]
    falls = [peak - value for peak, value in zip(peaks, values, strict=True)]
    parts = [
        Fraction(fall) / Fraction(peak) for fall, peak in zip(falls, peaks, strict=True) if peak > 0
    ]
    before = observed(*values[:cut], start=start)
    mark = HighWater(**{name: getattr(before, name) for name in HighWater.__slots__})
    for number, value in enumerate(values[cut:], start=cut):
        mark = mark.observe(value, minute(number))
    assert mark == observed(*values, start=start)
    assert mark.peak == peaks[-1]
    assert mark.drawdown == falls[-1]
    assert mark.max_drawdown == max(falls)
    percent = mark.max_drawdown_percent
    assert (percent is None) is (not parts)
    if percent is not None:
        assert abs(Fraction(percent) - 100 * max(parts)) <= Fraction(1, 10**18)
    if mark.fall is not None:
        bottom = falls.index(max(falls))
        seen = [at for at in range(bottom) if values[at] == peaks[bottom]]
        assert mark.fall.trough_at == minute(bottom)
        assert mark.fall.peak_at == (minute(seen[0]) if seen else None)
        back = [at for at in range(bottom, len(values)) if values[at] >= peaks[bottom]]
        assert mark.recovered_at == (minute(back[0]) if back else None)
