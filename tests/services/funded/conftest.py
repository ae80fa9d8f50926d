"""A funded account on an empty SQLite database."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.funded import FundedHouse, funded_house


@pytest.fixture
def funded(sqlite_store_url: str) -> Iterator[FundedHouse]:
    """The house of one account that is under no rules yet."""
    with funded_house(sqlite_store_url) as house:
        yield house
