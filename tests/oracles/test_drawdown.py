"""Every series of the drawdown oracle through the domain: on raw samples, and on summaries."""

from __future__ import annotations

import pytest

from tests.oracles.drawdown_cases import (
    Reckoner,
    Series,
    all_series,
    by_day,
    by_hour,
    by_minute,
    by_sample,
    differences,
)


@pytest.mark.parametrize("series", all_series(), ids=lambda series: series.id)
def test_drawdown_of_raw_samples_equals_the_oracle(series: Series) -> None:
    assert list(differences(series, by_sample)) == []
    assert len(by_sample(series).marks) == series.expected["samples_used"]


@pytest.mark.parametrize("reckoner", [by_minute, by_hour, by_day], ids=lambda way: way.__name__)
@pytest.mark.parametrize("series", all_series(), ids=lambda series: series.id)
def test_drawdown_of_summaries_equals_the_oracle(series: Series, reckoner: Reckoner) -> None:
    assert list(differences(series, reckoner)) == []
