"""The figures of round trips, against cases worked out by hand and against the library's floats."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import groupby
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.journal import Direction, RoundTrip
from app.domain.metrics import (
    ENOUGH,
    ClosedTrip,
    Cut,
    Period,
    Running,
    distribution,
    figures,
    groups,
    initial_risk,
    told,
)
from app.domain.money import divide

D = Decimal
#: Monday, 2 March 2026.
MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def trade(
    net: str,
    day: int = 0,
    hour: int = 10,
    *,
    fee: str = "0",
    risk: str | None = None,
    name: str = "Breakout",
) -> ClosedTrip:
    """A round trip of one hour, entered at ``hour`` of the ``day``-th day from Monday on."""
    opened = MONDAY + day * DAY + hour * HOUR
    return ClosedTrip(
        strategy_id=name.lower(),
        strategy_name=name,
        account_id="a",
        account_name="Paper",
        symbol="ESH2026",
        opened_at=opened,
        closed_at=opened + HOUR,
        gross=D(net) + D(fee),
        net=D(net),
        r=D(net) / D(risk) if risk else None,
    )


def week(days: int = 5) -> Period:
    first = MONDAY.date()
    return Period(first, first + (days - 1) * DAY, MONDAY, MONDAY + days * DAY)


def utc(at: datetime) -> date:
    return at.date()


def near(value: Decimal | None, text: str) -> bool:
    return value is not None and abs(value - D(text)) < D("0.0000005")


WEEK = [trade("100"), trade("-50", 1), trade("200", 2), trade("-100", 3), trade("50", 4)]


def test_a_week_worked_out_by_hand() -> None:
    found = figures(WEEK, week(), utc)
    assert (found.results.net, found.gross, found.fees) == (D(200), D(200), D(0))
    assert near(found.results.profit_factor, "2.3333333333")  # 350 / 150
    assert found.results.win_rate == D("0.6")
    assert found.results.expectancy == 40
    assert near(found.average_win, "116.6666666667")  # 350 / 3
    assert found.average_loss == -75
    assert near(found.payoff, "1.5555555556")
    assert (found.largest_win, found.largest_loss) == (D(200), D(-100))
    # The sum runs 100, 50, 250, 150, 200: the deepest fall is from 250 to 150.
    assert found.max_drawdown == 100
    assert found.recovery_factor == 2
    # The squares of the distances from 40 are 57000; over 4 that is 14250.
    assert near(found.sharpe, "5.3192797")  # sqrt(40 * 40 * 252 / 14250) = sqrt(28.2947368)
    assert near(found.sqn, "0.7492686")  # 40 / sqrt(14250) * sqrt(5)
    # The squares of the losses are 12500; over all 5 days that is 2500, its root 50.
    assert near(found.sortino, "12.6996063")  # 40 / 50 * sqrt(252)
    assert found.calmar == 146  # 200 * 365 / 5 / 100
    # Five hours of five days.
    assert near(found.exposure, "0.0416666667")
    assert found.average_hold == HOUR
    assert (found.longest_wins, found.longest_losses, found.streak) == (1, 1, 1)


def test_fees_lie_between_gross_and_net_and_can_turn_a_gain_into_a_loss() -> None:
    found = figures([trade("-1", fee="5"), trade("9", 1, fee="1")], week(), utc)
    assert (found.gross, found.fees, found.results.net) == (D(14), D(6), D(8))
    assert (found.results.wins, found.results.losses) == (1, 1)


def test_without_a_loss_what_divides_by_losses_is_unknown_and_never_zero() -> None:
    found = figures([trade("10"), trade("20", 1)], week(), utc)
    assert found.results.profit_factor is None
    assert (found.average_loss, found.largest_loss, found.payoff) == (None, None, None)
    assert (found.max_drawdown, found.recovery_factor, found.calmar) == (D(0), None, None)
    assert found.sortino is None
    assert found.sharpe is not None


def test_without_a_round_trip_nothing_is_claimed() -> None:
    found = figures([], week(), utc)
    assert [found.gross, found.fees, found.max_drawdown, found.exposure] == [D(0)] * 4
    assert (found.sharpe, found.sortino, found.calmar, found.sqn) == (None, None, None, None)
    assert (found.expectancy_r, found.average_hold, found.streak) == (None, None, 0)


def test_a_scratch_ends_a_streak_and_belongs_to_none() -> None:
    nets = ["1", "1", "1", "0", "-1", "-1"]
    found = figures([trade(net, hour=hour) for hour, net in enumerate(nets)], week(), utc)
    assert (found.longest_wins, found.longest_losses, found.streak) == (3, 2, -2)


def test_expectancy_in_r_counts_only_round_trips_with_a_known_stop() -> None:
    found = figures(
        [trade("100", risk="50"), trade("-50", 1, risk="50"), trade("70", 2)], week(), utc
    )
    assert (found.with_stop, found.expectancy_r) == (2, D("0.5"))  # (2 R - 1 R) / 2


def test_days_without_a_round_trip_count_as_zero_and_weekends_only_when_traded() -> None:
    sparse = figures([trade("30")], week(7), utc)
    assert near(sparse.sharpe, str(6 / statistics.stdev([30, 0, 0, 0, 0]) * 252**0.5))
    weekend = figures([trade("30"), trade("30", 5)], week(7), utc)
    assert near(weekend.sharpe, str(10 / statistics.stdev([30, 0, 0, 0, 0, 30]) * 252**0.5))


def test_round_trips_at_the_same_time_count_once_for_the_exposure() -> None:
    assert (
        figures([trade("1"), trade("1")], week(1), utc).exposure
        == figures([trade("1")], week(1), utc).exposure
    )


def test_the_system_quality_number_counts_at_most_a_hundred_round_trips() -> None:
    many = [trade("3" if each % 2 else "-1", each) for each in range(400)]
    nets = [3 if each % 2 else -1 for each in range(400)]
    assert near(figures(many, week(400), utc).sqn, str(10 * 1 / statistics.stdev(nets)))


def test_below_thirty_round_trips_there_are_too_few() -> None:
    assert figures([trade("1", each) for each in range(ENOUGH - 1)], week(40), utc).few
    assert not figures([trade("1", each) for each in range(ENOUGH)], week(40), utc).few


@given(st.lists(st.integers(-(10**6), 10**6), min_size=2, max_size=40))
def test_the_statistics_are_those_of_the_library(cents: Sequence[int]) -> None:
    trades = [trade(str(D(each) / 100), day) for day, each in enumerate(cents)]
    found = figures(trades, week(1), utc)
    values = [each / 100 for each in cents]
    spread = statistics.stdev(values)
    if not spread:
        assert found.sqn is None
        return
    expected = statistics.mean(values) / spread * len(values) ** 0.5
    assert float(found.sqn or 0) == pytest.approx(expected, abs=1e-6, rel=1e-6)


MINUTES = st.integers(0, 3000)


@given(
    st.lists(st.tuples(MINUTES, st.integers(0, 400), st.integers(-3, 3)), max_size=30),
    st.integers(1, 7),
    st.one_of(st.none(), MINUTES),
    MINUTES,
)
def test_round_trips_that_come_in_pieces_measure_as_all_at_once_by_the_plain_definitions(
    made: list[tuple[int, int, int]], size: int, begin: int | None, length: int
) -> None:
    minute = timedelta(minutes=1)
    trips = sorted(
        (
            trade(str(net))._replace(
                opened_at=MONDAY + (at - held) * minute, closed_at=MONDAY + at * minute
            )
            for at, held, net in made
        ),
        key=lambda each: each.closed_at,
    )
    start = None if begin is None else MONDAY + begin * minute
    running = Running(utc, start)
    for first in range(0, len(trips), size):
        running.add(trips[first : first + size])
    begins = start or min((each.opened_at for each in trips), default=MONDAY)
    period = Period(MONDAY.date(), MONDAY.date() + 2 * DAY, begins, begins + length * minute)
    found = told(running, period)
    kept = [each for each in trips if start is None or each.closed_at >= start]
    whole = Running(utc, start)
    whole.add(trips)
    assert told(whole, period) == found
    if len(kept) == len(trips) and length:
        open_minutes = sum(
            any(each.opened_at <= at < each.closed_at for each in trips)
            for at in (begins + each * minute for each in range(length))
        )
        assert found.exposure == divide(D(open_minutes), D(length))
    levels = [sum(each.net for each in trips[:count]) for count in range(len(trips) + 1)]
    falls = [max(levels[: index + 1]) - level for index, level in enumerate(levels)]
    assert found.max_drawdown == max(falls)
    runs = [(won, len(list(each))) for won, each in groupby(trips, lambda each: sign(each.net))]
    assert found.longest_wins == max((count for won, count in runs if won > 0), default=0)
    assert found.longest_losses == max((count for won, count in runs if won < 0), default=0)
    assert found.streak == (runs[-1][0] * runs[-1][1] if runs else 0)


def sign(net: Decimal) -> int:
    return (net > 0) - (net < 0)


@given(st.lists(st.integers(-500, 500), max_size=40), st.randoms(use_true_random=False))
def test_every_cut_adds_up_to_the_whole_in_whatever_order_the_round_trips_come(
    nets: list[int], chance: object
) -> None:
    trades = [
        trade(str(net), each % 9, each % 23, name=f"S{each % 3}") for each, net in enumerate(nets)
    ]
    shuffled = list(trades)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    for cut in Cut:
        found = groups(shuffled, cut, ZoneInfo("America/Chicago"))
        assert found == groups(trades, cut, ZoneInfo("America/Chicago"))
        assert sum(each.results.net for each in found) == sum(nets)
        assert sum(each.results.round_trips for each in found) == len(nets)


def test_weekday_and_hour_are_those_of_the_entry_in_the_zone_that_is_asked_for() -> None:
    late = [trade("5", 1, 2)]  # Tuesday 02:00 UTC is Monday 20:00 in Chicago
    (weekday,) = groups(late, Cut.WEEKDAY, ZoneInfo("America/Chicago"))
    (hour,) = groups(late, Cut.HOUR, ZoneInfo("America/Chicago"))
    assert (weekday.key, weekday.name, hour.key, hour.name) == ("1", "Mon", "20", "20:00")


@given(st.lists(st.decimals(-(10**6), 10**6, places=2), min_size=1, max_size=50))
def test_the_distribution_counts_each_result_once_and_has_an_edge_at_zero(
    nets: list[Decimal],
) -> None:
    bins = distribution(nets)
    assert 1 <= len(bins) <= 20
    assert sum(each.count for each in bins) == len(nets)
    for each in bins:
        assert each.count == len([net for net in nets if each.low <= net < each.high])
        assert not each.low < 0 < each.high
    assert [each.high for each in bins[:-1]] == [each.low for each in bins[1:]]


def test_bins_are_of_a_round_width() -> None:
    bins = distribution([D("-120"), D("35"), D("480")])
    assert (bins[0].low, bins[0].high, len(bins)) == (D(-150), D(-100), 13)


def test_risk_is_the_way_to_the_first_stop_on_its_losing_side() -> None:
    one = D(1)
    trip = RoundTrip(
        symbol="ESH2026",
        direction=Direction.LONG,
        opened_at=MONDAY,
        closed_at=MONDAY + HOUR,
        opening_fill_id="in",
        closing_fill_id="out",
        peak_quantity=one,
        quantity=one,
        average_entry=D(5000),
        average_exit=D(5002),
        gross=D(100),
        commission=D(0),
    )
    assert initial_risk(trip, D(4990), None, D(50)) == 500
    assert initial_risk(trip, None, D("2.5"), D(50)) == 125
    assert initial_risk(trip, None, None, D(50)) is None
    assert initial_risk(trip, D(5000), None, D(50)) is None
    assert initial_risk(trip, D(5010), None, D(50)) is None
