"""A process that takes an add-on's messages is killed at every statement, and takes them again."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pytest

from app.domain.addon.records import Followed, KeptExecution
from app.domain.events import Fact
from app.propfirm import FundedAccount, FundedDay, FundedMinute, Status, Violation
from app.services.ports import Checkpoint, Entry
from app.store.engine import make_engines
from app.store.unit_of_work import SqlStore
from tests.faults import killed_addon
from tests.faults.killed_addon import JUMP, LATE, NEXT
from tests.support.records import NOON, USER
from tests.support.tree import ROOT

pytestmark = pytest.mark.hardship

#: Where a line is cut short that is never reached.
NOWHERE = -1


def killed(url: str, first: int = 0, at: int = NOWHERE, before: int = 0) -> bool:
    """Take the lines from ``first`` on in a process of its own; whether it was killed."""
    words = [url, str(first), str(at), str(before)]
    done = subprocess.run(
        [sys.executable, killed_addon.__file__, *words],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode in {0, -signal.SIGKILL}, done.stderr
    return done.returncode != 0


@dataclass(frozen=True)
class Kept:
    """Everything that is kept of the account and of its messages, and what was told."""

    account: FundedAccount | None
    days: Sequence[FundedDay]
    minutes: Sequence[FundedMinute]
    violations: Sequence[Violation]
    followed: Followed
    executions: Sequence[KeptExecution]
    checkpoint: Checkpoint | None
    entries: Sequence[Entry]
    facts: Sequence[Fact]


def kept(url: str) -> Kept:
    with closing(SqlStore(make_engines(url), lambda _: None)) as store, store.read() as uow:
        (followed,) = uow.addons.list(USER.id)
        own = followed.account_id
        return Kept(
            uow.funded.get(own),
            uow.funded.days(own),
            uow.funded.minutes(own, 0, 2**30),
            uow.funded.violations(own),
            followed,
            uow.addons.executions(own, NOON, 100),
            uow.addons.checkpoint(own),
            uow.addons.entries(own),
            uow.facts.after(0, 1000),
        )


@pytest.fixture
def prepared(sqlite_store_url: str) -> str:
    """A database with a user, a key and rules."""
    with closing(SqlStore(make_engines(sqlite_store_url), lambda _: None)) as store:
        killed_addon.prepare(store)
    return sqlite_store_url


@pytest.mark.parametrize(
    ("line", "least"),
    [
        pytest.param(NEXT, 8, id="next"),
        pytest.param(JUMP, 8, id="over a gap"),
        pytest.param(LATE, 8, id="late"),
    ],
)
def test_a_message_whose_taking_was_killed_is_taken_when_it_is_sent_again(
    prepared: str, tmp_path: Path, line: int, least: int
) -> None:
    cut = f"sqlite:///{shutil.copy(prepared.removeprefix('sqlite:///'), tmp_path / 'cut.db')}"
    assert not killed(prepared)
    # A line that is cut short before its first statement: what came before it is all there is.
    assert killed(cut, 0, line, 0)
    before = kept(cut)
    deaths = 1
    for statement in count(1):
        if not killed(cut, line, line, statement):
            break
        deaths += 1
        assert kept(cut) == before, statement
    assert deaths >= least
    assert kept(cut) == kept(prepared)


def test_what_the_killed_messages_tell_is_a_peak_that_came_late_and_a_breach(
    prepared: str,
) -> None:
    assert not killed(prepared)
    found = kept(prepared)
    assert found.account is not None
    assert found.account.state is not None
    assert found.account.state.status is Status.FAILED
    assert len(found.executions) == 2
    assert (found.checkpoint, list(found.entries)) == (None, [])
