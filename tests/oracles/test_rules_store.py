"""Every scenario of the rules oracle through the tracker and the store, event by event.

The account is read back from the database after each event, and so is what is kept beside it.
"""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from app.propfirm import Standing, standing
from tests.oracles.rules_cases import Scenario, by_engine, differences, scenarios
from tests.support.funded import FundedHouse, funded_house

#: PostgreSQL does the same sums; a few scenarios are enough there.
_ON_BOTH = scenarios()[::6]


def through(house: FundedHouse, scenario: Scenario) -> Sequence[Standing]:
    """How the account stands after each event, each in a transaction of its own."""
    house.accept(scenario.rules)
    figures = []
    for event in scenario.events:
        house.play(event)
        figures.append(standing_of(house, scenario))
    return figures


def standing_of(house: FundedHouse, scenario: Scenario) -> Standing:
    kept = house.kept()
    assert kept.state is not None
    return standing(kept.state, scenario.rules)


def agrees(house: FundedHouse, scenario: Scenario) -> None:
    """What is kept beside the state is what the state says."""
    last = by_engine(scenario)[-1]
    state = house.kept().state
    assert state is not None
    assert [(each.day, each.pnl) for each in house.days()] == [
        (each.day, each.pnl) for each in state.days
    ]
    assert [each.breach for each in house.violations()] == list(last.breaches)
    told = [fact for fact in house.facts() if fact.kind.value == "RuleBreached"]
    assert len(told) == len(last.breaches)
    for day in house.days():
        assert (day.end_balance or 0) - (day.start_balance or 0) == day.pnl
        assert (day.low or 0) <= (day.high or 0)


@pytest.mark.parametrize("scenario", scenarios(), ids=lambda scenario: scenario.id)
def test_rules_through_the_store_equal_the_oracle(
    sqlite_store_url: str, scenario: Scenario
) -> None:
    with funded_house(sqlite_store_url) as house:
        assert list(differences(scenario, lambda of: through(house, of))) == []
        agrees(house, scenario)


@pytest.mark.parametrize("scenario", _ON_BOTH, ids=lambda scenario: scenario.id)
def test_rules_through_the_store_on_postgresql_equal_the_oracle(
    postgres_store_url: str, scenario: Scenario
) -> None:
    with funded_house(postgres_store_url) as house:
        assert list(differences(scenario, lambda of: through(house, of))) == []
        agrees(house, scenario)
