"""A span in a few figures loses nothing, however the curve was cut and put together again."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.equity import (
    Fall,
    HighWater,
    Point,
    Sample,
    Summary,
    curve_days,
    grouped,
    merged,
    summarise,
)
from app.domain.errors import InvariantBroken
from app.domain.sessions import Roll, trading_day
from tests.support.fills import MONDAY

CHICAGO = Roll.parse("16:00 America/Chicago weekdays")

# Few different values, so that peaks, troughs and falls are often equal; then also fine ones.
values = st.one_of(
    st.integers(-4, 6).map(Decimal), st.decimals("-1e12", "1e12", places=18, allow_nan=False)
)
starts = st.sampled_from([Decimal(text) for text in ("0", "3", "-2", "100000")])
steps = st.integers(1, 40_000)


@st.composite
def curves(draw: st.DrawFn, unknown: bool = True) -> list[Sample]:
    """A curve with steps of a second to half a day, mostly over several days."""
    value = st.one_of(values, st.none()) if unknown else values
    at, made = MONDAY, []
    for step, amount in draw(st.lists(st.tuples(steps, value), min_size=1, max_size=40)):
        at += timedelta(seconds=step)
        made.append(Sample(at, amount))
    return made


@st.composite
def cut_curves(draw: st.DrawFn) -> tuple[list[Sample], list[list[Sample]]]:
    """A curve, and the same one in pieces, each with something known in it."""
    samples = draw(curves(unknown=False))
    cuts = sorted(draw(st.sets(st.integers(1, len(samples)), max_size=12)) | {0, len(samples)})
    return samples, [samples[a:b] for a, b in itertools.pairwise(cuts) if samples[a:b]]


def whole(samples: Sequence[Sample]) -> Summary:
    summary = summarise(samples)
    assert summary is not None
    return summary


def at(minute: int) -> datetime:
    return MONDAY + timedelta(minutes=minute)


def curve(*amounts: str | None) -> list[Sample]:
    return [
        Sample(at(minute), None if amount is None else Decimal(amount))
        for minute, amount in enumerate(amounts)
    ]


def nested(spans: Sequence[Summary], chance: Random) -> Summary:
    """Merge neighbours in any order until one is left."""
    left = list(spans)
    while len(left) > 1:
        place = chance.randrange(len(left) - 1)
        left[place : place + 2] = [left[place].merge(left[place + 1])]
    return left[0]


def test_a_span_knows_its_ends_extremes_and_largest_fall() -> None:
    assert whole(curve("5", "9", "2", "9", None, "4", None, None)) == Summary(
        first=Point(at(0), Decimal(5)),
        last=Point(at(5), Decimal(4)),
        high=Point(at(1), Decimal(9)),
        high_until=at(3),
        low=Point(at(2), Decimal(2)),
        fall=Fall(Decimal(9), at(1), Decimal(2), at(2)),
        depths=((Decimal(9), Decimal(2)),),
        samples=5,
        gaps=3,
        gap_at=at(6),
    )


def test_a_fall_over_the_border_of_two_spans_is_found() -> None:
    early, late = whole(curve("5", "9", "8")), whole(curve("0", "0", "0", "3", "7")[3:])
    assert early.fall is not None
    assert early.fall.amount == 1
    assert early.merge(late).fall == Fall(Decimal(9), at(1), Decimal(3), at(3))


def test_of_equal_falls_the_first_is_kept_with_its_own_peak() -> None:
    samples = curve("5", "9", "3", "10", "4", "9", "3.5", "12", "5")
    assert whole(samples).fall == Fall(Decimal(12), at(7), Decimal(5), at(8))
    assert whole(samples[:6]).fall == Fall(Decimal(9), at(1), Decimal(3), at(2))


def test_a_span_of_nothing_but_gaps_has_no_summary() -> None:
    assert summarise(curve(None, None)) is None
    assert summarise([]) is None
    assert merged([]) is None


@pytest.mark.parametrize("order", [[1, 0], [0, 0]])
def test_samples_that_are_out_of_order_or_twice_are_refused(order: list[int]) -> None:
    samples = curve("1", "2")
    with pytest.raises(InvariantBroken, match="comes after"):
        summarise([samples[number] for number in order])


def test_spans_that_overlap_are_refused() -> None:
    samples = curve("1", "2", "3")
    with pytest.raises(InvariantBroken, match="is not after"):
        whole(samples[:2]).merge(whole(samples[1:]))


@given(cut_curves(), st.randoms(use_true_random=False))
def test_however_it_is_cut_and_merged_a_curve_has_one_summary(
    cut: tuple[list[Sample], list[list[Sample]]], chance: Random
) -> None:
    samples, pieces = cut
    spans = [whole(piece) for piece in pieces]
    assert merged(spans) == nested(spans, chance) == whole(samples)


@given(curves(), st.randoms(use_true_random=False))
def test_minutes_and_days_of_a_curve_with_gaps_come_to_the_same(
    samples: list[Sample], chance: Random
) -> None:
    def gapless(summary: Summary | None) -> object:
        # A span of gaps alone has no summary, so what is counted of gaps is that of the others.
        return summary and (summary.first, summary.last, summary.fall, summary.depths)

    minutes = [span for _, span in grouped(samples, lambda at: at.replace(second=0))]
    days = [span for _, span in grouped(samples, lambda at: at.date())]
    together = nested(minutes, chance) if minutes else None
    assert gapless(together) == gapless(merged(days)) == gapless(summarise(samples))


@given(cut_curves(), starts)
def test_peaks_and_drawdowns_over_spans_are_those_of_the_samples(
    cut: tuple[list[Sample], list[list[Sample]]], start: Decimal
) -> None:
    samples, pieces = cut
    mark, seen = HighWater(start), 0
    for piece in pieces:
        mark, seen = mark.after(whole(piece)), seen + len(piece)
        raw = HighWater(start)
        for sample in samples[:seen]:
            raw = raw.observe(sample.value, sample.at)
        assert (mark.peak, mark.peak_at, mark.last) == (raw.peak, raw.peak_at, raw.last)
        assert (mark.drawdown, mark.drawdown_percent) == (raw.drawdown, raw.drawdown_percent)
        assert mark.fall == raw.fall
        assert mark.max_drawdown_percent == raw.max_drawdown_percent
        assert mark.under_since == raw.under_since


@given(curves(), starts)
def test_days_from_summaries_of_minutes_are_those_of_the_samples(
    samples: list[Sample], start: Decimal
) -> None:
    def day(at: datetime) -> date:
        return trading_day(at, CHICAGO)

    minutes = [span for _, span in grouped(samples, lambda at: at.replace(second=0))]
    parts: dict[date, list[Summary]] = {}
    for span in minutes:
        parts.setdefault(trading_day(span.first.at, CHICAGO), []).append(span)
    days = [(each, merged(spans)) for each, spans in parts.items()]
    made = curve_days([(each, span) for each, span in days if span], start)
    known = [sample for sample in samples if sample.value is not None]
    assert [each.day for each in made] == sorted({day(sample.at) for sample in known})
    for each in made:
        amounts = [s.value for s in known if s.value is not None and day(s.at) == each.day]
        earlier = [s.value for s in known if s.value is not None and day(s.at) < each.day]
        assert (each.close, each.high, each.low) == (amounts[-1], max(amounts), min(amounts))
        before = Fraction(earlier[-1] if earlier else start)
        assert Fraction(each.pnl) == Fraction(amounts[-1]) - before
        assert each.samples == len(amounts)


def test_a_summary_stays_small_on_a_long_and_wild_day() -> None:
    chance, amount, samples = Random(4), Decimal(0), []
    for second in range(20_000):
        amount += chance.choice([-1, 1])
        samples.append(Sample(MONDAY + timedelta(seconds=second), amount))
    assert len(whole(samples).depths) <= 10
