"""The rules oracle notices each well-known way to judge a funded account wrongly.

Each wrong keeper below is the engine with one mistake; the oracle must reject it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import time

import pytest

from app.propfirm import (
    AccountState,
    Compare,
    Drawdown,
    Event,
    Mode,
    RuleSet,
    Standing,
    Update,
    opened,
    reset,
    standing,
    step,
)
from tests.oracles.rules_cases import Keeper, Scenario, by_engine, differences, kept, scenarios


def percent_of_the_peak(scenario: Scenario) -> Sequence[Standing]:
    """The floor lies so many percent below the peak, instead of an amount."""
    rules, figures = scenario.rules, []
    state = opened(rules)
    share = rules.drawdown.amount / rules.account_size
    for event in scenario.events:
        before = state.high_water
        state = step(state, rules, event).state
        if state.high_water > before:
            state = replace(state, floor=state.high_water * (1 - share))
        figures.append(standing(state, rules))
    return figures


def open_profit_is_ignored(scenario: Scenario) -> Sequence[Standing]:
    closed = [
        replace(each, unrealized=opened(scenario.rules).unrealized)
        if isinstance(each, Update)
        else each
        for each in scenario.events
    ]
    told = kept(scenario.rules, closed)
    # What is shown is right, so that what is judged alone is compared.
    return [
        replace(wrong, equity=right.equity, room=right.room, day_pnl=right.day_pnl)
        for wrong, right in zip(told, by_engine(scenario), strict=True)
    ]


def with_rules(scenario: Scenario, rules: RuleSet) -> Sequence[Standing]:
    return kept(rules, scenario.events)


def with_mode(scenario: Scenario, mode: Mode) -> Sequence[Standing]:
    drawdown = replace(scenario.rules.drawdown, mode=mode)
    return with_rules(scenario, replace(scenario.rules, drawdown=drawdown))


def never_locking(scenario: Scenario) -> Sequence[Standing]:
    drawdown = Drawdown(scenario.rules.drawdown.amount, scenario.rules.drawdown.mode)
    return with_rules(scenario, replace(scenario.rules, drawdown=drawdown))


def always_live(scenario: Scenario) -> Sequence[Standing]:
    return with_mode(scenario, Mode.INTRADAY)


def always_at_the_end_of_the_day(scenario: Scenario) -> Sequence[Standing]:
    return with_mode(scenario, Mode.END_OF_DAY)


def never_trailing(scenario: Scenario) -> Sequence[Standing]:
    return with_mode(scenario, Mode.STATIC)


def crossed_not_touched(scenario: Scenario) -> Sequence[Standing]:
    return with_rules(scenario, replace(scenario.rules, breach_on_touch=False))


def days_end_an_hour_later(scenario: Scenario) -> Sequence[Standing]:
    return with_rules(scenario, replace(scenario.rules, session_end=time(17)))


def days_end_at_midnight(scenario: Scenario) -> Sequence[Standing]:
    return with_rules(scenario, replace(scenario.rules, session_end=time(0)))


def no_daily_loss(scenario: Scenario) -> Sequence[Standing]:
    return with_rules(scenario, replace(scenario.rules, daily_loss=None))


def the_share_the_other_way(scenario: Scenario) -> Sequence[Standing]:
    share = scenario.rules.consistency
    if share is None:
        return by_engine(scenario)
    other = Compare.BELOW if share.compare is Compare.AT_MOST else Compare.AT_MOST
    return with_rules(scenario, replace(scenario.rules, consistency=replace(share, compare=other)))


def scaling_at_once(scenario: Scenario) -> Sequence[Standing]:
    return [
        replace(each, max_contracts=scenario.rules.contracts_at(each.balance))
        for each in by_engine(scenario)
    ]


def no_scaling(scenario: Scenario) -> Sequence[Standing]:
    return with_rules(scenario, replace(scenario.rules, scaling=()))


def a_failure_is_forgotten(scenario: Scenario) -> Sequence[Standing]:
    rules, figures = scenario.rules, []
    state = opened(rules)
    for event in scenario.events:
        state = step(replace(state, status=opened(rules).status), rules, event).state
        figures.append(standing(state, rules))
    return figures


def the_news_come_before_the_end_of_the_day(scenario: Scenario) -> Sequence[Standing]:
    rules, figures = scenario.rules, []
    state = opened(rules)
    for event in scenario.events:
        state = _the_wrong_way_round(state, rules, event)
        figures.append(standing(state, rules))
    return figures


def _the_wrong_way_round(state: AccountState, rules: RuleSet, event: Event) -> AccountState:
    if not isinstance(event, Update) or state.at is None:
        return step(state, rules, event).state
    early = step(state, rules, replace(event, at=state.at)).state
    return reset(early, rules, rules.day(event.at))


MISTAKES: dict[str, tuple[Keeper, int]] = {
    "percent of the peak": (percent_of_the_peak, 20),
    "open profit is ignored": (open_profit_is_ignored, 7),
    "never locking": (never_locking, 10),
    "always live": (always_live, 17),
    "always at the end of the day": (always_at_the_end_of_the_day, 5),
    "never trailing": (never_trailing, 20),
    "crossed, not touched": (crossed_not_touched, 11),
    "days end an hour later": (days_end_an_hour_later, 4),
    "days end at midnight": (days_end_at_midnight, 4),
    "no daily loss": (no_daily_loss, 6),
    "the share the other way": (the_share_the_other_way, 2),
    "scaling at once": (scaling_at_once, 2),
    "no scaling": (no_scaling, 3),
    "a failure is forgotten": (a_failure_is_forgotten, 4),
    "the news before the end of the day": (the_news_come_before_the_end_of_the_day, 20),
}


def caught(keeper: Keeper) -> list[str]:
    return [each.id for each in scenarios() if next(differences(each, keeper), None) is not None]


@pytest.mark.parametrize("mistake", MISTAKES)
def test_the_rules_oracle_catches(mistake: str) -> None:
    keeper, at_least = MISTAKES[mistake]
    assert len(caught(keeper)) >= at_least


def test_the_rules_oracle_has_twenty_five_scenarios_or_more_and_the_engine_passes_all() -> None:
    assert len(scenarios()) >= 25
    assert caught(by_engine) == []
