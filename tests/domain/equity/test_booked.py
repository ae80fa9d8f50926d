from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.equity import BookDay, BookedMoney, DayFinder, Ended, booked_days
from app.domain.journal import advance, journal
from app.domain.money import CONTEXT, ZERO, exact
from app.domain.orders import Fill
from app.domain.positions import FLAT, Step, apply, effect, fold, history, unrealised
from app.domain.sessions import Roll, trading_day
from tests.support.fills import books, fill, multipliers

ES = Decimal(50)
ROLLS = [
    "16:00 America/Chicago",
    "16:00 America/Chicago weekdays",
    "16:00 America/Chicago holidays CMES",
    "close XNYS",
    "00:00 UTC",
    "02:30 America/New_York",
]
rolls = st.sampled_from(ROLLS).map(Roll.parse)
#: From one fill to the next: within a day, over a weekend, over a change of the clocks.
hours = st.lists(st.integers(0, 24 * 40), min_size=12, max_size=12)


def finder(text: str) -> DayFinder:
    return DayFinder(Roll.parse(text))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def days_of(booked: list[Fill], multiplier: Decimal, roll: Roll) -> tuple[BookDay, ...]:
    money = [
        BookedMoney(step.fill.at, step.realised_gross, step.commission)
        for step in history(booked, multiplier)
    ]
    ended = [Ended(trip.closed_at, trip.net) for trip in journal(booked, multiplier).closed]
    return booked_days(money, ended, DayFinder(roll))


def spread(booked: list[Fill], gaps: list[int]) -> list[Fill]:
    """The fills with hours between them."""
    later = [
        replace(each, at=each.at + timedelta(hours=sum(gaps[: number + 1])))
        for number, each in enumerate(booked)
    ]
    return sorted(later, key=lambda each: (each.at, each.venue_fill_id))


@exact
def total(amounts: list[Decimal]) -> Decimal:
    return sum(amounts, ZERO)


@given(books(), multipliers, rolls, hours)
def test_i1_the_days_of_a_book_add_up_to_all_that_it_realised(
    booked: list[Fill], multiplier: Decimal, roll: Roll, gaps: list[int]
) -> None:
    booked = spread(booked, gaps)
    days, whole = days_of(booked, multiplier, roll), fold(booked, multiplier)
    trips = journal(booked, multiplier).closed
    assert total([day.realised for day in days]) == whole.realised_net
    assert total([day.gross for day in days]) == whole.realised_gross
    assert total([day.fees for day in days]) == whole.commission
    assert sum(day.fills for day in days) == len(booked)
    assert total([day.net for day in days]) == total([trip.net for trip in trips])
    assert sum(day.trades for day in days) == len(trips)
    assert sum(day.wins for day in days) == sum(trip.net > 0 for trip in trips)
    assert sum(day.losses for day in days) == sum(trip.net < 0 for trip in trips)
    nets = [trip.net for trip in trips]
    assert max((day.best for day in days if day.best is not None), default=None) == max(
        nets, default=None
    )
    assert min((day.worst for day in days if day.worst is not None), default=None) == min(
        nets, default=None
    )


@given(books(), multipliers, rolls, hours)
def test_days_that_are_counted_fill_by_fill_are_those_of_all_fills_at_once(
    booked: list[Fill], multiplier: Decimal, roll: Roll, gaps: list[int]
) -> None:
    booked = spread(booked, gaps)
    days: dict[date, BookDay] = {}
    found, position, trip = DayFinder(roll), FLAT, None
    for each in booked:
        step = Step(each, position, apply(position, each, multiplier))
        closed, trip = advance(trip, each, multiplier)
        day = found.day_of(each.at)
        known = days.get(day, BookDay(day)).with_fill(step.realised_gross, step.commission)
        days[day] = known if closed is None else known.with_trade(closed.net)
        position = step.after
    assert tuple(days[day] for day in sorted(days)) == days_of(booked, multiplier, roll)


@given(books(), multipliers, st.data())
def test_any_order_and_repetition_of_fills_makes_the_same_days(
    booked: list[Fill], multiplier: Decimal, data: st.DataObject
) -> None:
    again = data.draw(st.permutations(booked + data.draw(st.lists(st.sampled_from(booked)))))
    roll = Roll.parse("00:00 UTC")
    assert days_of(again, multiplier, roll) == days_of(booked, multiplier, roll)


@given(st.lists(st.tuples(books(6), multipliers, rolls), min_size=1, max_size=4), st.data())
def test_days_and_open_pnl_of_several_books_are_their_cash_flow_and_value_at_every_step(
    held: list[tuple[list[Fill], Decimal, Roll]], data: st.DataObject
) -> None:
    mark = data.draw(st.decimals(-100, 200_000, places=4))
    for count in range(1, 7):
        realised, open_pnl, cash, value = ZERO, ZERO, ZERO, ZERO
        for booked, multiplier, roll in held:
            sofar = booked[:count]
            position = fold(sofar, multiplier)
            realised = CONTEXT.add(
                realised, total([day.realised for day in days_of(sofar, multiplier, roll)])
            )
            open_pnl = CONTEXT.add(open_pnl, unrealised(position, mark, multiplier) or ZERO)
            cash = CONTEXT.add(cash, total([flow(each, multiplier) for each in sofar]))
            value = CONTEXT.add(value, worth(position.quantity, mark, multiplier))
        assert CONTEXT.add(realised, open_pnl) == CONTEXT.add(cash, value)


@exact
def flow(each: Fill, multiplier: Decimal) -> Decimal:
    """The money that the fill paid or brought, after its cost."""
    done = effect(each, multiplier)
    return -done.quantity * done.price * multiplier - done.commission


@exact
def worth(quantity: Decimal, mark: Decimal, multiplier: Decimal) -> Decimal:
    return quantity * mark * multiplier


@given(
    rolls,
    st.lists(
        st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
        max_size=20,
    ),
)
def test_a_day_is_found_whatever_was_found_before(roll: Roll, instants: list[datetime]) -> None:
    found = DayFinder(roll)
    assert [found.day_of(each) for each in instants] == [
        trading_day(each, roll) for each in instants
    ]


@pytest.mark.parametrize(
    ("roll", "instant", "day"),
    [
        # Exactly at the roll it is the new day, a microsecond before it is not.
        ("16:00 America/Chicago", "2026-03-02T21:59:59.999999", "2026-03-02"),
        ("16:00 America/Chicago", "2026-03-02T22:00:00", "2026-03-03"),
        # The clocks change on 8 March and on 1 November: the roll stays at 16:00 on the wall.
        ("16:00 America/Chicago", "2026-03-08T21:00:00", "2026-03-09"),
        ("16:00 America/Chicago", "2026-11-01T21:59:59", "2026-11-01"),
        ("16:00 America/Chicago", "2026-11-01T22:00:00", "2026-11-02"),
        # Sunday evening in Chicago is Monday's session.
        ("16:00 America/Chicago weekdays", "2026-03-01T23:00:00", "2026-03-02"),
        ("16:00 America/Chicago weekdays", "2026-02-28T12:00:00", "2026-03-02"),
        # Thanksgiving belongs to the half day after it, which closes at 13:00 in New York.
        ("close XNYS", "2026-11-26T15:00:00", "2026-11-27"),
        ("close XNYS", "2026-11-27T17:59:59", "2026-11-27"),
        ("close XNYS", "2026-11-27T18:00:00", "2026-11-30"),
        ("16:00 America/Chicago holidays CMES", "2026-12-25T15:00:00", "2026-12-28"),
    ],
)
def test_a_fill_is_in_the_day_of_its_session(roll: str, instant: str, day: str) -> None:
    assert finder(roll).day_of(at(instant)) == date.fromisoformat(day)


def test_what_a_venue_dates_outside_the_known_years_counts_by_weekdays() -> None:
    found = finder("close XNYS")
    assert found.day_of(at("1970-01-01T00:00:00")) == date(1970, 1, 1)
    assert found.day_of(at("1998-07-04T12:00:00")) == date(1998, 7, 6)
    assert found.day_of(at("2026-03-02T15:00:00")) == date(2026, 3, 2)


def test_a_day_tells_what_won_and_lost_and_counts_a_scratch_as_neither() -> None:
    day = BookDay(date(2026, 3, 2))
    for net in ("5", "-7", "0", "2"):
        day = day.with_trade(Decimal(net))
    assert (day.trades, day.wins, day.losses, day.net) == (4, 2, 1, ZERO)
    assert (day.best, day.worst) == (Decimal(5), Decimal(-7))


def test_a_fee_kept_in_coin_is_a_fee_of_the_day() -> None:
    booked = [fill("2", "100", "1", number=1, base_fee="0.5"), fill("-1.5", "110", number=2)]
    (day,) = days_of(booked, ES, Roll.parse("00:00 UTC"))
    assert (day.fees, day.gross, day.realised) == (Decimal(2501), Decimal(750), Decimal(-1751))
