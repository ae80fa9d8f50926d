"""How far each limit is, and what other rules make of an account."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from app.domain.errors import Conflict, InvalidInput
from app.propfirm import (
    AccountState,
    Limit,
    LimitName,
    Preferences,
    RuleSet,
    limits,
    moved,
    opened,
    taken_over,
)
from tests.propfirm.making import (
    END_OF_DAY,
    INTRADAY,
    SOFT,
    STATIC,
    after,
    at,
    clock,
    held,
    payout,
    update,
)

D = Decimal
CHOSEN = Preferences()


def of(state: AccountState, rules: RuleSet, name: LimitName, when: str = "2 10:00") -> Limit:
    (found,) = [each for each in limits(state, rules, CHOSEN, at(when)) if each.name is name]
    return found


@pytest.mark.parametrize(
    ("equity", "left", "near", "broken"),
    [(50500, 1500, False, False), (49200, 200, True, False), (48999, -1, True, True)],
)
def test_the_daily_loss_is_near_at_its_last_fifth(
    equity: int, left: int, near: bool, broken: bool
) -> None:
    state = after(SOFT, update("2 09:00", 50000), update("2 10:00", equity))
    found = of(state, SOFT, LimitName.DAILY_LOSS)
    assert (found.left, found.near, found.broken) == (D(left), near, broken)
    assert found.used == max(1000 - left, 0)
    assert found.left_percent == D(left) / 10


def test_what_an_unknown_equity_leaves_open_is_neither_near_nor_zero() -> None:
    state = after(SOFT, update("2 10:00", 48001, None))
    for name in (LimitName.MAX_LOSS, LimitName.DAILY_LOSS):
        found = of(state, SOFT, name)
        assert (found.left, found.used, found.left_percent) == (None, None, None)
        assert not found.near


def test_more_than_all_of_a_limit_can_be_left() -> None:
    state = after(STATIC, update("2 10:00", 53000))
    found = of(state, STATIC, LimitName.MAX_LOSS)
    assert (found.left, found.used, found.left_percent) == (D(5000), D(0), D(250))
    assert found.label == "Maximum loss"
    assert of(after(INTRADAY, clock("2 10:00")), INTRADAY, LimitName.MAX_LOSS).label == (
        "Trailing drawdown"
    )


def test_contracts_count_against_what_the_plan_allows_today() -> None:
    rules = replace(STATIC, max_contracts=5)
    state = after(rules, held("2 10:00", 7))
    found = of(state, rules, LimitName.MAX_CONTRACTS)
    assert (found.left, found.used, found.broken, found.near) == (D(-2), D(7), True, False)


def test_the_flat_time_is_near_only_while_something_is_held() -> None:
    flat, holds = after(STATIC, clock("2 10:00")), after(STATIC, held("2 10:00", 1))
    assert not of(flat, STATIC, LimitName.FLAT_TIME, "2 15:05").near
    near = [of(holds, STATIC, LimitName.FLAT_TIME, f"2 {hour}") for hour in ("14:59", "15:00")]
    assert [each.near for each in near] == [False, True]
    assert near[0].at == at("2 15:10")
    late = of(holds, STATIC, LimitName.FLAT_TIME, "2 15:10")
    assert (late.broken, late.at) == (True, at("2 15:10"))


def test_other_rules_keep_what_was_reached_and_bring_their_own_floor() -> None:
    state = after(END_OF_DAY, update("2 10:00", 50050), clock("3 10:00"))
    wider = replace(END_OF_DAY, drawdown=replace(END_OF_DAY.drawdown, amount=D(2500)))
    assert (state.floor, moved(state, END_OF_DAY, wider).floor) == (D(48050), D(47550))
    assert moved(state, END_OF_DAY, STATIC).floor == D(48000)
    assert replace(moved(state, END_OF_DAY, wider), floor=state.floor) == state


def test_a_payout_keeps_the_floor_at_the_lock_of_the_other_rules() -> None:
    state = after(END_OF_DAY, update("2 10:00", 51000), payout("2 10:01", 100))
    higher = replace(END_OF_DAY, drawdown=replace(END_OF_DAY.drawdown, lock_at=D(50500)))
    assert moved(state, END_OF_DAY, higher).floor == D(50500)


def test_rules_that_begin_with_another_balance_are_for_a_new_account() -> None:
    larger = replace(END_OF_DAY, start_balance=D(100000))
    with pytest.raises(Conflict):
        moved(opened(END_OF_DAY), END_OF_DAY, larger)


def test_an_account_that_is_taken_over_begins_its_day_with_what_it_has() -> None:
    state = taken_over(opened(END_OF_DAY), END_OF_DAY, D(51000), D(52500))
    figures = (state.balance, state.day_start_balance, state.high_water)
    assert figures == (D(51000), D(51000), D(52500))
    assert state.floor == D(50100)
    assert taken_over(opened(STATIC), STATIC, D(47000), None).floor == D(48000)
    with pytest.raises(InvalidInput) as refused:
        taken_over(opened(STATIC), STATIC, D(50000), D(49999))
    assert set(refused.value.fields) == {"high_water"}
