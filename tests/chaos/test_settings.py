"""The settings of a chaos account: those of paper, and faults that are refused by name."""

from __future__ import annotations

import pytest

from app.brokers.chaos import ChaosSettings
from app.brokers.chaos.faults import EVERY, Fault
from app.domain.errors import InvalidInput


def test_a_chaos_account_takes_the_settings_of_a_paper_account_and_faults() -> None:
    data = {
        "commission_per_unit": "2.25",
        "seed": 7,
        "faults": {"drop_after": "0.05", "doubled": 1, "html": 0},
        "requests_per_minute": "200",
    }
    read = ChaosSettings.read(data)
    assert read.paper == {"commission_per_unit": "2.25", "seed": 7}
    assert read.faults == {Fault.DROP_AFTER: 0.05, Fault.DOUBLED: 1.0, Fault.HTML: 0.0}
    assert (read.seed, read.per_minute) == (7, 200)


def test_without_settings_nothing_fails() -> None:
    read = ChaosSettings.read({})
    assert (read.faults, read.per_minute, read.seed) == ({}, None, 0)


@pytest.mark.parametrize(
    ("data", "fields"),
    [
        ({"faults": {"broken": 0.5}}, {"faults.broken"}),
        ({"faults": {"html": 1.01}}, {"faults.html"}),
        ({"faults": {"html": -0.1, "empty": "often"}}, {"faults.html", "faults.empty"}),
        ({"faults": {"html": True}}, {"faults.html"}),
        ({"faults": ["html"]}, {"faults"}),
        ({"requests_per_minute": 0}, {"requests_per_minute"}),
        ({"requests_per_minute": 1.5}, {"requests_per_minute"}),
        ({"latency_ms": "soon", "faults": {"x": 0}}, {"latency_ms", "faults.x"}),
        ({"fault": {}}, {"fault"}),
    ],
)
def test_what_cannot_be_used_is_refused_by_name(data: dict[str, object], fields: set[str]) -> None:
    with pytest.raises(InvalidInput) as refused:
        ChaosSettings.read(data)
    assert set(refused.value.fields) == fields


def test_every_fault_is_explained_once() -> None:
    assert set(EVERY) == set(Fault)
    assert len(set(EVERY.values())) == len(EVERY)
