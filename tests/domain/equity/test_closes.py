from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal

from app.domain.equity import (
    CashFlow,
    CurveDay,
    Outcome,
    Sample,
    curve_days,
    grouped,
    outcome,
    without_flows,
)
from app.domain.sessions import Roll, trading_day
from tests.support.fills import MONDAY

CME = Roll.parse("16:00 America/Chicago weekdays")


def day_of(at: datetime) -> date:
    return trading_day(at, CME)


def test_a_day_earns_the_change_of_its_closes_and_a_deposit_is_no_profit() -> None:
    day = MONDAY.date()
    samples = [
        Sample(MONDAY, Decimal(1010)),
        Sample(MONDAY + timedelta(hours=1), Decimal(990)),
        Sample(MONDAY + timedelta(days=1), Decimal(1500)),
    ]
    flows = [CashFlow(MONDAY + timedelta(hours=20), Decimal(500))]
    days = curve_days(grouped(without_flows(samples, flows), day_of), Decimal(1000), flows)
    assert days == (
        CurveDay(day, Decimal(990), Decimal(-10), Decimal(1010), Decimal(990), 2),
        CurveDay(
            day + timedelta(days=1), Decimal(1500), Decimal(10), Decimal(1000), Decimal(1000), 1
        ),
    )
    assert outcome(days) == Outcome(1, Decimal(10), Decimal(-10))


def test_a_day_that_earned_nothing_is_no_winning_day() -> None:
    days = curve_days(grouped([Sample(MONDAY, Decimal(0))], day_of), Decimal(0))
    assert outcome(days) == Outcome(0, Decimal(0), Decimal(0))


def test_without_a_day_there_is_neither_a_best_nor_a_worst() -> None:
    assert outcome(curve_days([], Decimal(0))) == Outcome(0, None, None)
