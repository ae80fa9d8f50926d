"""A process that takes an add-on's messages is killed at every statement, and takes them again."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
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
from tests.support.killing import killed, killed_everywhere
from tests.support.records import NOON, USER

pytestmark = pytest.mark.hardship


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
    deaths = killed_everywhere(killed_addon.__file__, prepared, tmp_path, line, kept)
    assert deaths >= least


def test_what_the_killed_messages_tell_is_a_peak_that_came_late_and_a_breach(
    prepared: str,
) -> None:
    assert not killed(killed_addon.__file__, prepared)
    found = kept(prepared)
    assert found.account is not None
    assert found.account.state is not None
    assert found.account.state.status is Status.FAILED
    assert len(found.executions) == 2
    assert (found.checkpoint, list(found.entries)) == (None, [])
