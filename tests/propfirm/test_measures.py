"""What is done to an account at its limits and before, and what its owner is warned of."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import time

import pytest

from app.propfirm import (
    AccountState,
    Cause,
    Event,
    LimitName,
    Measure,
    Near,
    Preferences,
    RuleSet,
    closing,
    limits,
    measure,
    warned,
)
from tests.propfirm.making import SOFT, STATIC, after, at, held, update

FLATTEN = Preferences(near=Near.FLATTEN)


def told_of(
    rules: RuleSet,
    when: str,
    *events: Event,
    told: Iterable[str] = (),
    chosen: Preferences = FLATTEN,
) -> tuple[list[str], tuple[str, ...]]:
    """The limits that are new, and all that has been told then."""
    state, moment = after(rules, *events), at(when)
    found = warned(told, limits(state, rules, chosen, moment), state, chosen, rules.day(moment))
    return [each.name.value for each in found.fresh], found.told


def done(
    rules: RuleSet,
    state: AccountState,
    when: str,
    near: Iterable[LimitName] = (),
    chosen: Preferences = FLATTEN,
    *,
    holds: bool = False,
) -> Measure | None:
    return measure(state, rules, chosen, near, at(when), holds=holds)


def test_a_limit_is_told_once_a_day_while_it_stays_near() -> None:
    low = update("2 10:00", 48400)
    assert told_of(STATIC, "2 10:00", low) == (["max_drawdown"], ("max_drawdown@2026-03-02",))
    told = ("max_drawdown@2026-03-02",)
    assert told_of(STATIC, "2 10:01", low, told=told) == ([], told)
    again = told_of(STATIC, "3 10:00", low, update("3 10:00", 48400), told=told)
    assert again == (["max_drawdown"], ("max_drawdown@2026-03-03",))


def test_a_limit_is_told_again_after_it_was_left_clearly_behind() -> None:
    told = ("max_drawdown@2026-03-02",)
    between = update("2 10:00", 48500)
    assert told_of(STATIC, "2 10:00", between) == ([], ())
    assert told_of(STATIC, "2 10:00", between, told=told) == ([], told)
    assert told_of(STATIC, "2 10:00", update("2 10:00", "48500.01"), told=told) == ([], ())


def test_what_is_not_known_changes_nothing() -> None:
    told = ("max_drawdown@2026-03-02",)
    assert told_of(STATIC, "2 10:00", update("2 10:00", 50000, None), told=told) == ([], told)


@pytest.mark.parametrize("balance", [48000, 47000])
def test_a_broken_limit_is_no_more_told_as_near(balance: int) -> None:
    assert told_of(STATIC, "2 10:00", update("2 10:00", balance)) == ([], ())


def test_of_a_paused_account_nothing_is_warned() -> None:
    news = (update("2 10:00", 49000), update("2 10:01", 49100))
    assert told_of(SOFT, "2 10:01", *news) == ([], ())


def test_the_flat_time_is_warned_of_once_where_something_is_held() -> None:
    holds = held("2 10:00", 2)
    assert told_of(STATIC, "2 14:59", holds) == ([], ())
    assert told_of(STATIC, "2 15:00") == ([], ())
    told = ("flat_time@2026-03-02",)
    assert told_of(STATIC, "2 15:00", holds) == (["flat_time"], told)
    assert told_of(STATIC, "2 15:05", holds, told=told) == ([], told)
    assert told_of(STATIC, "3 15:00", holds, told=told)[0] == ["flat_time"]


def test_a_flat_time_that_was_told_is_no_limit_that_is_near() -> None:
    state, moment = after(STATIC), at("2 10:00")
    told = ["flat_time@2026-03-02", "daily_loss@2026-03-02"]
    found = warned(told, limits(state, STATIC, FLATTEN, moment), state, FLATTEN, moment.date())
    assert found.near == {LimitName.DAILY_LOSS}


def test_a_failed_account_is_closed_for_good_and_a_paused_one_for_the_day() -> None:
    failed = after(STATIC, update("2 10:00", 48000))
    for when in ("2 10:00", "9 10:00"):
        found = done(STATIC, failed, when)
        assert found is not None
        assert (found.cause, found.closes, found.key) == (Cause.FAILED, True, "failed")
    paused = after(SOFT, update("2 10:00", 49000))
    found = done(SOFT, paused, "2 15:59:59")
    assert found is not None
    assert (found.cause, found.closes, found.key) == (Cause.PAUSED, True, "paused:2026-03-02")
    assert done(SOFT, paused, "2 16:00") is None


@pytest.mark.parametrize(
    ("when", "closes"),
    [("2 15:09:44", False), ("2 15:09:45", True), ("2 15:59:59", True), ("2 16:00", False)],
)
def test_everything_is_closed_a_little_before_the_flat_time_until_the_session_ends(
    when: str, *, closes: bool
) -> None:
    assert closing(STATIC, at(when)) is closes
    found = done(STATIC, after(STATIC), when, holds=True)
    assert (found is not None and found.cause is Cause.FLAT_TIME) is closes
    assert done(STATIC, after(STATIC), when) is None


def test_a_flat_time_at_the_sessions_end_closes_before_it() -> None:
    rules = replace(STATIC, flat_time=time(16))
    assert [closing(rules, at(when)) for when in ("2 15:59:40", "2 15:59:50", "2 16:00")] == [
        False,
        True,
        False,
    ]
    assert not closing(replace(STATIC, flat_time=None), at("2 15:59:59"))


@pytest.mark.parametrize(
    ("chosen", "key"),
    [
        (Near.WARN, None),
        (Near.REDUCE, "near:daily_loss:reduce"),
        (Near.FLATTEN, "near:daily_loss:close"),
    ],
)
def test_near_a_limit_that_is_done_which_its_owner_chose(chosen: Near, key: str | None) -> None:
    near = [LimitName.MAX_LOSS, LimitName.DAILY_LOSS]
    found = done(SOFT, after(SOFT), "2 10:00", near, Preferences(near=chosen))
    assert (found and found.key) == key
    assert done(SOFT, after(SOFT), "2 10:00", [], Preferences(near=chosen)) is None
