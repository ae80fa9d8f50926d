"""Minute bars of prices as they come."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from app.domain.quotes import Bar, BarBuilder

START = datetime(2026, 3, 2, 14, 30, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
D = Decimal

ticks = st.lists(
    st.tuples(
        st.integers(0, 600),
        st.decimals(min_value="0.01", max_value="9999", places=2),
        st.decimals(min_value=1, max_value=1000, places=3),
    ),
    max_size=80,
)


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


@given(ticks)
def test_bars_hold_every_price_that_came_in_order(
    found: list[tuple[int, Decimal, Decimal]],
) -> None:
    found = sorted(found, key=lambda tick: tick[0])
    builder = BarBuilder("AAPL")
    bars = [builder.add(at(second), price, size) for second, price, size in found]
    made = [bar for bar in [*bars, builder.finish(at(10_000))] if bar is not None]
    expected = []
    for minute in sorted({second // 60 for second, _, _ in found}):
        inside = [tick for tick in found if tick[0] // 60 == minute]
        paid = [price for _, price, _ in inside]
        volume = sum((size for _, _, size in inside), D(0))
        begins = START + minute * MINUTE
        expected.append(Bar("AAPL", begins, paid[0], max(paid), min(paid), paid[-1], volume))
    assert made == expected
    assert builder.late == 0


def test_a_minute_without_a_price_has_no_bar() -> None:
    builder = BarBuilder("AAPL")
    builder.add(at(5), D(10))
    ended = builder.add(at(185), D(11))
    assert ended == Bar("AAPL", START, D(10), D(10), D(10), D(10), None)
    assert builder.forming == Bar("AAPL", START + 3 * MINUTE, D(11), D(11), D(11), D(11), None)


def test_a_bar_is_finished_once_when_its_minute_is_over() -> None:
    builder = BarBuilder("AAPL")
    builder.add(at(5), D(10))
    assert builder.finish(at(59.9)) is None
    ended = builder.finish(at(60))
    assert ended is not None
    assert ended.at == START
    assert builder.finish(at(61)) is None
    assert builder.forming is None


def test_a_price_of_a_finished_minute_is_counted_and_in_no_bar() -> None:
    builder = BarBuilder("AAPL")
    builder.add(at(5), D(10))
    builder.finish(at(62))
    assert builder.add(at(59), D(99)) is None
    builder.add(at(70), D(11))
    assert builder.add(at(58), D(99)) is None
    assert builder.late == 2
    assert builder.forming == Bar("AAPL", START + MINUTE, D(11), D(11), D(11), D(11), None)


def test_a_volume_that_is_known_in_part_is_not_known() -> None:
    builder = BarBuilder("AAPL")
    builder.add(at(1), D(10), D(5))
    builder.add(at(2), D(10))
    builder.add(at(3), D(10), D(5))
    assert builder.forming is not None
    assert builder.forming.volume is None


def test_a_price_from_a_clock_far_ahead_stops_no_later_bar() -> None:
    builder = BarBuilder("AAPL")
    builder.add(at(86_400), D(99))
    assert builder.finish(at(10)) is None
    builder.add(at(12), D(10))
    ended = builder.finish(at(61))
    assert ended == Bar("AAPL", START, D(10), D(10), D(10), D(10), None)
    assert builder.late == 1
