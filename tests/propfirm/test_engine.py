"""What events make of a funded account, beyond the scenarios of the oracle."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, time

import pytest

from app.domain.errors import Conflict, InvalidInput
from app.propfirm import (
    AccountState,
    DayResult,
    Drawdown,
    Event,
    Mode,
    Rule,
    RuleSet,
    Severity,
    Status,
    opened,
    reset,
    rule_set,
    step,
)
from tests.propfirm.making import (
    END_OF_DAY,
    HARD,
    INTRADAY,
    SOFT,
    STATIC,
    D,
    after,
    clock,
    held,
    payout,
    update,
)


def broken(state: AccountState) -> list[tuple[Rule, Severity]]:
    return [(each.rule, each.severity) for each in state.breaches]


def test_a_step_tells_the_breaches_that_it_brought() -> None:
    state = after(SOFT, update("2 10:00", 50000, -1000))
    result = step(state, SOFT, update("2 10:01", 48000))
    assert [each.rule for each in result.breaches] == [Rule.MAX_LOSS]
    assert (result.breaches[0].limit, result.breaches[0].seen) == (D(48000), D(48000))
    assert broken(result.state)[0] == (Rule.DAILY_LOSS, Severity.SOFT)


def test_a_hard_daily_loss_fails_the_account_for_good() -> None:
    state = after(HARD, update("2 10:00", 50000, -1000), clock("3 10:00"))
    assert state.status is Status.FAILED
    assert broken(state) == [(Rule.DAILY_LOSS, Severity.HARD)]
    assert (state.breaches[0].limit, state.breaches[0].seen) == (D(1000), D(-1000))


@pytest.mark.parametrize(
    ("rules", "equity", "status"),
    [
        (STATIC, "48000", Status.FAILED),
        (replace(STATIC, breach_on_touch=False), "48000", Status.ACTIVE),
        (replace(STATIC, breach_on_touch=False), "47999.99", Status.FAILED),
        (SOFT, "49000", Status.PAUSED_DAY),
        (replace(SOFT, breach_on_touch=False), "49000", Status.ACTIVE),
        (replace(SOFT, breach_on_touch=False), "48999.99", Status.PAUSED_DAY),
    ],
)
def test_a_limit_is_broken_when_it_is_touched_or_when_it_is_crossed(
    rules: RuleSet, equity: str, status: Status
) -> None:
    assert after(rules, update("2 10:00", equity)).status is status


@pytest.mark.parametrize("rules", [STATIC, END_OF_DAY, INTRADAY], ids=["static", "eod", "live"])
def test_no_data_a_spike_without_a_quote_and_zeros_are_no_breach(rules: RuleSet) -> None:
    quiet = after(rules, update("2 10:00", 50500))
    for nothing in (update("2 10:01", None, -9000), update("2 10:01", 0, 0)):
        after_it = step(quiet, rules, nothing).state
        assert replace(after_it, at=quiet.at) == quiet
    spike = step(quiet, rules, update("2 10:01", 50500, -9000, quoted=False)).state
    assert (spike.status, spike.equity, spike.room, spike.day_pnl) == (
        Status.ACTIVE,
        None,
        None,
        None,
    )
    assert spike.high_water == quiet.high_water
    assert step(spike, rules, update("2 10:02", 50500)).state.equity == D(50500)


def test_an_open_profit_or_loss_that_is_not_known_is_not_zero() -> None:
    state = after(SOFT, update("2 10:00", 50000, None))
    assert (state.equity, state.daily_room(SOFT)) == (None, None)


def test_a_balance_of_zero_is_a_value_where_the_account_starts_at_zero() -> None:
    funded = rule_set("topstep_xfa_50k")
    state = after(funded, update("2 10:00", 300), update("2 10:01", 0))
    assert (state.balance, state.days) == (D(0), (DayResult(date(2026, 3, 2), D(0)),))


def test_a_day_that_began_begins_no_second_time() -> None:
    state = after(END_OF_DAY, update("2 10:00", 51000))
    once = reset(state, END_OF_DAY, date(2026, 3, 3))
    assert (once.day_start_balance, once.high_water, once.floor) == (D(51000), D(51000), D(49000))
    moved = step(once, END_OF_DAY, update("2 17:00", 51500)).state
    assert reset(moved, END_OF_DAY, date(2026, 3, 3)) == moved
    assert reset(moved, END_OF_DAY, date(2026, 3, 2)) == moved


def test_missed_days_are_made_up_before_the_next_news_are_judged() -> None:
    missed = after(END_OF_DAY, update("2 10:00", 51000), update("6 10:00", 50000))
    each = after(
        END_OF_DAY,
        update("2 10:00", 51000),
        *(clock(f"{day} 16:00") for day in (2, 3, 4, 5)),
        update("6 10:00", 50000),
    )
    assert missed == each
    assert (missed.floor, missed.day_start_balance) == (D(49000), D(51000))


def test_the_day_ends_when_the_rule_set_says_in_summer_and_in_winter() -> None:
    later = replace(END_OF_DAY, session_end=time(17))
    state = after(later, update("2 10:00", 50400), update("2 16:30", 50500))
    assert (state.day, state.high_water) == (date(2026, 3, 2), D(50000))
    assert after(later, clock("2 17:00")).day == date(2026, 3, 3)
    # Clocks go forward on Sunday, the 8th.
    assert after(later, clock("6 16:59:59")).day == date(2026, 3, 6)
    assert after(later, clock("6 17:00")).day == date(2026, 3, 9)
    assert after(later, clock("9 16:59:59")).day == date(2026, 3, 9)


@pytest.mark.parametrize(
    ("late", "status"),
    [
        (update("2 10:01", 50000, -2000), Status.FAILED),
        (update("2 10:01", 50000, -1999), Status.ACTIVE),
        (update("2 10:01", 50000, -9000, quoted=False), Status.ACTIVE),
        (update("2 10:01", None), Status.ACTIVE),
    ],
)
def test_a_late_low_of_the_day_breaks_the_limit_and_replaces_nothing(
    late: Event, status: Status
) -> None:
    state = after(STATIC, clock("2 10:00"), update("2 10:05", 50100))
    result = step(state, STATIC, late).state
    assert result.status is status
    assert (result.balance, result.equity, result.at) == (D(50100), D(50100), state.at)


def test_a_late_high_raises_the_floor_that_follows_live_equity() -> None:
    state = after(INTRADAY, update("2 10:05", 50000, 100))
    higher = step(state, INTRADAY, update("2 10:01", 50000, 900)).state
    assert (higher.high_water, higher.floor, higher.equity) == (D(50900), D(48900), D(50100))
    low = step(higher, INTRADAY, update("2 10:02", 50000, -1500)).state
    assert low == higher  # the floor may have been lower then
    broke = step(state, INTRADAY, update("2 10:01", 50000, 2100)).state
    assert (broke.floor, broke.status) == (D(50100), Status.FAILED)


def test_what_comes_late_from_an_earlier_day_or_is_no_news_changes_nothing() -> None:
    state = after(STATIC, update("2 10:00", 50000), update("3 10:00", 50100))
    for late in (update("2 11:00", 47000), clock("3 09:00"), held("3 09:00", 4)):
        assert step(state, STATIC, late).state == state


def test_a_late_low_may_be_from_before_the_payout_of_the_day() -> None:
    state = after(END_OF_DAY, update("2 10:00", 54000), payout("2 10:05", 1000))
    assert step(state, END_OF_DAY, update("2 10:01", 50050)).state == state


def test_a_payout_is_no_loss_and_moves_the_floor_to_its_lock() -> None:
    state = after(END_OF_DAY, update("2 10:00", 53000), payout("2 12:00", 2000))
    assert (state.balance, state.day_pnl, state.paid_out) == (D(51000), D(3000), D(2000))
    assert (state.floor, state.high_water, state.locked(END_OF_DAY)) == (D(50100), D(50000), True)
    after_it = step(state, END_OF_DAY, update("2 12:01", 51000)).state
    assert after_it.days == (DayResult(date(2026, 3, 2), D(3000)),)
    for rules in (END_OF_DAY, INTRADAY):
        later = after(rules, update("2 10:00", 50900), payout("2 12:00", 100), clock("3 10:00"))
        assert (later.floor, later.locked(rules)) == (D(50100), True)
    assert after(STATIC, payout("2 12:00", 100)).floor == D(48000)


def test_a_payout_that_leaves_nothing_above_the_floor_fails_the_account() -> None:
    state = after(END_OF_DAY, update("2 10:00", 51000), payout("2 12:00", 900))
    assert (state.status, state.paid_out) == (Status.FAILED, D(900))
    assert step(state, END_OF_DAY, payout("2 13:00", 100)).state.paid_out == D(900)


@pytest.mark.parametrize("amount", [0, -5])
def test_a_payout_is_more_than_nothing(amount: int) -> None:
    with pytest.raises(InvalidInput, match="amount must be more than 0"):
        after(STATIC, payout("2 12:00", amount))


def test_a_payout_from_before_the_last_news_is_refused() -> None:
    state = after(STATIC, update("2 12:00", 51000))
    with pytest.raises(Conflict, match="again"):
        step(state, STATIC, payout("2 11:00", 100))


def test_more_contracts_than_allowed_are_told_each_time_that_they_grow() -> None:
    few = replace(STATIC, max_contracts=2)
    state = after(few, *(held(f"2 10:0{n}", many) for n, many in enumerate((2, 3, 3, 4, 3, 0))))
    assert [(each.limit, each.seen) for each in state.breaches] == [(D(2), D(3)), (D(2), D(4))]
    assert state.status is Status.ACTIVE
    failed = step(state, few, update("2 10:07", 47000)).state
    assert step(failed, few, held("2 10:08", 9)).breaches == ()


def test_contracts_are_not_negative() -> None:
    with pytest.raises(InvalidInput, match="contracts must not be negative"):
        after(STATIC, held("2 10:00", -1))


def test_what_is_held_after_the_flat_time_is_told_once_a_day() -> None:
    day: list[Event] = [
        held("2 14:00", 1),
        clock("2 15:09"),
        clock("2 15:10"),
        update("2 15:20", 50000),
    ]
    state = after(STATIC, *day, held("2 15:30", 2))
    assert broken(state) == [(Rule.FLAT_TIME, Severity.DENY)]
    assert state.breaches[0].seen == D(1)
    assert len(after(STATIC, *day, clock("3 15:10")).breaches) == 2
    assert after(STATIC, held("2 14:00", 0), clock("2 15:10")).breaches == ()
    failed = after(STATIC, held("2 14:00", 1), update("2 15:00", 47000), clock("2 15:10"))
    assert broken(failed) == [(Rule.MAX_LOSS, Severity.HARD)]


@pytest.mark.parametrize("mode", [Mode.END_OF_DAY, Mode.INTRADAY])
def test_a_floor_without_a_lock_follows_for_ever(mode: Mode) -> None:
    free = replace(STATIC, drawdown=Drawdown(D(2000), mode))
    state = after(free, update("2 10:00", 60000), clock("3 10:00"))
    assert (state.floor, state.locked(free)) == (D(58000), False)


def test_a_failed_account_keeps_its_peak_also_at_the_end_of_the_day() -> None:
    state = after(END_OF_DAY, update("2 10:00", 53000, -5000), clock("3 10:00"))
    assert (state.high_water, state.floor, state.status) == (D(50000), D(48000), Status.FAILED)
    assert state.day == date(2026, 3, 3)


def test_sums_beyond_what_python_counts_by_itself_are_exact() -> None:
    large, small = D(900000000000000), D("1e-18")
    state = after(STATIC, update("2 10:00", large, small))
    assert str(state.equity) == "900000000000000.000000000000000001"


def test_a_new_account_has_no_day_and_its_first_floor() -> None:
    assert (opened(STATIC).day, opened(STATIC).floor) == (None, D(48000))


def test_an_open_loss_that_is_carried_into_a_day_is_held_against_its_limits_at_once() -> None:
    carried = after(SOFT, update("2 10:00", 51000), update("2 11:00", 52000, -1000))
    assert carried.status is Status.ACTIVE
    assert step(carried, SOFT, clock("2 16:00")).state.status is Status.PAUSED_DAY
    trailing = after(END_OF_DAY, update("2 10:00", 53000, -2900))
    assert step(trailing, END_OF_DAY, clock("2 16:00")).state.status is Status.FAILED
