"""Every scenario of the rules oracle through the engine, event by event."""

from __future__ import annotations

import pytest

from tests.oracles.rules_cases import Scenario, by_engine, differences, scenarios


@pytest.mark.parametrize("scenario", scenarios(), ids=lambda scenario: scenario.id)
def test_rules_of_the_engine_equal_the_oracle(scenario: Scenario) -> None:
    assert list(differences(scenario, by_engine)) == []
