"""The report of the kills claims no more than what happened."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

from tests.crash.tally import AT_RANDOM, Tally

BEGAN = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


def title(failed: int = 0, **more: object) -> str:
    """The first line of the report of 3 kills that were meant."""
    run = Tally(BEGAN, Counter({"C01": 1, AT_RANDOM: 2}))
    for name, value in more.items():
        setattr(run, name, value)
    return run.report(1, 3, BEGAN + timedelta(minutes=2), failed).splitlines()[0]


def test_a_run_passes_only_when_every_kill_was_made_and_nothing_is_broken() -> None:
    assert title() == "# 3 kills: passed, nothing lost and nothing doubled"
    assert "FAILED" in title(failed=1)
    assert "FAILED" in title(lost=1)
    assert "FAILED" in title(doubled=1)
    assert "FAILED" in title(faults=Counter({"I4": 1}))
    assert "not complete" in title(places=Counter({"C01": 1}))


def test_the_report_says_how_to_repeat_it_and_how_often_each_point_was_met() -> None:
    text = Tally(BEGAN, Counter({"C01": 1, AT_RANDOM: 2})).report(7, 3, BEGAN, 0)
    assert "`make crash KILLS=3 SEED=7`" in text
    assert "| C01 | half of the alert's body has come | 1 |" in text
    assert "| C02 |" not in text
