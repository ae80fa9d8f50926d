"""Bars on their grid, longer ones made of shorter ones, and two lists as one."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.instruments import resolve
from app.domain.quotes import (
    Bar,
    BarSource,
    KeptBar,
    Timeframe,
    begin,
    following,
    merged,
    resampled,
)

DAY = date(2026, 3, 2)
AAPL = resolve("AAPL", DAY).instrument
ES = resolve("ES", DAY).instrument
BTC = resolve("BTCUSD", DAY).instrument
START = datetime(2026, 3, 6, 14, 30, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
LONGER: list[Timeframe] = [each for each in Timeframe if each is not Timeframe.MINUTE]
D = Decimal

prices = st.decimals(min_value="0.01", max_value="99999", places=4)
amounts = st.none() | st.decimals(min_value=0, max_value="1e9", places=8)


@st.composite
def minutes(draw: st.DrawFn) -> list[Bar]:
    """Minute bars over the change of the clocks in New York, with gaps."""
    offsets = draw(st.sets(st.integers(0, 5 * 1440), max_size=60))
    made = []
    for offset in sorted(offsets):
        found = sorted(draw(st.tuples(prices, prices, prices, prices)))
        first, last = draw(st.permutations(found[1:3]))
        made.append(
            Bar("AAPL", START + offset * MINUTE, first, found[3], found[0], last, draw(amounts))
        )
    return made


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


@pytest.mark.parametrize(
    ("symbol", "at", "starts", "ends"),
    [
        ("AAPL", "2026-03-02T14:31:00Z", "2026-03-02T05:00:00Z", "2026-03-03T05:00:00Z"),
        ("AAPL", "2026-03-02T04:59:59Z", "2026-03-01T05:00:00Z", "2026-03-02T05:00:00Z"),
        ("AAPL", "2026-03-08T12:00:00Z", "2026-03-08T05:00:00Z", "2026-03-09T04:00:00Z"),
        ("AAPL", "2026-11-01T12:00:00Z", "2026-11-01T04:00:00Z", "2026-11-02T05:00:00Z"),
        ("BTCUSD", "2026-03-02T23:59:59Z", "2026-03-02T00:00:00Z", "2026-03-03T00:00:00Z"),
        ("ES", "2026-03-02T22:00:00Z", "2026-03-02T22:00:00Z", "2026-03-03T22:00:00Z"),
        ("ES", "2026-03-02T21:59:59Z", "2026-03-01T22:00:00Z", "2026-03-02T22:00:00Z"),
    ],
)
def test_a_day_begins_where_its_exchange_says(symbol: str, at: str, starts: str, ends: str) -> None:
    instrument = resolve(symbol, DAY).instrument
    assert begin(Timeframe.DAY, utc(at), instrument) == utc(starts)
    assert following(Timeframe.DAY, utc(at), instrument) == utc(ends)


@pytest.mark.parametrize(
    ("timeframe", "starts"), [("1m", "14:47"), ("5m", "14:45"), ("15m", "14:45"), ("1h", "14:00")]
)
def test_shorter_bars_begin_at_whole_multiples_of_their_length(timeframe: str, starts: str) -> None:
    frame = Timeframe(timeframe)
    at = utc("2026-03-02T09:47:31.5-05:00")
    assert begin(frame, at, AAPL) == utc(f"2026-03-02T{starts}:00Z")
    assert following(frame, at, AAPL) == begin(frame, at, AAPL) + frame.span


@given(st.integers(31_536_000, 2_840_140_800))
def test_every_instant_is_in_one_bar_of_each_length(second: int) -> None:
    at = datetime.fromtimestamp(second, UTC)
    for instrument in (AAPL, ES, BTC):
        for timeframe in Timeframe:
            starts = begin(timeframe, at, instrument)
            ends = following(timeframe, at, instrument)
            assert starts <= at < ends
            assert begin(timeframe, starts, instrument) == starts
            assert begin(timeframe, ends, instrument) == ends


def test_a_longer_bar_has_the_ends_the_extremes_and_the_whole_volume() -> None:
    parts = [
        Bar("AAPL", START, D(10), D(12), D(9), D(11), D("0.1")),
        Bar("AAPL", START + MINUTE, D(11), D("15.5"), D(10), D(14), D("0.2")),
        Bar("AAPL", START + 4 * MINUTE, D(14), D(14), D("8.5"), D(9), D("1e9")),
        Bar("AAPL", START + 5 * MINUTE, D(9), D(9), D(9), D(9), None),
    ]
    assert list(resampled(parts, Timeframe.FIVE_MINUTES, AAPL)) == [
        Bar("AAPL", START, D(10), D("15.5"), D("8.5"), D(9), D("1000000000.3")),
        Bar("AAPL", START + 5 * MINUTE, D(9), D(9), D(9), D(9), None),
    ]
    (hour,) = resampled(parts, Timeframe.HOUR, AAPL)
    assert (hour.at, hour.close, hour.volume) == (utc("2026-03-06T14:00:00Z"), D(9), None)


@given(minutes(), st.sampled_from(LONGER), st.integers(0, 5 * 1440))
def test_longer_bars_of_parts_are_those_of_the_whole(
    bars: list[Bar], timeframe: Timeframe, cut: int
) -> None:
    """Where the cut is between two longer bars."""
    border = begin(timeframe, START + cut * MINUTE, AAPL)
    before = [bar for bar in bars if bar.at < border]
    after = [bar for bar in bars if bar.at >= border]
    whole = list(resampled(bars, timeframe, AAPL))
    parts = [*resampled(before, timeframe, AAPL), *resampled(after, timeframe, AAPL)]
    assert parts == whole


@given(minutes(), st.sampled_from(LONGER), st.sampled_from(LONGER))
def test_it_makes_no_difference_over_which_length_a_longer_bar_is_made(
    bars: list[Bar], first: Timeframe, second: Timeframe
) -> None:
    shorter, longer = sorted((first, second), key=LONGER.index)
    over = resampled(resampled(bars, shorter, AAPL), longer, AAPL)
    assert list(over) == list(resampled(bars, longer, AAPL))


@given(minutes(), st.sampled_from(LONGER))
def test_nothing_is_lost_in_longer_bars(bars: list[Bar], timeframe: Timeframe) -> None:
    longer = list(resampled(bars, timeframe, AAPL))
    assert {begin(timeframe, bar.at, AAPL) for bar in bars} == {bar.at for bar in longer}
    if bars:
        assert max(bar.high for bar in bars) == max(bar.high for bar in longer)
        assert min(bar.low for bar in bars) == min(bar.low for bar in longer)
        assert (bars[0].open, bars[-1].close) == (longer[0].open, longer[-1].close)
    if all(bar.volume is not None for bar in bars):
        assert sum(bar.volume or 0 for bar in longer) == sum(bar.volume or 0 for bar in bars)


def kept(bars: list[Bar], source: BarSource = BarSource.ALPACA) -> list[KeptBar]:
    return [KeptBar(bar, source) for bar in bars]


@given(minutes(), st.sets(st.integers(0, 60)), st.sets(st.integers(0, 60)))
def test_lists_that_agree_are_merged_in_any_order_and_any_number_of_times(
    bars: list[Bar], ours: set[int], theirs: set[int]
) -> None:
    first = kept([bar for number, bar in enumerate(bars) if number in ours])
    second = kept([bar for number, bar in enumerate(bars) if number in theirs])
    both = merged(first, second)
    assert both == merged(second, first) == merged(both, second) == merged(first, both)
    assert [each.bar.at for each in both] == sorted({each.bar.at for each in first + second})


def test_where_lists_differ_the_better_one_counts() -> None:
    ours = kept([Bar("AAPL", START, D(1), D(1), D(1), D(1), None)], BarSource.CSV)
    theirs = kept([Bar("AAPL", START, D(2), D(2), D(2), D(2), None)])
    assert merged(ours, theirs) == ours
    assert merged(theirs, ours) == theirs
