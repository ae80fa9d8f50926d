from __future__ import annotations

import pytest

from bench.figures import Figure, at_least, at_most, percentile, table


@pytest.mark.parametrize(("value", "verdict"), [(0.24, "missed"), (0.25, "met"), (0.26, "met")])
def test_a_figure_that_must_be_at_least_its_target_meets_it_from_there_on(
    value: float, verdict: str
) -> None:
    assert Figure("webhook", "ratio", value, "of floor", at_least(0.25)).verdict == verdict


@pytest.mark.parametrize(("value", "verdict"), [(49, "met"), (50, "met"), (51, "missed")])
def test_a_figure_that_must_be_at_most_its_target_meets_it_up_to_there(
    value: float, verdict: str
) -> None:
    assert Figure("steady", "p99", value, "ms", at_most(50)).verdict == verdict


def test_a_figure_without_a_target_has_no_verdict() -> None:
    assert Figure("steady", "median", 5, "ms").verdict == ""


def test_a_percentile_is_a_value_that_was_measured() -> None:
    hundred = [float(number) for number in range(100, 0, -1)]
    assert [percentile(hundred, percent) for percent in (0, 50, 99, 100)] == [1, 51, 100, 100]
    assert percentile([7.0], 99) == 7.0


def test_the_table_shows_value_target_and_verdict_with_the_note_below() -> None:
    lines = table(
        [
            Figure("drain", "alerts", 1234.4, "alerts/s", at_least(100), "of 2,000"),
            Figure("burst", "all executed", 3.456, "s", at_most(3)),
        ]
    ).splitlines()
    assert lines[1].split() == ["drain", "alerts", "1,234", "alerts/s", "≥", "100", "met"]
    assert lines[2].strip() == "of 2,000"
    assert lines[3].split() == ["burst", "all", "executed", "3.46", "s", "≤", "3", "missed"]


def test_the_document_of_a_figure_is_complete() -> None:
    figure = Figure("steady", "p99", 51, "ms", at_most(50), "note")
    assert figure.document() == {
        "part": "steady",
        "name": "p99",
        "value": 51,
        "unit": "ms",
        "target": {"bound": "at most", "value": 50},
        "note": "note",
        "verdict": "missed",
    }
