"""The figures of an account, beyond the scenarios of the oracle."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.propfirm import (
    AccountState,
    Compare,
    Consistency,
    Event,
    RuleSet,
    rule_set,
    standing,
)
from tests.propfirm.making import (
    END_OF_DAY,
    HARD,
    STATIC,
    D,
    after,
    held,
    payout,
    update,
)

EXPRESS = rule_set("topstep_xfa_50k")


def winners(count: int, first: int = 2) -> list[Event]:
    """Days that each close 200 higher; the first is on that day of March."""
    days = [first + each + 2 * ((first + each - 2) // 5) for each in range(count)]
    return [update(f"{day} 10:00", 200 * (place + 1)) for place, day in enumerate(days)]


@pytest.mark.parametrize(
    ("event", "passed"),
    [
        (update("2 10:00", 53000), True),
        (update("2 10:00", "52999.99"), False),
        (update("2 10:00", 53000, 10), False),
        (update("2 10:00", 53000, None), False),
    ],
)
def test_the_target_counts_when_it_is_closed_and_nothing_is_open(
    event: Event, *, passed: bool
) -> None:
    assert standing(after(STATIC, event), STATIC).passed is passed


def test_contracts_that_are_held_are_open() -> None:
    figures = standing(after(STATIC, update("2 10:00", 53000), held("2 10:00", 1)), STATIC)
    assert (figures.target_met, figures.passed) == (True, False)


def test_a_failed_account_has_not_passed() -> None:
    gone = after(HARD, update("2 10:00", 56000), update("3 10:00", 54000))
    figures = standing(gone, HARD)
    assert (figures.target_met, figures.passed) == (True, False)


def test_what_is_left_of_each_demand_is_told() -> None:
    demanding = replace(EXPRESS, profit_target=D(1000), min_trading_days=3)
    state = after(demanding, update("2 10:00", 200), held("2 10:01", 1))
    figures = standing(state, demanding)
    assert (figures.target_left, figures.trading_days_left) == (D(800), 2)
    assert (figures.max_contracts, figures.contracts_left) == (2, D(1))
    assert figures.locked is False
    over = standing(after(demanding, update("2 10:00", 1200)), demanding)
    assert (over.target_left, over.target_met) == (D(0), True)
    free = standing(after(replace(STATIC, profit_target=None)), replace(STATIC, profit_target=None))
    assert (free.target_left, free.contracts_left) == (None, None)


def test_five_winning_days_make_a_payout_ready_and_then_count_from_anew() -> None:
    def ready(state: AccountState) -> bool | None:
        return standing(state, EXPRESS).payout_days_ok

    events = winners(5)
    assert [ready(after(EXPRESS, *events[:count])) for count in (4, 5)] == [False, True]
    paid = [*events, payout("6 11:00", 500)]
    assert ready(after(EXPRESS, *paid)) is False
    later = [update(f"{day} 10:00", 700 + 200 * (day - 9)) for day in (9, 10, 11, 12, 13)]
    assert ready(after(EXPRESS, *paid, *later[:4])) is False  # the day of the payout is spent
    figures = standing(after(EXPRESS, *paid, *later), EXPRESS)
    assert (figures.winning_days, figures.payout_days_ok) == (10, True)


def test_the_best_day_is_part_of_all_that_was_made_payouts_included() -> None:
    state = after(
        END_OF_DAY, update("2 10:00", 53000), update("3 10:00", 54000), payout("3 11:00", 2000)
    )
    figures = standing(state, END_OF_DAY)
    assert (figures.profit, figures.best_day, figures.best_day_percent) == (D(2000), D(3000), D(75))


def test_no_day_is_best_without_a_profit() -> None:
    figures = standing(after(STATIC, update("2 10:00", 49000)), STATIC)
    assert (figures.best_day, figures.best_day_percent) == (D(0), None)


@pytest.mark.parametrize(
    ("compare", "best", "made", "allowed"),
    [
        (Compare.BELOW, 500, 1000, False),
        (Compare.AT_MOST, 500, 1000, True),
        (Compare.BELOW, "499.999999999", 1000, True),
        (Compare.AT_MOST, "500.000000001", 1000, False),
        (Compare.AT_MOST, 0, 0, False),
        (Compare.AT_MOST, 0, -5, False),
    ],
)
def test_the_share_of_a_day_is_compared_exactly(
    compare: Compare, best: str, made: int, *, allowed: bool
) -> None:
    assert Consistency(D(50), compare).allows(D(best), D(made)) is allowed


def test_a_plan_looks_at_the_last_end_of_the_day() -> None:
    def most(rules: RuleSet, *events: Event) -> int | None:
        return standing(after(rules, *events), rules).max_contracts

    assert most(EXPRESS, update("2 10:00", 2500)) == 2
    assert most(EXPRESS, update("2 10:00", 2500), update("3 10:00", 100)) == 5
    assert most(EXPRESS, update("2 10:00", -500), update("3 10:00", 100)) == 2
