from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from app.domain.equity import (
    DayFacts,
    DayPnl,
    combined,
    daily_pnl,
    realised_by_day,
)
from app.domain.orders import Fill
from app.domain.positions import fold
from app.domain.sessions import Roll
from tests.support.fills import books, fill, multipliers

CHICAGO = Roll.parse("16:00 America/Chicago")
UTC_DAY = Roll.parse("00:00 UTC")
ES = Decimal(50)

money = st.decimals(-1000, 1000, places=2)


def day(number: int) -> date:
    return date(2026, 3, number)


def test_realised_money_goes_to_the_trading_day_of_its_fill() -> None:
    before_roll = datetime(2026, 3, 2, 21, 59, 59, tzinfo=UTC)
    at_roll = datetime(2026, 3, 2, 22, 0, tzinfo=UTC)
    booked = [
        fill("2", "100", "1", number=1, at=before_roll - timedelta(hours=1)),
        fill("-1", "104", "1", number=2, at=before_roll),
        fill("-1", "110", "1", number=3, at=at_roll),
    ]
    assert realised_by_day(booked, ES, CHICAGO) == (
        DayFacts(day(2), Decimal(200), Decimal(2), 2, open_pnl=None),
        DayFacts(day(3), Decimal(500), Decimal(1), 1, open_pnl=Decimal(0)),
    )


def test_a_day_knows_its_realised_money_after_commission() -> None:
    assert DayFacts(day(2), Decimal(200), Decimal("2.5"), 2).realised_net == Decimal("197.5")


@given(books(), multipliers)
def test_the_days_add_up_to_the_whole_book(booked: list[Fill], multiplier: Decimal) -> None:
    spread = [
        replace(each, at=each.at + timedelta(hours=9 * number))
        for number, each in enumerate(booked)
    ]
    days = realised_by_day(spread, multiplier, UTC_DAY)
    whole = fold(spread, multiplier)
    assert sum((each.gross for each in days), Decimal(0)) == whole.realised_gross
    assert sum((each.commission for each in days), Decimal(0)) == whole.commission
    assert sum(each.fills for each in days) == whole.fills
    assert [each.day for each in days] == sorted({each.at.date() for each in spread})


def test_a_day_earns_what_it_realised_and_the_change_of_its_open_pnl() -> None:
    days = daily_pnl(
        [
            DayFacts(day(3), gross=Decimal(40), commission=Decimal(2), fills=1),
            DayFacts(day(2), commission=Decimal(2), fills=1, open_pnl=Decimal(25)),
        ]
    )
    assert days == (
        DayPnl(day(2), Decimal(23), Decimal(-2), 1),
        DayPnl(day(3), Decimal(13), Decimal(38), 1),
    )


def test_a_range_that_starts_with_an_open_position_counts_only_the_change() -> None:
    (only,) = daily_pnl([DayFacts(day(2), open_pnl=Decimal(30))], opening=Decimal(100))
    assert only.pnl == -70


def test_an_unknown_close_leaves_that_day_and_the_next_unknown_and_no_other() -> None:
    facts = [
        DayFacts(day(2), open_pnl=Decimal(5)),
        DayFacts(day(3), open_pnl=None),
        DayFacts(day(4), open_pnl=Decimal(8)),
        DayFacts(day(5), open_pnl=Decimal(9)),
    ]
    assert [each.pnl for each in daily_pnl(facts)] == [5, None, None, 1]


def test_an_unknown_opening_leaves_the_first_day_unknown() -> None:
    (only,) = daily_pnl([DayFacts(day(2))], opening=None)
    assert only.pnl is None


def test_no_facts_make_no_days() -> None:
    assert daily_pnl([]) == ()
    assert combined([]) == ()


@given(st.lists(money, min_size=1, max_size=9), st.lists(money, min_size=9, max_size=9), money)
def test_known_days_add_up_to_realised_plus_the_change_of_the_open_pnl(
    closes: list[Decimal], gross: list[Decimal], opening: Decimal
) -> None:
    facts = [
        DayFacts(day(number + 1), gross=gross[number], open_pnl=close)
        for number, close in enumerate(closes)
    ]
    total = sum((each.pnl or Decimal(0) for each in daily_pnl(facts, opening)), Decimal(0))
    assert total == sum(gross[: len(closes)], Decimal(0)) + closes[-1] - opening


def test_books_add_up_by_day() -> None:
    first = [DayPnl(day(2), Decimal(5), Decimal(1), 2), DayPnl(day(3), Decimal(1), Decimal(1), 1)]
    second = [DayPnl(day(2), Decimal(-8), Decimal(-2), 1)]
    assert combined([second, first]) == (
        DayPnl(day(2), Decimal(-3), Decimal(-1), 3),
        DayPnl(day(3), Decimal(1), Decimal(1), 1),
    )


def test_a_day_with_an_unknown_part_is_unknown_but_keeps_what_was_realised() -> None:
    unknown = [DayPnl(day(2), None, Decimal(4), 1)]
    known = [DayPnl(day(2), Decimal(6), Decimal(6), 1)]
    expected = (DayPnl(day(2), None, Decimal(10), 2),)
    assert combined([unknown, known]) == combined([known, unknown]) == expected
