"""What holds through the store, whatever happens: on any rules, over weekends and clock changes."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.propfirm import (
    AccountState,
    Clock,
    Event,
    Held,
    Payout,
    RuleSet,
    Update,
    after_all,
    library,
    opened,
    standing,
)
from app.services.funded.resets import Resets
from tests.propfirm.making import HARD, SOFT
from tests.support.funded import FundedHouse, funded_house

D = Decimal
#: The Friday before the clocks of Chicago go forward.
FRIDAY = datetime(2026, 3, 6, 15, tzinfo=UTC)
HOUR = 3600
#: Each example opens a database, of which a few dozen are enough to find what engines may do.
FEW = settings(
    max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)

rules_of = st.sampled_from([*library().values(), HARD, SOFT]).map(
    lambda rules: replace(rules, flat_time=None)
)
amounts = st.integers(-150, 250).map(lambda tens: D(tens) * 10)
steps = st.tuples(
    st.sampled_from(["update"] * 6 + ["clock", "held", "payout"]),
    amounts,
    amounts,
    st.sampled_from([1, 60, HOUR, 9 * HOUR, 26 * HOUR, 70 * HOUR]),
)
scripts = st.lists(steps, min_size=1, max_size=12)

Script = Sequence[tuple[str, Decimal, Decimal, int]]


def events_of(script: Script, rules: RuleSet) -> list[Event]:
    """The events of a script, each later than the one before."""
    instants = accumulate(seconds for *_, seconds in script)
    made: list[Event] = []
    for (kind, gained, unrealized, _), seconds in zip(script, instants, strict=True):
        when = FRIDAY + timedelta(seconds=seconds)
        kinds: dict[str, Event] = {
            "update": Update(when, rules.start_balance + gained, unrealized),
            "clock": Clock(when),
            "held": Held(when, abs(gained) // 400),
            "payout": Payout(when, abs(gained) / 8 + 1),
        }
        made.append(kinds[kind])
    return made


@contextmanager
def house(template: Path, folder: Path, rules: RuleSet) -> Iterator[FundedHouse]:
    """A house with an account under the rules, in a database of its own."""
    path = folder / "property.db"
    for old in folder.glob("property.db*"):
        old.unlink()
    shutil.copy(template, path)
    with funded_house(f"sqlite:///{path}") as made:
        made.accept(rules)
        yield made


def without_at(state: AccountState) -> AccountState:
    return replace(state, at=None)


@pytest.fixture
def place(sqlite_template: Path, tmp_path: Path) -> tuple[Path, Path]:
    """Where the empty database is, and where to copy it."""
    return sqlite_template, tmp_path


@FEW
@given(rules=rules_of, script=scripts)
def test_the_mark_and_the_floor_never_fall_through_the_store(
    place: tuple[Path, Path], rules: RuleSet, script: Script
) -> None:
    with house(*place, rules) as funded:
        states = [funded.state]
        for event in events_of(script, rules):
            funded.play(event)
            states.append(funded.state)
        for before, after in pairwise(states):
            assert after.high_water >= before.high_water
            assert after.floor >= before.floor
        last = funded.state
        assert [(day.day, day.pnl) for day in funded.days()] == [
            (day.day, day.pnl) for day in last.days
        ]
        assert [each.breach for each in funded.violations()] == list(last.breaches)


@FEW
@given(rules=rules_of, script=scripts)
def test_a_state_read_back_after_each_event_equals_one_that_never_left_memory(
    place: tuple[Path, Path], rules: RuleSet, script: Script
) -> None:
    events = events_of(script, rules)
    with house(*place, rules) as funded:
        for event in events:
            funded.play(event)
        kept = funded.state
    assert kept == after_all(opened(rules), rules, events)
    assert standing(kept, rules) == standing(after_all(opened(rules), rules, events), rules)


def hours(events: Sequence[Event]) -> Iterator[datetime]:
    """Some minutes past every third hour from the first event to the last."""
    for hour in range(0, int((events[-1].at - FRIDAY).total_seconds()) // HOUR + 1, 3):
        yield FRIDAY + timedelta(hours=hour, minutes=5)


@FEW
@given(rules=rules_of, script=scripts, times=st.integers(1, 3))
def test_days_ended_on_time_and_more_than_once_come_to_the_same_as_days_that_were_missed(
    place: tuple[Path, Path], rules: RuleSet, script: Script, times: int
) -> None:
    events = events_of(script, rules)
    with house(*place, rules) as funded:
        for event in events:
            funded.play(event)
        missed = beside(funded)
    with house(*place, rules) as funded:
        resets = Resets(funded.store, funded.tracker)
        waiting = list(events)
        for hour in hours(events):
            while waiting and waiting[0].at <= hour:
                funded.play(waiting.pop(0))
            for _ in range(times):
                while resets.step(hour):
                    pass
        for event in waiting:
            funded.play(event)
        assert beside(funded) == missed


def beside(funded: FundedHouse) -> tuple[Any, ...]:
    """Everything that is kept of the account but when it was heard of."""
    broke = [replace(each, id="") for each in funded.violations()]
    return without_at(funded.state), list(funded.days()), broke
