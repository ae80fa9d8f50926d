"""Every case of the P&L oracle, at every step, through the domain code that the server runs."""

from __future__ import annotations

import pytest

from tests.oracles.pnl_cases import Case, DomainLedger, cases, differences


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.id)
def test_pnl_of_the_domain_equals_the_oracle(case: Case) -> None:
    assert list(differences(case, DomainLedger(case.multiplier))) == []
