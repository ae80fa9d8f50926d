"""However few points a chart has, what was highest, lowest and worst is among them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import accumulate, pairwise

from hypothesis import given
from hypothesis import strategies as st

from app.domain.equity import HighWater, Sample, summarise
from app.services.curves.points import Spot, drawn
from app.services.curves.reduction import LANDMARKS, reduced

START = datetime(2026, 3, 4, 15, 0, tzinfo=UTC)
D = Decimal

moves = st.lists(
    st.one_of(st.integers(-9, 9), st.none(), st.integers(-900, 900)), min_size=1, max_size=160
)
steps = st.lists(st.sampled_from([1, 1, 1, 5, 60, 4000]), min_size=160, max_size=160)


def samples(changes: Sequence[int | None], seconds: Sequence[int]) -> list[Sample]:
    """A curve that moves by each change; at a None it is unknown."""
    values = list(accumulate(changes, lambda sofar, each: sofar + (each or 0), initial=0))[1:]
    instants = accumulate(seconds)
    return [
        Sample(START + timedelta(seconds=at), None if change is None else D(value))
        for at, value, change in zip(instants, values, changes, strict=False)
    ]


def spots_of(curve: Sequence[Sample], peak: int = 0) -> list[Spot]:
    values = (None if each.value is None else int(each.value) for each in curve)
    return drawn(zip((each.at.timestamp() for each in curve), values, strict=True), peak)


def known(spots: Sequence[Spot]) -> list[int]:
    return [value for _, value, _ in spots if value is not None]


@given(moves, steps, st.integers(LANDMARKS, 60), st.integers(-50, 500))
def test_the_extremes_and_the_worst_drawdown_are_among_few_points(
    changes: list[int | None], seconds: list[int], limit: int, peak: int
) -> None:
    curve = samples(changes, seconds)
    spots = spots_of(curve, peak)
    found = reduced(spots, limit)
    assert len(found) <= limit
    assert list(found) == sorted(found, key=lambda each: each[0])
    assert set(found) <= set(spots)
    assert found[-1] == spots[-1]
    span = summarise(curve)
    if span is None:
        return
    mark = HighWater(D(peak)).after(span)
    assert max(known(found)) == int(span.high.value)
    assert min(known(found)) == int(span.low.value)
    assert max(each or 0 for _, _, each in found) == mark.max_drawdown
    shown = {datetime.fromtimestamp(each, UTC) for each, _, _ in found}
    assert span.last.at in shown
    if mark.fall is not None:
        assert mark.fall.trough_at in shown
        assert mark.fall.peak_at is None or mark.fall.peak_at in shown


def test_few_points_stay_as_they_are() -> None:
    spots = spots_of(samples([1, None, 2], [1] * 3))
    assert reduced(spots, LANDMARKS) is spots
    assert list(reduced([], LANDMARKS)) == []


def test_a_short_gap_is_left_out_and_a_long_one_stays() -> None:
    changes: list[int | None] = [1] * 1000
    changes[200] = changes[600] = None
    seconds = [1] * 1000
    seconds[601] = 500
    spots = spots_of(samples(changes, seconds))
    gaps = [each for each, value, _ in reduced(spots, 60) if value is None]
    assert gaps == [spots[600][0]]


def test_a_curve_of_which_nothing_is_known_ends_in_its_gap() -> None:
    spots = spots_of(samples([None] * 9, [1] * 9))
    assert list(reduced(spots, LANDMARKS)) == spots[-1:]


def test_every_stretch_of_a_long_curve_is_shown() -> None:
    spots = spots_of(samples([1, -1] * 5000, [1] * 10000))
    found = reduced(spots, 500)
    gaps = [b[0] - a[0] for a, b in pairwise(found)]
    assert max(gaps) <= 2 * 10000 / 99
    assert len(found) > 150
